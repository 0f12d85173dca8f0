import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  compileJava,
  ensureKafkaJars,
  runJava,
  runKafkaTool,
  startKafka,
  type KafkaJars,
} from '../src/index.ts';

let jars: KafkaJars;
let folder: string;
let cacheDir: string | undefined;

beforeAll(async () => {
  jars = await ensureKafkaJars();
  folder = await mkdtemp(join(tmpdir(), 'kops-java-programs-'));
  cacheDir = process.env['KOPS_CACHE_DIR'];
  process.env['KOPS_CACHE_DIR'] = join(folder, 'cache');
});
afterAll(async () => {
  if (cacheDir === undefined) delete process.env['KOPS_CACHE_DIR'];
  else process.env['KOPS_CACHE_DIR'] = cacheDir;
  await rm(folder, { recursive: true, force: true });
});

const program = async (name: string, body: string): Promise<string> => {
  const file = join(folder, `${name}.java`);
  await writeFile(
    file,
    `public class ${name} { public static void main(String[] args) throws Exception { ${body} } }`,
  );
  return file;
};

it('a Java source runs against the jars, and is compiled once for its content', async () => {
  const version =
    'System.out.print(org.apache.kafka.common.utils.AppInfoParser.getVersion() + args[0]);';
  const file = await program('Version', `${version} System.exit(5);`);
  expect(await runJava(jars, file, ['!'])).toMatchObject({
    exitCode: 5,
    stdout: `${jars.version}!`,
    stderr: '',
  });
  const classes = await compileJava(jars, file);
  expect(await compileJava(jars, file)).toBe(classes);
  await program('Version', 'System.out.print("changed");');
  expect(await compileJava(jars, file)).not.toBe(classes);
  expect((await runJava(jars, file)).stdout).toBe('changed');
});

it('a Java source that does not compile says why', async () => {
  const file = await program('Wrong', 'int x = "text";');
  await expect(runJava(jars, file)).rejects.toMatchObject({
    code: 'KOPS_CONFIG',
    message: expect.stringContaining('incompatible types') as string,
  });
});

it('a console tool that fails is a result', async () => {
  const result = await runKafkaTool(jars, 'kafka.tools.DumpLogSegments', [
    '--files',
    join(folder, 'absent.log'),
  ]);
  expect(result.exitCode).not.toBe(0);
});

it('a broker configuration that Kafka refuses is reported in its words, and nothing is left running', async () => {
  await expect(startKafka({ config: { 'num.io.threads': 'many' } })).rejects.toMatchObject({
    code: 'KOPS_SANDBOX_UNAVAILABLE',
    message: expect.stringContaining('num.io.threads') as string,
  });
});

it('a version that does not exist is reported as such', async () => {
  await expect(ensureKafkaJars({ version: 'latest' })).rejects.toMatchObject({
    code: 'KOPS_SANDBOX_UNAVAILABLE',
  });
});
