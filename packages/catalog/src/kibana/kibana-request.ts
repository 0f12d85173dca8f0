import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { KopsError, throwIfAborted } from '@kops/core';
import type { KibanaPlan } from './kibana-settings.ts';

/** What is asked of Kibana. */
export interface KibanaRequest {
  readonly method: 'GET' | 'POST';
  /** After the base path and the space. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal | undefined;
}

/** What Kibana says, whatever the status. */
export interface KibanaAnswer {
  readonly status: number;
  readonly text: string;
}

/** Far above the answer to an import of these objects; a wrong address must not fill the memory. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Sends a request and reads the whole answer.
 * @throws KOPS_KIBANA_UNREACHABLE when there is none in time, KOPS_KIBANA_REFUSED for a certificate that is not trusted,
 * KOPS_INTERRUPTED
 */
export async function askKibana(plan: KibanaPlan, request: KibanaRequest): Promise<KibanaAnswer> {
  throwIfAborted(request.signal);
  const deadline = AbortSignal.timeout(plan.requestTimeoutMs);
  const signal =
    request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
  try {
    return await exchange(plan, request, signal);
  } catch (thrown) {
    if (KopsError.is(thrown)) throw thrown;
    throwIfAborted(request.signal);
    const reason = deadline.aborted
      ? `no answer within ${String(plan.requestTimeoutMs)} ms`
      : (thrown as Error).message;
    throw unreachable(plan, reason, thrown);
  }
}

function unreachable(plan: KibanaPlan, reason: string, cause: unknown): KopsError {
  const isCertificate = /certificate|self.signed|altnames|CERT_/i.test(reason);
  return new KopsError(
    isCertificate ? 'KOPS_KIBANA_REFUSED' : 'KOPS_KIBANA_UNREACHABLE',
    `${plan.base}: ${reason}`,
    {
      at: { object: plan.base },
      hint: isCertificate
        ? 'Set kibana.caFile to the CA certificate that signed the server certificate.'
        : 'Check the address and that Kibana is running.',
      cause,
    },
  );
}

async function exchange(
  plan: KibanaPlan,
  { method, path, headers = {}, body }: KibanaRequest,
  signal: AbortSignal,
): Promise<KibanaAnswer> {
  const space = plan.space === 'default' ? '' : `/s/${plan.space}`;
  const url = new URL(`${plan.base}${space}${path}`);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = send(
      url,
      {
        method,
        signal,
        // A connection of its own: nothing stays open afterwards.
        agent: false,
        ...(plan.authority === undefined ? {} : { ca: plan.authority }),
        headers: {
          ...headers,
          ...(plan.authorization === undefined ? {} : { authorization: plan.authorization }),
          ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }),
        },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return { status: response.statusCode ?? 0, text: await readText(response, plan) };
}

async function readText(response: IncomingMessage, plan: KibanaPlan): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) {
      response.destroy();
      throw new KopsError('KOPS_KIBANA_REFUSED', `${plan.base}: the server is not Kibana`, {
        at: { object: plan.base },
        hint: 'Check the address.',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
