import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter, IndexerOptions, IndexProgress } from '../src/index.ts';
import { ask, documentsOf, indexedRecords } from './catalog-content.ts';
import { commit, encode, orderOf, ordersOf, shownRecords } from './fixture.ts';
import { Place } from './place.ts';

// One write waits at a time: what comes beyond is answered with 429.
const elasticsearch = sandboxElasticsearch(
  { beforeAll, afterAll, beforeEach },
  {
    exclusive: true,
    security: true,
    threadPoolWriteQueueSize: 1,
    settings: { 'thread_pool.write.size': 1 },
  },
);

const place = () => Place.make(elasticsearch());

/** Small pieces and requests, so that there is much to be in the middle of. */
const small = { maxRequestBytes: 50_000, requestsPerPiece: 1 };

/** Three partitions, in segments of 500 records. */
async function manyRecords(at: Place, perPartition: number) {
  return commit(
    at.repository,
    [0, 1, 2].map((partition) => ({
      partition,
      segments: Array.from({ length: Math.ceil(perPartition / 500) }, (_, n) =>
        ordersOf(n * 500, Math.min((n + 1) * 500, perPartition), { perBatch: 500 }),
      ),
    })),
  );
}

/** Runs an indexer in a process of its own, and kills it some way after it got on so many times; whether it was still at work. */
async function killAfter(options: IndexerOptions, steps: number, ms: number): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@kops/source',
      new URL('./index-child.ts', import.meta.url).pathname,
      JSON.stringify(options),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let trouble = '';
  child.stderr.on('data', (bytes) => (trouble += String(bytes)));
  let seen = 0;
  const stepped = new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes: Buffer) => {
      seen += bytes.toString().split('\n').length - 1;
      if (seen >= steps) resolve();
    });
  });
  await Promise.race([stepped, ended]);
  await Promise.race([sleep(ms), ended]);
  const isAtWork = child.exitCode === null && child.signalCode === null;
  child.kill('SIGKILL');
  await ended;
  if (!isAtWork && child.exitCode !== 0) throw new Error(trouble);
  return isAtWork;
}

describe('an indexer that is killed', () => {
  it('goes on where it was: nothing is missing, nothing is there twice', async () => {
    await using at = await place();
    const { id } = await manyRecords(at, 10_000);
    const options = { ...at.options, limits: { ...small, workers: 2 } };
    let kills = 0;
    let partly = 0;
    // How often it gets on before it has anything durable depends on the machine: more where it was too early.
    let steps = 5;
    while (kills < 25 && (kills < 6 || partly < 3)) {
      // In turn early, while bulks are under way, and between a bulk and its position.
      const isAtWork = await killAfter(
        options,
        1 + Math.floor(Math.random() * steps),
        Math.random() * 60,
      );
      if (!isAtWork) break;
      kills++;
      await using indexer = await at.open({ limits: small });
      const { waiting } = await indexer.status();
      if (waiting.records === 30_000) steps += 5;
      else if (waiting.records > 0) partly++;
    }
    expect(kills).toBeGreaterThanOrEqual(6);
    expect(partly).toBeGreaterThanOrEqual(3);
    await using indexer = await at.open({ limits: small });
    const report = await indexer.catchUp();
    expect(report.records).toBeLessThan(30_000);
    const found = await indexedRecords(at.access);
    expect(found).toHaveLength(30_000);
    expect(found).toEqual(await shownRecords(at.repository, id));
    expect(await indexer.status()).toMatchObject({ archives: { indexed: 1 }, deadLetters: 0 });
  });
});

describe('an Elasticsearch', () => {
  it('that has no room for more writes gets them later', async () => {
    await using at = await place();
    const { id } = await manyRecords(at, 2000);
    const limits = { maxRequestBytes: 10_000, requestsPerPiece: 8 };
    await using indexer = await at.open({ limits: { ...limits, piecesPerWorker: 3 } });
    const report = await indexer.catchUp();
    expect(report).toMatchObject({ created: 6000, updated: 0, rejected: 0 });
    expect(report.retries).toBeGreaterThan(0);
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
  });

  it('that crashes in the middle is waited for', async () => {
    await using at = await place();
    const { id } = await manyRecords(at, 4000);
    const { node } = elasticsearch();
    let restarted: Promise<void> | undefined;
    const states = new Set<string>();
    await using indexer = await at.open({ limits: small });
    await indexer.catchUp({
      onProgress: ({ records, activity }) => {
        states.add(activity.state);
        if (records > 3000) restarted ??= node.kill().then(() => node.start());
      },
    });
    await restarted;
    expect(states).toContain('waiting');
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
  });

  it('that is away makes a single call fail in time, and a standing one wait', async () => {
    await using at = await place();
    const { id } = await manyRecords(at, 1000);
    const { node } = elasticsearch();
    await using indexer = await at.open({ deadlineMs: 1500, pollMs: 50 });
    await node.kill();
    try {
      await expect(indexer.catchUp()).rejects.toMatchObject({
        code: 'KOPS_ELASTICSEARCH_UNREACHABLE',
      });
      const stop = new AbortController();
      const running = indexer.run({ signal: stop.signal });
      await expect
        .poll(() => indexer.activity)
        .toMatchObject({
          state: 'waiting',
          lastError: { code: 'KOPS_ELASTICSEARCH_UNREACHABLE' },
        });
      expect(await indexer.status()).toMatchObject({
        archives: { waiting: 1 },
        waiting: { segments: 6, records: 3000 },
      });
      await node.start();
      await expect
        .poll(async () => (await indexer.status()).archives.indexed, { timeout: 60_000 })
        .toBe(1);
      stop.abort();
      await running;
    } finally {
      if (node.pid === undefined) await node.start();
    }
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
  });

  it('that hangs does not keep an indexer from ending', async () => {
    await using at = await place();
    await manyRecords(at, 4000);
    const { node } = elasticsearch();
    await using indexer = await at.open({ limits: small });
    const stop = new AbortController();
    let paused: Promise<void> | undefined;
    let asked = 0;
    const signalled = (async () => {
      while (paused === undefined) await sleep(20);
      await paused;
      await sleep(500);
      asked = performance.now();
      stop.abort();
    })();
    const onProgress = ({ records }: IndexProgress): void => {
      if (records > 2000) paused ??= node.pause();
    };
    try {
      await expect(indexer.catchUp({ signal: stop.signal, onProgress })).rejects.toMatchObject({
        code: 'KOPS_INTERRUPTED',
      });
      expect(performance.now() - asked).toBeLessThan(5000);
      await signalled;
    } finally {
      await node.resume();
    }
    const left = (await indexer.status()).waiting.records;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(12_000);
    expect(await indexer.catchUp()).toMatchObject({ records: left });
  });

  it('that allows too little says so once, and names no key', async () => {
    await using at = await place();
    await manyRecords(at, 100);
    const { url, prefix } = at.access;
    for (const privileges of [['read'], ['manage', 'read']]) {
      const { encoded } = (await ask(at.access, 'POST', '/_security/api_key', {
        name: 'k',
        role_descriptors: {
          r: {
            cluster: ['monitor', 'manage_index_templates'],
            indices: [{ names: ['*'], privileges }],
          },
        },
      })) as { encoded: string };
      await using indexer = await at.open({
        elasticsearch: { node: url, apiKey: encoded, prefix },
      });
      const failure: unknown = await indexer.catchUp().catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'KOPS_ACCESS_DENIED',
        hint: expect.stringContaining('privileges') as string,
      });
      expect(String(failure)).not.toContain(encoded);
    }
  });
});

describe('records that are refused', () => {
  const letters = (indexer: { deadLetters(): AsyncIterable<DeadLetter> }) =>
    Array.fromAsync(indexer.deadLetters());

  const putPipeline = (at: Place, processors: unknown[]) =>
    ask(at.access, 'PUT', '/_ingest/pipeline/pick', { processors });

  const wrong = (n: number, processor: object) => ({
    if: `ctx.kafka.offset == ${String(n)}`,
    ...processor,
  });

  it('are named in dead letters, once, until they are taken', async () => {
    await using at = await place();
    await putPipeline(at, [
      { set: wrong(3, { field: 'surprise', value: 'x' }) },
      { set: wrong(44, { field: 'kafka.partition', value: '{{{message}}}' }) },
    ]);
    const { id, segments } = await commit(at.repository, [{ segments: [ordersOf(0, 50)] }]);
    const records = at.rules([{ topics: '*', level: 'full', pipeline: 'pick' }]);
    await using indexer = await at.open({ records });
    expect(await indexer.catchUp()).toMatchObject({ records: 50, created: 48, rejected: 2 });
    const found = await letters(indexer);
    const of = { archive: id, topic: 'orders', partition: 0, segment: segments[0]![0]!.key };
    expect(found).toMatchObject([
      { ...of, offset: '3', status: 400, type: 'strict_dynamic_mapping_exception' },
      { ...of, offset: '44', status: 400, type: 'document_parsing_exception' },
    ]);
    expect(found[1]?.reason).toContain('[kafka.partition] of type [integer]');
    expect(found[1]?.id).toMatch(/\.0\.44$/);
    expect(await indexer.status()).toMatchObject({ deadLetters: 2, archives: { indexed: 1 } });
    expect(await indexer.rebuild()).toMatchObject({ updated: 48, rejected: 2 });
    expect(await letters(indexer)).toEqual(found);
    await putPipeline(at, [{ set: wrong(3, { field: 'surprise', value: 'x' }) }]);
    expect(await indexer.rebuild({ archive: id })).toMatchObject({ created: 1, rejected: 1 });
    expect((await letters(indexer)).map(({ offset }) => offset)).toEqual(['3']);
  });

  it('and those that are taken show nothing of what masks hide', async () => {
    await using at = await place();
    await putPipeline(at, [
      { set: wrong(1, { field: 'kafka.partition', value: '{{{message}}}' }) },
      { fail: wrong(2, { message: 'no {{{message}}} {{{kafka.key}}}' }) },
    ]);
    const secret = (n: number) =>
      orderOf(n, {
        key: Buffer.from(`canary-key-${String(n)}`),
        value: Buffer.from(JSON.stringify({ card: 'canary4111', seen: 'plainly', order: n })),
        headers: [{ key: 'token', value: Buffer.from('canary-token') }],
      });
    await commit(at.repository, [{ segments: [[encode([0, 1, 2, 3].map(secret))]] }]);
    const masks = [
      { field: 'key', action: 'hash' },
      { field: 'value.card', action: 'redact' },
      { field: 'headers.token', action: 'drop' },
    ];
    const rules = (given: unknown[]) =>
      at.rules([{ topics: '*', level: 'full', masks: given, pipeline: 'pick' }]);
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const logger = { debug: log, info: log, warn: log, error: log };
    const everything = async () => {
      const folder = join(at.directory, 'state', at.repository.info.id);
      const names = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = await Promise.all(
        names
          .filter((entry) => entry.isFile())
          .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
      );
      const indices = await ask(at.access, 'GET', `/${at.access.prefix}-*/_search?size=1000`);
      return {
        files: files.join(),
        indices: JSON.stringify(indices),
        lines: JSON.stringify(lines),
      };
    };
    {
      await using indexer = await at.open({ records: rules(masks), logger });
      expect(await indexer.catchUp()).toMatchObject({ created: 2, rejected: 2 });
      await documentsOf(at.access, 'records');
      const { files, indices, lines: logged } = await everything();
      expect([files, indices, logged].join()).not.toMatch(/canary/);
      // Of what is not masked, the letters have nothing either.
      expect(indices).toContain('plainly');
      expect(files).not.toContain('plainly');
      expect(logged).toContain('archive is in the catalog');
      expect(await letters(indexer)).toHaveLength(2);
    }
    // Without masks the indices show it: the search above would have found it.
    await using indexer = await at.open({ records: rules([]), logger });
    await indexer.rebuild();
    await documentsOf(at.access, 'records');
    const { files, indices } = await everything();
    expect(indices).toMatch(/canary4111.*canary-token|canary-token.*canary4111/s);
    expect(files).not.toMatch(/canary/);
  });
});
