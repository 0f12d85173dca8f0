import { KopsError, type Clock } from '@kops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BulkItem, BulkOptions, BulkResult, RejectedDocument, SendBulk } from './bulk-port.ts';
import { RequestTooLarge, createBulkWriter } from './bulk-writer.ts';

/** A server that keeps what it is sent; `answer` says what becomes of a document. */
class Server {
  readonly documents = new Map<string, string>();
  readonly bodies: number[] = [];
  underway = 0;
  mostUnderway = 0;
  answer: (id: string, attempt: number) => BulkResult = () => ({ status: 201, result: 'created' });
  fail: (attempt: number, ids: string[]) => Error | undefined = () => undefined;
  #attempts = 0;

  readonly send: SendBulk = async (body) => {
    this.underway++;
    this.mostUnderway = Math.max(this.mostUnderway, this.underway);
    await new Promise((resolve) => setImmediate(resolve));
    this.underway--;
    const lines = body.toString('utf8').split('\n');
    expect(lines.pop()).toBe('');
    const pairs = lines.flatMap((line, index) =>
      index % 2 === 0 ? [[actionOf(line), lines[index + 1]!] as const] : [],
    );
    const attempt = ++this.#attempts;
    const error = this.fail(
      attempt,
      pairs.map(([action]) => action._id),
    );
    if (error !== undefined) throw error;
    this.bodies.push(body.byteLength);
    const items = pairs.map(([action, json]) => {
      const result = this.answer(action._id, attempt);
      if (result.error === undefined) this.documents.set(`${action._index}/${action._id}`, json);
      return { index: result };
    });
    return { items };
  };
}

/** The first line of a document in a bulk request. */
function actionOf(line: string) {
  return (JSON.parse(line) as { index: { _index: string; _id: string } }).index;
}

/** A clock on which pauses take no time. */
function testClock() {
  const pauses: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms) => {
      pauses.push(ms);
      now += ms;
    },
  };
  return { clock, pauses };
}

function setUp(options: Partial<BulkOptions> = {}) {
  const server = new Server();
  const rejected: RejectedDocument[] = [];
  const { clock, pauses } = testClock();
  const writer = createBulkWriter(
    server.send,
    { onRejected: (document) => void rejected.push(document), maxRequestBytes: 200, ...options },
    { clock, random: () => 0.5 },
  );
  return { server, rejected, pauses, writer };
}

const item = (id: number | string, json = `{"n":${String(id)}}`): BulkItem => ({
  index: 'i',
  id: String(id),
  json,
});
const unreachable = () => new KopsError('KOPS_ELASTICSEARCH_UNREACHABLE', 'gone');
const overloaded: BulkResult = {
  status: 429,
  error: { type: 'es_rejected_execution_exception', reason: 'full' },
};

async function addAll(writer: ReturnType<typeof setUp>['writer'], items: Iterable<BulkItem>) {
  for (const one of items) await writer.add(one);
}
const numbered = (count: number) => Array.from({ length: count }, (_, index) => item(index));

describe('the bulk writer', () => {
  it('sends every document once, in requests of bounded size and number', async () => {
    const { server, writer } = setUp();
    await addAll(writer, numbered(100));
    await writer.flush();
    expect(server.documents.size).toBe(100);
    expect(server.documents.get('i/42')).toBe('{"n":42}');
    expect(Math.max(...server.bodies)).toBeLessThanOrEqual(200);
    expect(server.bodies.length).toBeGreaterThan(10);
    expect(server.mostUnderway).toBe(2);
    expect(writer.counts).toMatchObject({ added: 100, created: 100, rejected: 0, retries: 0 });
  });

  it('sends text of any characters and a document beyond the limit alone', async () => {
    const { server, writer } = setUp();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 10 }),
        async (texts) => {
          server.documents.clear();
          await addAll(
            writer,
            texts.map((text, index) => item(index, JSON.stringify({ text }))),
          );
          await writer.flush();
          expect(texts.map((_, index) => server.documents.get(`i/${index}`))).toEqual(
            texts.map((text) => JSON.stringify({ text })),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says pipeline and that an alias is required', async () => {
    const bodies: string[] = [];
    const writer = createBulkWriter(
      async (body) => {
        bodies.push(body.toString());
        return { items: [{ index: { status: 201 } }, { index: { status: 200, result: 'noop' } }] };
      },
      { onRejected: () => undefined },
    );
    await writer.add({ ...item(1), pipeline: 'p"' });
    await writer.add({ ...item(2), requireAlias: true });
    await writer.flush();
    expect(bodies).toEqual([
      '{"index":{"_index":"i","_id":"1","pipeline":"p\\""}}\n{"n":1}\n{"index":{"_index":"i","_id":"2","require_alias":true}}\n{"n":2}\n',
    ]);
    expect(writer.counts).toMatchObject({ created: 1, dropped: 1 });
  });

  it('tries again only what was overloaded, with growing pauses', async () => {
    const { server, writer, pauses } = setUp({ concurrency: 1, maxRequestBytes: 10_000 });
    const attempts = new Map<string, number>();
    server.answer = (id) => {
      const count = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, count);
      return Number(id) % 2 === 0 && count < 4 ? overloaded : { status: 201 };
    };
    await addAll(writer, numbered(10));
    await writer.flush();
    expect(server.documents.size).toBe(10);
    expect([...attempts.values()]).toEqual([4, 1, 4, 1, 4, 1, 4, 1, 4, 1]);
    expect(pauses).toEqual([150, 300, 600]);
    expect(writer.counts).toMatchObject({ created: 10, retries: 3 });
  });

  it('tries a whole request again when the server is gone for a while', async () => {
    const errors: string[] = [];
    const { server, writer } = setUp({
      onRetry: (error, attempt) => errors.push(`${String(attempt)} ${error.message}`),
    });
    server.fail = (attempt) => (attempt <= 2 ? unreachable() : undefined);
    await addAll(writer, numbered(4));
    await writer.flush();
    expect(server.documents.size).toBe(4);
    expect(errors).toEqual(['1 gone', '2 gone']);
  });

  it('gives up at the deadline, and then takes nothing more', async () => {
    const { server, writer, pauses } = setUp({
      retry: { initialDelayMs: 100, maxDelayMs: 1000, deadlineMs: 5000 },
    });
    server.fail = unreachable;
    await writer.add(item(1));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'KOPS_ELASTICSEARCH_UNREACHABLE' });
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThanOrEqual(5000);
    expect(() => writer.add(item(2))).toThrow('gone');
    await expect(writer.flush()).rejects.toThrow('gone');
  });

  it('hands over what the server refuses, with the reason, before flush resolves', async () => {
    let handed = 0;
    const rejected: RejectedDocument[] = [];
    const { server, writer } = setUp({
      onRejected: async (document) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        rejected.push(document);
        handed++;
      },
    });
    server.answer = (id) =>
      id === '3'
        ? { status: 400, error: { type: 'document_parsing_exception', reason: 'no date' } }
        : { status: 200 };
    await addAll(writer, numbered(5));
    await writer.flush();
    expect(handed).toBe(1);
    expect(rejected).toEqual([
      {
        index: 'i',
        id: '3',
        json: '{"n":3}',
        status: 400,
        type: 'document_parsing_exception',
        reason: 'no date',
      },
    ]);
    expect(writer.counts).toMatchObject({ updated: 4, rejected: 1 });
  });

  it('fails when a dead letter cannot be kept', async () => {
    const { server, writer } = setUp({
      onRejected: () => Promise.reject(new KopsError('KOPS_NO_SPACE', 'disk full')),
    });
    server.answer = () => ({ status: 400, error: { type: 't' } });
    await writer.add(item(1));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'KOPS_NO_SPACE' });
  });

  it('takes a document for the cause after three failures of the server', async () => {
    const { server, writer, rejected } = setUp();
    server.answer = (id) =>
      id === '1'
        ? { status: 500, error: { type: 'null_pointer', reason: 'bug' } }
        : { status: 201 };
    await addAll(writer, numbered(3));
    await writer.flush();
    expect(rejected).toMatchObject([{ id: '1', status: 500 }]);
  });

  it.each<[string, BulkResult, string]>([
    [
      'rights are missing',
      { status: 403, error: { type: 'security_exception', reason: 'unauthorized' } },
      'KOPS_ACCESS_DENIED',
    ],
    [
      'the index is gone',
      { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index [i]' } },
      'KOPS_ELASTICSEARCH_REFUSED',
    ],
    [
      'the pipeline is missing',
      {
        status: 400,
        error: {
          type: 'illegal_argument_exception',
          reason: 'pipeline with id [p] does not exist',
        },
      },
      'KOPS_CONFIG',
    ],
  ])('fails at once when %s: every document would be refused', async (_, result, code) => {
    const { server, writer, rejected, pauses } = setUp();
    server.answer = () => result;
    await writer.add(item(1));
    await expect(writer.flush()).rejects.toMatchObject({ code });
    expect([rejected, pauses]).toEqual([[], []]);
  });

  it('halves a request that is too large, down to the one document that is', async () => {
    const { server, writer, rejected } = setUp({ maxRequestBytes: 10_000 });
    server.fail = (_, ids) =>
      ids.length > 3 || ids.includes('7') ? new RequestTooLarge('413') : undefined;
    await addAll(writer, numbered(20));
    await writer.flush();
    expect(server.documents.size).toBe(19);
    expect(rejected).toMatchObject([{ id: '7', status: 413 }]);
  });

  it('fails when the answer is not about all documents', async () => {
    const writer = createBulkWriter(async () => ({ items: [] }), { onRejected: () => undefined });
    await writer.add(item(1));
    await expect(writer.flush()).rejects.toThrow('answered for 0 of 1 documents');
  });

  it('ends requests and pauses when it is closed, and sends nothing more', async () => {
    let isEnded = false;
    const writer = createBulkWriter(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            isEnded = true;
            reject(unreachable());
          });
        }),
      { onRejected: () => undefined, maxRequestBytes: 100, concurrency: 2 },
    );
    for (const one of numbered(3)) await writer.add(one);
    await writer[Symbol.asyncDispose]();
    expect(isEnded).toBe(true);
    expect(writer.counts).toMatchObject({ requests: 1, created: 0 });
    expect(() => writer.add(item(4))).toThrow('closed');
  });

  it('stops at the signal', async () => {
    const abort = new AbortController();
    const { writer } = setUp({ signal: abort.signal });
    await writer.add(item(1));
    abort.abort();
    await expect(writer.flush()).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
  });

  it('loses and repeats nothing, whatever the server does for a while', async () => {
    const fate = fc.constantFrom('ok', 'ok', '429', '400', 'gone');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (fates, concurrency) => {
          const { server, writer, rejected } = setUp({ concurrency });
          const left = [...fates];
          server.fail = () => (left[0] === 'gone' ? (left.shift(), unreachable()) : undefined);
          server.answer = () => {
            const next = left.shift();
            if (next === '429') return overloaded;
            return next === '400' ? { status: 400, error: { type: 't' } } : { status: 201 };
          };
          await addAll(writer, numbered(30));
          await writer.flush();
          const ids = [
            ...rejected.map(({ id }) => id),
            ...[...server.documents.keys()].map((key) => key.slice(2)),
          ];
          expect(ids.map(Number).sort((a, b) => a - b)).toEqual(
            numbered(30).map(({ id }) => Number(id)),
          );
          const { created, rejected: refused } = writer.counts;
          expect(created + refused).toBe(30);
        },
      ),
      { numRuns: 100 },
    );
  });
});
