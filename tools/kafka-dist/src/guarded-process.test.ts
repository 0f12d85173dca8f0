import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { isAlive } from './cache.ts';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';
import { runProcess } from './run-process.ts';
import { parseLdd } from './rootfs.ts';
import { parseMetadataResponse } from './metadata-probe.ts';

describe('spawnGuarded', () => {
  it('gives the command itself its signals, streams and exit code', async () => {
    const child = await spawnGuarded(
      'sh',
      ['-c', 'echo $$; read -r line; echo "$line" >&2; exit 7'],
      { stdin: 'pipe' },
    );
    child.stdin?.end('through\n');
    let [out, err] = ['', ''];
    for await (const piece of child.stdout ?? []) out += String(piece);
    for await (const piece of child.stderr ?? []) err += String(piece);
    expect(await child.exited).toBe(7);
    expect(out).toBe(`${String(child.pid)}\n`);
    expect(err).toBe('through\n');
    expect(child.hasExited).toBe(true);
    child.signal('SIGKILL');
  });

  it('can be frozen and killed', async () => {
    const child = await spawnGuarded('sleep', ['60']);
    child.signal('SIGSTOP');
    expect(isAlive(child.pid)).toBe(true);
    child.signal('SIGKILL');
    expect(await child.exited).toBe(137);
    expect(isAlive(child.pid)).toBe(false);
  });

  it('signals all that the command started, where it leads a group', async () => {
    const script = 'sleep 60 & echo $!; wait';
    const startedBy = async (child: GuardedProcess): Promise<number> => {
      for await (const line of child.stdout ?? []) return Number(String(line));
      throw new Error('nothing was started');
    };
    const alone = await spawnGuarded('sh', ['-c', script]);
    const survivor = await startedBy(alone);
    alone.signal('SIGKILL');
    expect(await alone.exited).toBe(137);
    expect(isAlive(survivor)).toBe(true);
    process.kill(survivor, 'SIGKILL');

    const leader = await spawnGuarded('sh', ['-c', script], { ownGroup: true });
    const follower = await startedBy(leader);
    leader.signal('SIGKILL');
    expect(await leader.exited).toBe(137);
    await vi.waitFor(() => expect(isRunning(follower)).toBe(false));
  });
});

/** Not merely a name left for somebody to collect. */
function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return isAlive(pid);
  }
}

describe('runProcess', () => {
  it('collects output and takes a failure as a result', async () => {
    const result = await runProcess('sh', ['-c', 'cat; echo no >&2; exit 3'], { stdin: 'yes' });
    expect(result).toEqual({ exitCode: 3, stdout: 'yes', stderr: 'no\n' });
    expect((await runProcess('/nonexistent/program', [])).exitCode).toBe(127);
  });

  it('has the output of programs that end at once', async () => {
    for (let run = 0; run < 50; run++) {
      expect(await runProcess('echo', [String(run)])).toMatchObject({
        exitCode: 0,
        stdout: `${String(run)}\n`,
      });
    }
  });

  it('does not wait for what the command leaves behind', async () => {
    await expect(runProcess('sh', ['-c', 'sleep 60 & wait'], { timeoutMs: 100 })).rejects.toThrow(
      /within 100 ms/,
    );
  });

  it('kills what takes too long, writes too much or is no longer wanted', async () => {
    await expect(runProcess('sleep', ['60'], { timeoutMs: 50 })).rejects.toThrow(/within 50 ms/);
    await expect(runProcess('yes', [], { maxOutputBytes: 1000 })).rejects.toThrow(
      /more than 1000 bytes/,
    );
    const signal = AbortSignal.timeout(50);
    await expect(runProcess('sleep', ['60'], { signal })).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
    await expect(runProcess('true', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
  });
});

it('parseLdd finds libraries and the loader, once each', () => {
  const output =
    '\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f)\n\tlibz.so => not found\n\t/lib64/ld-linux.so.2 (0x00)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x00007e)\n';
  expect(parseLdd(output)).toEqual(['/lib/x/libc.so.6', '/lib64/ld-linux.so.2']);
});

it('parseMetadataResponse reads brokers with and without a rack', () => {
  const broker = (id: number, rack: string | null): Buffer => {
    const bytes = Buffer.alloc(4 + 2 + 4 + 4 + 2);
    bytes.writeInt32BE(id, 0);
    bytes.writeInt16BE(4, 4);
    bytes.write('host', 6);
    bytes.writeInt32BE(9092, 10);
    bytes.writeInt16BE(rack === null ? -1 : rack.length, 14);
    return Buffer.concat([bytes, Buffer.from(rack ?? '')]);
  };
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const frame = Buffer.concat([
    int32(1),
    int32(2),
    broker(3, 'rack-a'),
    broker(1, null),
    int32(3),
    int32(0),
  ]);
  expect(parseMetadataResponse(frame)).toEqual({ brokerIds: [1, 3], controllerId: 3 });
  expect(() => parseMetadataResponse(frame.subarray(0, 20))).toThrow(RangeError);
});
