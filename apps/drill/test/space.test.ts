import { tmpdir } from 'node:os';
import type { Archive } from '@kops/repository';
import { expect, it } from 'vitest';
import { runDrill } from '../src/index.ts';

const gibibyte = 1024 ** 3;

it('is refused before a Kafka is started where TMPDIR lacks the space for what is restored', async () => {
  const topic = (name: string, plaintextBytes: number) => ({
    name,
    partitions: [{ plaintextBytes, logStart: 0n, cut: 9n, records: 9 }],
  });
  const topics = [topic('large', 5 * gibibyte), topic('small', 1000)];
  const archive = { manifest: { topics } } as unknown as Archive;
  const asked: string[] = [];
  const freeBytes = async (directory: string): Promise<bigint> => {
    asked.push(directory);
    return BigInt(gibibyte);
  };
  const drill = runDrill({ archive, sandbox: 'jvm', reportDir: '/unused', freeBytes });
  await expect(drill).rejects.toMatchObject({
    code: 'KOPS_NO_SPACE',
    exitCode: 32,
    message: `the drill needs about 5.1 GiB in ${tmpdir()}, which has 1.0 GiB free`,
    hint: expect.stringContaining('TMPDIR') as string,
  });
  expect(new Set(asked)).toEqual(new Set([tmpdir()]));
});
