import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { indexedRecords } from './catalog-content.ts';
import { commit, ordersOf, shownRecords } from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const mebibyte = 1024 * 1024;

describe('an indexer beside a backup', () => {
  it('waits while the backup is at work, and then indexes all', async () => {
    await using at = await Place.make(elasticsearch());
    const segments = Array.from({ length: 8 }, (_, n) => ordersOf(n * 500, (n + 1) * 500));
    const { id } = await commit(at.repository, [{ partition: 0, segments }]);
    let backupBytes = 0;
    let isAtWork = true;
    let records = 0;
    const growing = setInterval(() => {
      if (isAtWork) backupBytes += 20 * mebibyte;
    }, 100);
    const asked: number[] = [];
    const options = {
      limits: { pieceBytes: 10_000 },
      backupBytes: () => {
        asked.push(backupBytes);
        return backupBytes;
      },
    };
    try {
      await using indexer = await at.open(options);
      const catchingUp = indexer.catchUp({
        onProgress: (progress) => (records = progress.records),
      });
      await sleep(2500);
      const early = records;
      expect(early).toBeLessThan(4000);
      await sleep(2000);
      // What was under way has come to its end; nothing was begun.
      expect(records).toBe(early);
      isAtWork = false;
      const report = await catchingUp;
      expect(report.created).toBe(4000);
    } finally {
      clearInterval(growing);
    }
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
    // Nobody is asked any more.
    const times = asked.length;
    expect(times).toBeGreaterThan(10);
    await sleep(600);
    expect(asked).toHaveLength(times);
  });
});
