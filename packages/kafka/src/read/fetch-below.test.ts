import type { Clock, Offset } from '@kops/core';
import { describe, expect, it } from 'vitest';
import type { FetchRequest, FetchResult, TopicConfigEntry } from '../port.ts';
import { fetchBelow } from './fetch-below.ts';

const batch = Buffer.concat([Buffer.alloc(8), Buffer.from([0, 0, 0, 4]), Buffer.from('abcd')]);

interface Broker {
  /** Where the readable log ends, answer by answer; the last one stays. */
  readonly reached?: readonly Offset[];
  /** Local log start, question by question; the last one stays. */
  readonly localStart?: readonly Offset[];
  readonly configs?: Readonly<Record<string, string>>;
  /** Answers before there is data; without end by default. */
  readonly empty?: number;
  readonly bytes?: Uint8Array;
}

/** Reads at 10 below 20, on a clock that only sleeping moves. */
async function read(broker: Broker, options: Partial<FetchRequest> = {}) {
  let ms = 0;
  const clock: Clock = {
    now: () => ms,
    monotonic: () => ms,
    sleep: (pause) => Promise.resolve(void (ms += pause)),
  };
  const { reached = [20n], localStart = [0n], configs = {}, empty = Infinity } = broker;
  const asked = { fetches: 0, localStarts: 0, released: 0 };
  const at = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)]!;
  const kafka = {
    fetch: ({ readCommitted }: FetchRequest): Promise<FetchResult> => {
      const number = asked.fetches++;
      const end = at(reached, number);
      return Promise.resolve({
        status: 'ok',
        bytes: number < empty ? (broker.bytes ?? new Uint8Array()) : batch,
        highWatermark: readCommitted === true ? 99n : end,
        lastStableOffset: end,
        logStart: 0n,
        abortedTransactions: [],
        release: () => asked.released++,
      });
    },
    listOffsets: () => Promise.resolve([at(localStart, asked.localStarts++)]),
    topicConfigs: () => {
      const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
      return Promise.resolve(new Map([['t', entries as unknown as TopicConfigEntry[]]]));
    },
  };
  const request = {
    topic: 't',
    partition: 0,
    topicId: undefined,
    offset: 10n,
    currentLeaderEpoch: -1,
    maxBytes: 100,
    maxWaitMs: 0,
    ...options,
  };
  const outcome = await fetchBelow(kafka, request, { end: 20n, clock }).then(
    (result) => result.status,
    (error: unknown) => (error as { code: string }).code,
  );
  return { outcome, ...asked, ms };
}

describe('an answer without a batch', () => {
  it('is a hole when the broker reads its own log before and after the last fetch', async () => {
    expect(await read({ localStart: [10n] })).toMatchObject({
      outcome: 'nothing',
      fetches: 2,
      localStarts: 2,
      released: 2,
      ms: 0,
    });
  });

  it('is no hole below the local log start: it is asked for again until data comes', async () => {
    const found = await read({ localStart: [11n], empty: 9 });
    expect(found).toMatchObject({ outcome: 'ok', fetches: 10, released: 9 });
  });

  it('is no hole when the local log start passed the offset during the last fetch', async () => {
    expect(await read({ localStart: [10n, 11n], empty: 3 })).toMatchObject({ outcome: 'ok' });
  });

  it('fails with 30 when tiered storage gives nothing for two minutes', async () => {
    const found = await read({ localStart: [11n] });
    expect(found).toMatchObject({ outcome: 'KOPS_KAFKA_UNREACHABLE' });
    expect(found.ms).toBeGreaterThanOrEqual(120_000);
    expect(found.fetches).toBeLessThan(150);
  });

  it('says nothing while the high watermark lags behind what it was', async () => {
    expect(await read({ reached: [15n, 15n, 20n] })).toMatchObject({ outcome: 'nothing' });
    expect(await read({ reached: [15n] })).toMatchObject({ outcome: 'KOPS_KAFKA_UNREACHABLE' });
  });

  it('is measured by the last stable offset with read_committed', async () => {
    const found = await read({ reached: [15n] }, { readCommitted: true });
    expect(found).toMatchObject({ outcome: 'KOPS_KAFKA_UNREACHABLE' });
  });

  it.each([
    [{}, 'nothing'],
    [{ 'remote.storage.enable': 'false' }, 'nothing'],
    [{ 'remote.storage.enable': 'true' }, 'KOPS_KAFKA_UNREACHABLE'],
    [{ 'confluent.tier.enable': 'true' }, 'KOPS_KAFKA_UNREACHABLE'],
  ] as const)(
    'of a broker that tells no local log start is judged by the configs %o',
    async (configs, outcome) => {
      expect(await read({ localStart: [-1n], configs })).toMatchObject({ outcome });
    },
  );

  it('is as empty with a part of a batch', async () => {
    const found = await read({ bytes: batch.subarray(0, 14), empty: 1 });
    expect(found).toMatchObject({ outcome: 'ok', fetches: 2 });
  });

  it('at the end is the end', async () => {
    const found = await read({ localStart: [99n] }, { offset: 20n });
    expect(found).toMatchObject({ outcome: 'nothing', fetches: 1 });
  });
});
