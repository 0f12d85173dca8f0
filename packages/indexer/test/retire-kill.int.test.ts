import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentsOf, indexedRecords, namedArchives } from './catalog-content.ts';
import { commit, ordersOf, shownRecords, type Committed } from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const place = () => Place.make(elasticsearch());

/** Retires in a process of its own, and kills it so many ms after it began; resolves with how long it was at work, and whether it was killed. */
async function retireFor(at: Place, ms: number): Promise<{ took: number; isKilled: boolean }> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@kops/source',
      new URL('./retire-child.ts', import.meta.url).pathname,
      JSON.stringify(at.options),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let trouble = '';
  child.stderr.on('data', (bytes) => (trouble += String(bytes)));
  await Promise.race([once(child.stdout, 'data'), ended]);
  const began = performance.now();
  await Promise.race([sleep(ms), ended]);
  child.kill('SIGKILL');
  await ended;
  const isKilled = child.signalCode === 'SIGKILL';
  if (!isKilled && child.exitCode !== 0) throw new Error(trouble);
  return { took: performance.now() - began, isKilled };
}

/** Two archives with a segment of their own each, and one that both show; nothing of an earlier round. */
async function committed(at: Place, round: number): Promise<{ old: Committed; kept: Committed }> {
  const first = round * 10_000;
  const parts = [0, 1].map((partition) => ({ partition }));
  const old = await commit(
    at.repository,
    parts.map((of) => ({
      ...of,
      segments: [ordersOf(first, first + 500), ordersOf(first + 500, first + 2000)],
    })),
  );
  const kept = await commit(
    at.repository,
    parts.map((of, index) => ({
      ...of,
      segments: [old.segments[index]![1]!, ordersOf(first + 2000, first + 2100)],
    })),
  );
  return { old, kept };
}

const rounds = 5;

describe('a retirement that is killed', () => {
  it('is finished by the next look: nothing is missing, nothing is left over', async () => {
    await using at = await place();
    const kept: Committed[] = [];
    let whole = 0;
    let interrupted = 0;
    // Of the time that it takes, the part that is killed in: less where it was done before.
    let share = 0.45;
    for (let round = 0; round <= rounds || (interrupted < 3 && round <= 2 * rounds); round++) {
      const archives = await committed(at, round);
      kept.push(archives.kept);
      await using indexing = await at.open();
      await indexing.catchUp();
      await indexing[Symbol.asyncDispose]();
      expect(await namedArchives(at.access)).toContain(archives.old.id);
      await at.repository.retireArchives([archives.old.id]);
      // The first round measures how long it takes, its end included; of the others each is killed at another point of that.
      const { took, isKilled } = await retireFor(
        at,
        round === 0 ? 60_000 : (share * whole * ((round - 1) % rounds) + 0.5) / rounds,
      );
      if (round === 0) whole = took;
      await using indexer = await at.open();
      const { retired } = await indexer.catchUp();
      // What the killed process had not noted as done is done again.
      const isLeft = retired.archives.length > 0;
      if (isKilled && isLeft) interrupted++;
      else if (round > 0) share *= 0.7;
      const shown = await Promise.all(kept.map(({ id }) => shownRecords(at.repository, id)));
      const found = await indexedRecords(at.access);
      expect(found).toHaveLength((round + 1) * 3200);
      expect(found).toEqual(shown.flat().sort());
      const ids = kept.map(({ id }) => id).sort();
      expect(await namedArchives(at.access)).toEqual(ids);
      const segments = await documentsOf(at.access, 'segments');
      expect(segments).toHaveLength((round + 1) * 4);
      expect(await indexer.retire()).toEqual({ archives: [], segments: 0, records: 0 });
    }
    expect(interrupted).toBeGreaterThanOrEqual(3);
  });
});
