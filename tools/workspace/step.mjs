import { spawn } from 'node:child_process';
import { root, stepEnvironment } from './node-runtime.mjs';

/**
 * Runs one command of the workspace with the pinned Node and this process's streams.
 * Resolves to its name, exit code (1 when a signal ended it or it could not start) and duration.
 */
export async function runStep(name, command, args) {
  console.log(`\n── ${name}: ${[command, ...args].join(' ')}`);
  const startedAt = performance.now();
  const code = await exitCode(command, args);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `── ${name}: ${code === 0 ? 'ok' : `failed (exit code ${code})`}, ${seconds.toFixed(1)} s`,
  );
  return { name, code, seconds };
}

function exitCode(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: stepEnvironment(),
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32', // npm and nx are .cmd files there.
    });
    const relay = (signal) => child.kill(signal);
    process.on('SIGTERM', relay);
    process.on('SIGINT', relay);
    const finish = (code) => {
      process.off('SIGTERM', relay);
      process.off('SIGINT', relay);
      resolve(code);
    };
    child.once('error', (error) => {
      console.error(`Error: cannot start ${command}: ${error.message}`);
      finish(1);
    });
    child.once('exit', (code, signal) => (signal ? process.exit(130) : finish(code)));
  });
}
