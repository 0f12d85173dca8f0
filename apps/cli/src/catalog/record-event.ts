import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { drillDocument, eventDocument, type DrilledArchive } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import type { KopsError } from '@kops/core';
import type { Config } from '@kops/service';
import { kopsVersion } from '../version.ts';
import { configuredCatalog } from './catalog-settings.ts';

/** What a command has done, for the audit. */
export interface Done {
  readonly action: string;
  readonly startedAt: Date;
  readonly exitCode: number;
  readonly error?: KopsError;
  /** What it was done to. */
  readonly archive?: string;
  readonly cluster?: string;
  readonly repository?: string;
  /** Report of a drill, which becomes a document of its own. */
  readonly drill?: DrilledArchive;
}

/** What was done is done; nobody waits long for it to be written down. */
const deadlineMs = 10_000;
/** Findings, such as losses, are a result: the command did its work. */
const findings = [0, 21];

/** Writes an event, and the document of a drill, to the configured catalog. @throws what the catalog throws */
export async function recordEvent(config: Config, done: Done): Promise<void> {
  const settings = configuredCatalog(config);
  if (settings === undefined) return;
  const signal = AbortSignal.timeout(deadlineMs);
  await using catalog = await connectElasticsearch(settings.elasticsearch, { signal });
  await catalog.setup({ signal });
  const { startedAt, error, drill, ...what } = done;
  const event = eventDocument({
    ...what,
    id: randomUUID(),
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    outcome: error === undefined && findings.includes(done.exitCode) ? 'success' : 'failure',
    user: userInfo().username,
    host: hostname(),
    kopsVersion,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  });
  await catalog.put([event, ...(drill === undefined ? [] : [drillDocument(drill)])], { signal });
}
