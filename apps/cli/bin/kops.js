#!/usr/bin/env node
/*
 * Starts the command line under Node 24, whatever `node` is on the PATH: plain JavaScript, so that an older Node gets as
 * far as handing over. The pinned Node comes with the workspace (optionalDependencies of the root package.json).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const main = new URL('../dist/main.js', import.meta.url);

function fail(what, next) {
  process.stderr.write(`Error: ${what}\nTry: ${next}\n`);
  process.exit(2);
}

function pinnedNode() {
  try {
    const require = createRequire(import.meta.url);
    const platform = process.platform === 'win32' ? 'win' : process.platform;
    const manifest = require.resolve(`node-${platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined; // No such package for this platform, or installed without optional dependencies.
  }
}

/** Becomes a mere relay: same streams, signals handed on, exit code handed back. */
function runUnder(node) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  // The IPC channel tells the child when this process is gone, even by SIGKILL; see `endWithParent`.
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, KOPS_LAUNCHER_PID: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // On Ctrl-C the terminal signals the child too; a second one would read as "stop at once".
    process.on(signal, () =>
      signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal),
    );
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`, 'npm run setup'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
    if (code === null && signal !== 'SIGINT')
      process.stderr.write(`Error: kops ended by ${signal}\n`);
  });
}

function endWithParent() {
  if (process.env.KOPS_LAUNCHER_PID !== String(process.ppid) || !process.channel) return;
  delete process.env.KOPS_LAUNCHER_PID;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

const major = Number(process.versions.node.split('.')[0]);
if (!existsSync(main)) {
  fail('kops is not built yet', 'npm run setup');
} else if (major >= NEEDED_MAJOR) {
  endWithParent();
  // Compiled code is kept between runs: half of a short command's time would be compiling.
  module.enableCompileCache();
  await import(main.href);
} else {
  const node = pinnedNode();
  if (node) runUnder(node);
  else
    fail(
      `kops needs Node ${NEEDED_MAJOR}, this is ${process.versions.node}`,
      'install Node 24 or newer, or npm ci',
    );
}
