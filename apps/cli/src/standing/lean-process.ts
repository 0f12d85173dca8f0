import { memoryFlags, threads } from '../embedded/process-flags.ts';

const leashMs = 1_000;

/**
 * Starts this process anew with the memory flags and threads that embedded agents and archivers have: V8 takes such flags at its start only. The
 * process is replaced, so its id, streams and who waits for its exit code stay the same. To be called before anything is opened.
 */
export function becomeLean(): void {
  if (memoryFlags.every((flag) => process.execArgv.includes(flag))) {
    endWithLauncher();
    return;
  }
  // Not on Windows: there it runs as it is.
  process.execve?.(
    process.execPath,
    [process.execPath, ...process.execArgv, ...memoryFlags, ...process.argv.slice(1)],
    {
      ...process.env,
      UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? threads,
      // The channel to a launcher does not survive; its process id does.
      ...(process.channel === undefined ? {} : { KOPS_LEASH_PID: String(process.ppid) }),
    },
  );
}

/** A launcher that is gone, even by SIGKILL, leaves this process to another parent. */
function endWithLauncher(): void {
  const launcher = process.env['KOPS_LEASH_PID'];
  if (launcher === undefined) return;
  delete process.env['KOPS_LEASH_PID'];
  const watch = setInterval(() => {
    if (String(process.ppid) === launcher) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, leashMs);
  watch.unref();
}
