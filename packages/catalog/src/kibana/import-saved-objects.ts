import { randomUUID } from 'node:crypto';
import { KopsError, counted, retry, type RetryPolicy } from '@kops/core';
import { judgeAnswer, judgeVersion, readImport, type ImportedObject } from './kibana-answer.ts';
import { askKibana, type KibanaAnswer, type KibanaRequest } from './kibana-request.ts';
import { planKibana, type KibanaPlan, type KibanaSettings } from './kibana-settings.ts';

/** What an import did. */
export interface ImportReport {
  /** Without credentials. */
  readonly url: string;
  readonly space: string;
  /** Version of Kibana; undefined where it does not tell. */
  readonly kibanaVersion: string | undefined;
  readonly objects: readonly ImportedObject[];
}

/** What {@link importSavedObjects} takes besides settings and objects. */
export interface ImportOptions {
  readonly signal?: AbortSignal;
  /** Called once, when Kibana says that it is not ready yet and is waited for. */
  readonly onWait?: () => void;
}

/**
 * Imports saved objects into a space of Kibana, over objects with the same ids. A Kibana that is starting is waited for.
 * Imported again, the same objects change nothing.
 *
 * Source: Kibana's API `POST /api/saved_objects/_import` and `GET /api/status`.
 * @param ndjson one saved object per line
 * @throws KOPS_CONFIG for settings that do not fit each other, and for plain http to another host
 * @throws KOPS_KIBANA_UNREACHABLE when it does not answer, or is not ready in time
 * @throws KOPS_ACCESS_DENIED when user, password, API key or rights are wrong
 * @throws KOPS_REFUSED for a Kibana before version 9
 * @throws KOPS_KIBANA_REFUSED when it does not take all of the objects; the message names those
 */
export async function importSavedObjects(
  settings: KibanaSettings,
  ndjson: string,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const plan = await planKibana(settings);
  const ask = askWhenReady(plan, options);
  const status = await ask({ method: 'GET', path: '/api/status' });
  const kibanaVersion = judgeVersion(plan, status);
  const answer = await ask(importRequest(ndjson));
  judgeAnswer(plan, answer);
  const objects = readImport(plan, answer);
  const sent = ndjson.split('\n').filter((line) => line !== '').length;
  if (objects.length !== sent) {
    throw new KopsError(
      'KOPS_KIBANA_REFUSED',
      `${plan.base} imported ${String(objects.length)} of ${counted(sent, 'object')}`,
      { at: { object: plan.base }, hint: "Check Kibana's log, then run the command again." },
    );
  }
  return { url: plan.base, space: plan.space, kibanaVersion, objects };
}

function importRequest(ndjson: string): KibanaRequest {
  const boundary = `kops-${randomUUID()}`;
  const head =
    `--${boundary}\r\n` +
    'Content-Disposition: form-data; name="file"; filename="kops.ndjson"\r\n' +
    'Content-Type: application/ndjson\r\n\r\n';
  return {
    method: 'POST',
    path: '/api/saved_objects/_import?overwrite=true',
    headers: {
      // Kibana refuses requests without: a browser sends it from nowhere but Kibana's own pages.
      'kbn-xsrf': 'kops',
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
    body: Buffer.from(`${head}${ndjson}\r\n--${boundary}--\r\n`),
  };
}

const readyPauses = { initialDelayMs: 500, maxDelayMs: 5000 };

/** Asks again as long as Kibana says that it is not ready; what cannot be reached at all is not waited for. */
function askWhenReady(
  plan: KibanaPlan,
  { signal, onWait }: ImportOptions,
): (request: KibanaRequest) => Promise<KibanaAnswer> {
  const policy: RetryPolicy = { ...readyPauses, deadlineMs: plan.readyTimeoutMs };
  let hasWaited = false;
  const onRetry = (): void => {
    if (!hasWaited) onWait?.();
    hasWaited = true;
  };
  return async (request) => {
    const result = await retry(
      policy,
      async (): Promise<KibanaAnswer | KopsError> => {
        const answer = await askKibana(plan, { ...request, signal }).catch((thrown: unknown) => {
          if (KopsError.is(thrown)) return thrown;
          throw thrown;
        });
        if (!KopsError.is(answer) && answer.status === 503) throw notReady(plan, answer);
        return answer;
      },
      { onRetry, ...(signal === undefined ? {} : { signal }) },
    );
    if (KopsError.is(result)) throw result;
    return result;
  };
}

function notReady(plan: KibanaPlan, { text }: KibanaAnswer): KopsError {
  const reason = text.includes('not ready') ? 'it is not ready yet' : 'it is unavailable';
  return new KopsError('KOPS_KIBANA_UNREACHABLE', `${plan.base}: ${reason}`, {
    at: { object: plan.base },
    hint: "Wait and try again. If it persists, check Kibana's log: Kibana often cannot reach Elasticsearch.",
  });
}
