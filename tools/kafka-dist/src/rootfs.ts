import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists } from './cache.ts';
import { findOnPath, type JavaRuntime } from './java.ts';
import { runProcess } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** What the start script and those who look into a container need, besides Java. */
const programs = [
  ...[
    'bash',
    'sh',
    'awk',
    'basename',
    'cat',
    'chmod',
    'chown',
    'cp',
    'cut',
    'date',
    'dirname',
    'du',
    'env',
    'find',
  ],
  ...[
    'grep',
    'head',
    'hostname',
    'id',
    'kill',
    'ln',
    'ls',
    'mkdir',
    'mktemp',
    'mv',
    'ps',
    'readlink',
    'rm',
    'rmdir',
  ],
  ...[
    'sed',
    'sleep',
    'sort',
    'stat',
    'tail',
    'tar',
    'tee',
    'test',
    'touch',
    'tr',
    'uname',
    'wc',
    'xargs',
  ],
];
const indispensable = new Set(['bash', 'sh', 'cat', 'chmod', 'cp', 'mkdir', 'sleep']);

/** Parts of a Java runtime for screens and sound, debuggers and compilers; a broker has no use for them. */
const unusedJavaFile =
  /^(src\.zip|ct\.sym|.*\.diz|lib(awt|font|freetype|sound|jsound|splash|javajpeg|lcms|mlib|jawt|saproc|harfbuzz)[\w]*\.so)$/;

/**
 * Libraries that `ldd` does not tell: name services are loaded by name, and the codecs inside Kafka's jars (zstd, snappy)
 * still name the parts that newer C libraries have merged into one.
 */
const alsoNeeded = [
  ...['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2', 'libgcc_s.so.1', 'libstdc++.so.6'],
  ...['libpthread.so.0', 'libdl.so.2', 'librt.so.1', 'libm.so.6', 'libutil.so.1'],
];

/**
 * Makes a minimal root file system from this machine's own Java runtime, shell and shared libraries: seconds, and
 * nothing to download, where a distribution's bootstrap takes more than a minute.
 * @throws KOPS_SANDBOX_UNAVAILABLE where that cannot be done (not a Linux with `ldd`, no bash).
 */
export async function makeRootfs(root: string, java: JavaRuntime): Promise<void> {
  await makeSkeleton(root);
  const binaries = [...(await copyPrograms(root)), ...(await copyJava(root, java))];
  await copyLibraries(root, binaries);
}

async function makeSkeleton(root: string): Promise<void> {
  for (const folder of [
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'etc',
    'opt',
    'root',
    'run',
    'proc',
    'sys',
    'dev',
    'var/tmp',
  ]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  for (const folder of ['bin', 'lib', 'lib64']) await symlink(`usr/${folder}`, join(root, folder));
  await symlink('usr/bin', join(root, 'sbin'));
  await mkdir(join(root, 'tmp'));
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(join(root, 'var/tmp'), 0o1777);
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  await writeFile(
    join(root, 'etc/nsswitch.conf'),
    'passwd: files\ngroup: files\nhosts: files dns\n',
  );
}

async function copyPrograms(root: string): Promise<string[]> {
  const copied: string[] = [];
  for (const name of programs) {
    const path = await findOnPath(name);
    if (path !== undefined) {
      await copyFile(await realpath(path), join(root, 'usr/bin', name));
      copied.push(path);
    } else if (indispensable.has(name)) {
      throw sandboxUnavailable(
        `${name}, which an image needs, is not on the PATH`,
        `Install ${name}.`,
      );
    }
  }
  return copied;
}

/** Copies the runtime to /opt/java and returns what of it needs shared libraries. */
async function copyJava(root: string, java: JavaRuntime): Promise<string[]> {
  const target = join(root, 'opt/java');
  const keep = (source: string): boolean => !unusedJavaFile.test(basename(source));
  // Distributions link configuration and certificates to /etc: what the links name is wanted, not the links.
  const options = { recursive: true, dereference: true };
  for (const folder of ['lib', 'conf', 'legal']) {
    const source = join(java.home, folder);
    if (!(await exists(source))) continue;
    await cp(source, join(target, folder), {
      ...options,
      filter: async (path) => keep(path) && (await exists(path)),
    });
  }
  await mkdir(join(target, 'bin'), { recursive: true });
  for (const name of ['java', 'keytool']) {
    await copyFile(await realpath(join(java.home, 'bin', name)), join(target, 'bin', name));
    await symlink(`/opt/java/bin/${name}`, join(root, 'usr/bin', name));
  }
  const libraries = (await readdir(join(java.home, 'lib'))).filter(
    (name) => name.endsWith('.so') && keep(name),
  );
  return [
    join(java.home, 'bin/java'),
    join(java.home, 'lib/server/libjvm.so'),
    ...libraries.map((name) => join(java.home, 'lib', name)),
  ];
}

/** Paths of shared libraries in the output of `ldd`. */
export function parseLdd(output: string): string[] {
  const paths = output.split('\n').map((line) => /(?:=>\s+|^\s+)(\/\S+)\s+\(0x/.exec(line)?.[1]);
  return [...new Set(paths.filter((path) => path !== undefined))];
}

async function copyLibraries(root: string, binaries: readonly string[]): Promise<void> {
  const ldd = await findOnPath('ldd');
  if (ldd === undefined)
    throw sandboxUnavailable('ldd is not installed', 'Build the image on a Linux with glibc.');
  const { stdout } = await runProcess(ldd, binaries, { timeoutMs: 60_000 });
  // Java's own libraries came with it and are found beside each other.
  const libraries = parseLdd(stdout).filter(
    (path) => !path.startsWith(dirname(dirname(binaries.at(-1) ?? ''))),
  );
  const libc = libraries.find((path) => path.includes('/libc.so.'));
  if (libc === undefined)
    throw sandboxUnavailable('no C library found', 'Build the image on a Linux with glibc.');
  const named = alsoNeeded.map((name) => join(dirname(libc), name));
  for (const path of new Set([...libraries, ...named])) {
    if (!(await exists(path))) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(await realpath(path), join(root, path));
  }
}
