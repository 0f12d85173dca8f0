import { KopsError } from '@kops/core';
import {
  basicAuthorization,
  ensureElasticsearch,
  type ElasticsearchInstallation,
  type NodeAccess,
} from '../src/index.ts';

/** Answer of a search. */
export interface Found {
  readonly hits: { readonly hits: readonly { readonly _source: unknown }[] };
}

/** One request of Elasticsearch's REST API; the answer is read as the test expects it. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names what is expected, in one place
export async function request<T>(
  { url, credentials }: NodeAccess,
  method: string,
  path: string,
  content?: object,
): Promise<{ status: number; body: T }> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...(credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }),
    },
    signal: AbortSignal.timeout(60_000),
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** What can be started here, or why nothing can. */
export async function installationOrReason(): Promise<ElasticsearchInstallation | string> {
  try {
    return await ensureElasticsearch();
  } catch (error) {
    if (KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) return error.message;
    throw error;
  }
}

/** Whether a process of this id exists. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) throw new Error('no process id');
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
