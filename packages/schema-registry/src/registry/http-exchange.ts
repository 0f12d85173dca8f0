import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A request as the client library prepared it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Basic authorization: `user:password`. */
  readonly auth: string | undefined;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  /** Bytes of the answer at most; a longer one fails. */
  readonly maxBytes: number;
}

/** An answer, whatever its status is. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request on a connection of its own and reads the whole answer. Fails as the connection does. */
export async function exchange(options: HttpRequest): Promise<HttpAnswer> {
  const response = await open(options);
  const parts: Buffer[] = [];
  let bytes = 0;
  // Ends with an error when the connection breaks before the answer's end.
  for await (const part of response) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes > options.maxBytes) {
      response.destroy();
      throw new AnswerTooLarge(`an answer of more than ${options.maxBytes} bytes`);
    }
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') };
}

/** An answer that nobody would read. */
export class AnswerTooLarge extends Error {}

function open({ url, method, headers, auth, ca, signal }: HttpRequest): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        headers: { ...headers },
        // A schema is asked for once: a connection that is kept would only be idle.
        agent: false,
        signal,
        ...(auth === undefined ? {} : { auth }),
        ...(ca === undefined ? {} : { ca }),
      },
      resolve,
    );
    sent.once('error', reject);
    sent.end();
  });
}
