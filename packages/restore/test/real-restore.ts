import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClient } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import { contentFields, type OracleRecord } from '@kops/testkit';
import {
  executeRestore,
  inspectTarget,
  planRestore,
  type RestoreOptions,
  type RestoreResult,
} from '../src/index.ts';

/** What a restore with mapped offsets must keep. */
export const contentWithoutOffset = contentFields.filter((field) => field !== 'offset');

/** Plans and executes. */
export async function restoreTo(
  kafka: KafkaClient,
  archive: Archive,
  statePath: string,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const plan = planRestore(
    archive.manifest,
    await inspectTarget(kafka, archive.manifest, options),
    options,
  );
  return await executeRestore({ archive, kafka, plan, statePath });
}

/** The records under the name that their topic was renamed to. */
export function renamed(records: readonly OracleRecord[], prefix: string): OracleRecord[] {
  return records.map((record) => ({ ...record, topic: `${prefix}${record.topic}` }));
}

/** Asks until the answer satisfies. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isGood: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (isGood(value)) return value;
    if (performance.now() > end)
      throw new Error(`did not come true within ${String(timeoutMs)} ms`);
    await sleep(250);
  }
}
