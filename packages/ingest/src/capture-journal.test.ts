import { hostname } from 'node:os';
import { pinKey, type SegmentEntry } from '@kops/archive-format';
import type { Clock } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import { beginJournal, clusterId, keysIn, openSink, topicId } from '../test/fixture.ts';
import { CaptureJournal } from './capture-journal.ts';
import { readCaptures } from './capture-record.ts';
import { findLeftovers } from './recovery.ts';

async function sealedEntries(count: number): Promise<SegmentEntry[]> {
  const { sink } = await openSink([createMemoryStore()], { segmentBytes: 1 });
  for (const batch of batchesFrom(0, count)) await sink.append(batch);
  return [...sink.entries];
}

describe('CaptureJournal', () => {
  it('keeps every entry, those that come at once on one page', async () => {
    const store = createMemoryStore();
    const journal = await beginJournal([store]);
    const entries = await sealedEntries(40);
    const sealed = entries.map((entry, index) => ({
      topicId,
      partition: 0,
      from: BigInt(index * 5),
      to: BigInt(index * 5 + 5),
      entry,
    }));
    await Promise.all(sealed.map((segment) => journal.record(segment)));
    await journal.recordOpened({ key: 'segments/a/b', from: 12n });
    const [capture] = await readCaptures(store);
    expect(capture).toMatchObject({
      capture: journal.capture,
      cluster: clusterId,
      released: false,
      begun: false,
    });
    expect(capture?.sealed).toEqual(sealed);
    expect(capture?.opened).toEqual([{ key: 'segments/a/b', from: 12n }]);
    expect((await keysIn(store, 'pins/')).objects).toHaveLength(4);
  });

  it('is the same in every copy, and leaves none of its pins behind', async () => {
    const stores = [createMemoryStore(), createMemoryStore()];
    const journal = await beginJournal(stores);
    await journal.take();
    await journal.release();
    for (const store of stores) {
      expect(await readCaptures(store)).toMatchObject([{ begun: true, released: true }]);
    }
    await journal.remove();
    for (const store of stores) expect((await keysIn(store, 'pins/')).objects).toEqual([]);
  });

  it('passes over pins of other kinds and damaged ones', async () => {
    const store = createMemoryStore();
    await store.putIfAbsent('pins/restore-1.json', Buffer.from('{"version":1,"kind":"restore"}'));
    await store.putIfAbsent('pins/broken.json', Buffer.from('{"version":'));
    expect(await readCaptures(store)).toEqual([]);
  });
});

describe('who has a store', () => {
  const noneRuns = { running: new Set<string>() };

  it('takes what a capture left that has ended or whose process has', async () => {
    const store = createMemoryStore();
    const journal = await beginJournal([store]);
    const own = { capture: 'own', ...noneRuns };
    expect((await findLeftovers(store, clusterId, own)).captures).toMatchObject([
      { capture: journal.capture },
    ]);
    expect((await findLeftovers(store, 'another cluster', own)).captures).toEqual([]);
    // Entered by its process before it is written, so it is alive from the first moment.
    const running = new Set([journal.capture]);
    await expect(
      findLeftovers(store, clusterId, { capture: 'own', running }),
    ).rejects.toMatchObject({ code: 'KOPS_HELD' });
    await journal.release();
    expect(
      (await findLeftovers(store, clusterId, { capture: 'own', running })).captures,
    ).toHaveLength(1);
  });

  it('is refused where another has begun, whatever their ids', async () => {
    const store = createMemoryStore();
    const journal = await beginJournal([store]);
    await journal.take();
    for (const capture of ['0', 'zzzz']) {
      const running = new Set([journal.capture]);
      await expect(findLeftovers(store, clusterId, { capture, running })).rejects.toMatchObject({
        code: 'KOPS_HELD',
      });
    }
  });

  it('goes, of two that begin at once, to the smaller id when the other has given way', async () => {
    const store = createMemoryStore();
    const rival = await beginJournal([store]);
    const running = new Set([rival.capture]);
    await expect(
      findLeftovers(store, clusterId, { capture: 'zzzz', running }),
    ).rejects.toMatchObject({ code: 'KOPS_HELD' });
    const waiting = findLeftovers(store, clusterId, { capture: '0', running });
    await rival.remove();
    expect((await waiting).captures).toEqual([]);
  });

  describe('that another owner has who is out of sight', () => {
    const header = {
      version: 1,
      kind: 'capture',
      capture: 'there',
      cluster: clusterId,
      startedAtMs: 0,
      // The same host name and a pid that runs here: that of another PID namespace.
      owner: { host: hostname(), pid: process.pid, startTicks: 1, bootId: 'b', pidNamespace: 'n' },
    };

    /** Time passes while somebody sleeps; `onSleep` is what others do meanwhile. */
    function clockWith(onSleep: (at: number) => Promise<void>): Clock {
      let at = 0;
      return {
        now: () => at,
        monotonic: () => at,
        sleep: async (ms) => {
          at += ms;
          await onSleep(at);
        },
      };
    }

    it('is held while that one gives signs of life', async () => {
      const store = createMemoryStore();
      const journal = await CaptureJournal.begin([store], header);
      await journal.take();
      const clock = clockWith((at) => (at % 5_000 === 0 ? journal.beat() : Promise.resolve()));
      const search = findLeftovers(store, clusterId, { capture: 'own', ...noneRuns }, clock);
      await expect(search).rejects.toMatchObject({ code: 'KOPS_HELD', exitCode: 11 });
      expect(clock.monotonic()).toBeLessThanOrEqual(5_000);
    });

    it('is taken over once that one has given none for 20 s, and is to be fenced', async () => {
      const store = createMemoryStore();
      const journal = await CaptureJournal.begin([store], header);
      await journal.take();
      await journal.beat();
      const clock = clockWith(() => Promise.resolve());
      const own = { capture: 'own', ...noneRuns };
      expect(await findLeftovers(store, clusterId, own, clock)).toMatchObject({
        captures: [{ capture: 'there', sign: 'pins/there-beat-0000000001.json' }],
        silent: ['there'],
      });
      expect(clock.monotonic()).toBe(20_000);
    });

    it('is free at once when that one has released it', async () => {
      const store = createMemoryStore();
      const journal = await CaptureJournal.begin([store], header);
      await journal.release();
      const clock = clockWith(() => Promise.reject(new Error('nobody is to wait')));
      const own = { capture: 'own', ...noneRuns };
      expect(await findLeftovers(store, clusterId, own, clock)).toMatchObject({
        captures: [{ capture: 'there' }],
        silent: [],
      });
    });
  });

  it('keeps one sign of life however often it beats, and none after its end', async () => {
    const stores = [createMemoryStore(), createMemoryStore()];
    const journal = await beginJournal(stores);
    const signs = async (): Promise<string[]> =>
      (await Promise.all(stores.map((store) => readCaptures(store)))).flatMap((captures) =>
        captures.map(({ sign }) => sign),
      );
    expect(await signs()).toEqual(['', '']);
    for (let beat = 0; beat < 12; beat++) await journal.beat();
    const last = `pins/${journal.capture}-beat-0000000012.json`;
    expect(await signs()).toEqual([last, last]);
    for (const store of stores) expect((await keysIn(store, 'pins/')).objects).toHaveLength(2);
    await journal.remove();
    for (const store of stores) expect((await keysIn(store, 'pins/')).objects).toEqual([]);
  });

  it('leaves no pin when it is released after another has swept it', async () => {
    const store = createMemoryStore();
    const journal = await beginJournal([store]);
    await journal.beat();
    await store.delete(pinKey(journal.capture));
    await journal.release();
    expect((await keysIn(store, 'pins/')).objects).toEqual([]);
  });
});
