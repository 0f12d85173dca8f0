import type { SegmentEntry } from '@kops/archive-format';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import { beginJournal, clusterId, keysIn, openSink, topicId } from '../test/fixture.ts';
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

  it('leaves what another host may own where it is', async () => {
    const store = createMemoryStore();
    const header = {
      version: 1,
      kind: 'capture',
      capture: 'there',
      cluster: clusterId,
      startedAtMs: 0,
      owner: { host: 'elsewhere', pid: 1, startTicks: 1 },
    };
    await store.putIfAbsent('pins/there.json', Buffer.from(JSON.stringify(header)));
    expect(await findLeftovers(store, clusterId, { capture: 'own', ...noneRuns })).toMatchObject({
      captures: [],
      sweepable: false,
    });
  });
});
