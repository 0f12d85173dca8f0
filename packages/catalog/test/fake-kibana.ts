import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A saved object as far as the fake looks into it. */
interface ImportedLine {
  readonly type: string;
  readonly id: string;
  readonly attributes: { readonly title?: string };
  readonly references: readonly { readonly type: string; readonly id: string }[];
}

/** How a {@link FakeKibana} behaves. */
export interface FakeKibanaBehaviour {
  readonly version?: string;
  /** The only `authorization` that is let in; without one everybody is. */
  readonly authorization?: string;
  /** Whether those who are let in may write. */
  readonly mayWrite?: boolean;
  /** Requests that are answered with 503, before it is ready. */
  readonly notReady?: number;
  /** Never answers requests of this path. */
  readonly hangsAt?: string;
  readonly spaces?: readonly string[];
  /** Ids of objects that are refused, with the reason. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** Ids of objects that are left out without a word. */
  readonly forgets?: readonly string[];
  /** Answers everything with this. */
  readonly says?: { readonly status: number; readonly text: string };
}

/** A request that came in. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * Not a Kibana: a small server that checks requests as Kibana's routes do and gives its kinds of answers, since no Kibana can be
 * had in tests. It takes multipart apart strictly, wants `kbn-xsrf`, and refuses references that lead nowhere.
 */
export class FakeKibana {
  readonly seen: SeenRequest[] = [];
  /** What is in each space, by type and id. */
  readonly spaces = new Map<string, Map<string, ImportedLine>>();
  readonly #server: Server;
  readonly #behaviour: FakeKibanaBehaviour;
  #notReady: number;

  private constructor(behaviour: FakeKibanaBehaviour) {
    this.#behaviour = behaviour;
    this.#notReady = behaviour.notReady ?? 0;
    for (const space of behaviour.spaces ?? ['default']) this.spaces.set(space, new Map());
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error as Error);
      });
    });
  }

  static async start(behaviour: FakeKibanaBehaviour = {}): Promise<FakeKibana> {
    const fake = new FakeKibana(behaviour);
    fake.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => fake.#server.once('listening', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, path: url, headers });
    const { hangsAt, says } = this.#behaviour;
    if (hangsAt !== undefined && url.includes(hangsAt)) return;
    if (this.#notReady > 0) {
      this.#notReady--;
      response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '30' });
      response.end('Kibana server is not ready yet');
      return;
    }
    const [status, body] =
      says === undefined ? this.#answer(request, Buffer.concat(chunks)) : [says.status, says.text];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #answer(request: IncomingMessage, body: Buffer): [number, unknown] {
    const url = new URL(request.url ?? '', this.url);
    const match = /^(?:\/s\/([^/]+))?(\/api\/.*)$/.exec(url.pathname);
    const space = this.spaces.get(match?.[1] ?? 'default');
    if (match === null || space === undefined) return boom(404, 'Not Found');
    const { authorization } = this.#behaviour;
    const isKnown = authorization === undefined || request.headers.authorization === authorization;
    if (match[2] === '/api/status') return [200, this.#status(isKnown)];
    if (match[2] !== '/api/saved_objects/_import' || request.method !== 'POST')
      return boom(404, 'Not Found');
    if (!isKnown)
      return boom(401, `unable to authenticate with ${String(request.headers.authorization)}`);
    if (request.headers['kbn-xsrf'] === undefined)
      return boom(400, 'Request must contain a kbn-xsrf header.');
    if (url.searchParams.get('overwrite') !== 'true') return boom(400, 'conflict');
    if (this.#behaviour.mayWrite === false)
      return boom(403, 'Unable to bulk_create dashboard,index-pattern,lens,search');
    const file = fileOf(request.headers['content-type'] ?? '', body);
    return typeof file === 'string' ? this.#import(file, space) : boom(400, file.problem);
  }

  #status(isKnown: boolean): unknown {
    const level = { overall: { level: 'available' } };
    if (!isKnown) return { status: level };
    return { version: { number: this.#behaviour.version ?? '9.4.3' }, status: level };
  }

  #import(ndjson: string, space: Map<string, ImportedLine>): [number, unknown] {
    const { refuses = {}, forgets = [] } = this.#behaviour;
    const lines = ndjson
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ImportedLine);
    const known = new Set([...space.keys(), ...lines.map(keyOf)]);
    const errors = lines.flatMap((line) => {
      const at = { type: line.type, id: line.id, meta: { title: line.attributes.title } };
      const message = refuses[line.id];
      // Kibana looks for data views and searches only.
      const references = line.references.filter(
        (to) => ['index-pattern', 'search'].includes(to.type) && !known.has(keyOf(to)),
      );
      return [
        ...(message === undefined
          ? []
          : [{ ...at, error: { type: 'unknown', message, statusCode: 400 } }]),
        ...(references.length === 0
          ? []
          : [{ ...at, error: { type: 'missing_references', references } }]),
      ];
    });
    const failed = new Set(errors.map(keyOf));
    const taken = lines.filter((line) => !failed.has(keyOf(line)) && !forgets.includes(line.id));
    for (const line of taken) space.set(keyOf(line), line);
    const successResults = taken.map(({ type, id, attributes }) => ({
      type,
      id,
      meta: { title: attributes.title },
    }));
    const result = {
      success: errors.length === 0,
      successCount: taken.length,
      warnings: [],
      successResults,
    };
    return [200, errors.length === 0 ? result : { ...result, errors }];
  }
}

const keyOf = ({ type, id }: { type: string; id: string }): string => `${type}:${id}`;

function boom(statusCode: number, message: string): [number, unknown] {
  return [statusCode, { statusCode, error: 'Error', message }];
}

/** The file of a form of one part, by RFC 7578; or what is wrong with the form. */
function fileOf(contentType: string, body: Buffer): string | { problem: string } {
  const boundary = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(contentType)?.[1];
  if (boundary === undefined) return { problem: 'Unsupported Media Type' };
  const text = body.toString('utf8');
  const start = `--${boundary}\r\n`;
  const end = `\r\n--${boundary}--\r\n`;
  if (!text.startsWith(start) || !text.endsWith(end) || text.split(`--${boundary}`).length !== 3)
    return { problem: 'Invalid multipart payload format' };
  const part = text.slice(start.length, -end.length);
  const gap = part.indexOf('\r\n\r\n');
  const headers = part.slice(0, gap).split('\r\n');
  const disposition = headers.find((line) => /^content-disposition:/i.test(line)) ?? '';
  const [, name, filename = ''] =
    / form-data; name="(\w+)"; filename="([^"]+)"$/.exec(disposition) ?? [];
  if (gap < 0 || name !== 'file')
    return { problem: '[request body.file]: expected value of type [Stream]' };
  if (!filename.endsWith('.ndjson')) return { problem: `Invalid file extension ${filename}` };
  return part.slice(gap + 4);
}
