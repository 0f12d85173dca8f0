import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger, systemClock, throwIfAborted, toKopsError, type Clock } from '@kops/core';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { executeRestore, type RestorePlan, type RestoreResult } from '@kops/restore';
import { makeTemporaryDirectory } from '@kops/service';
import { buildReport, type DrillFacts } from './build-report.ts';
import { Cleanup } from './cleanup.ts';
import { compareRestored, restoredPartitions } from './compare-restored.ts';
import type { DrillOptions, DrillProgress } from './drill-options.ts';
import { requireOwnSpace } from './drill-space.ts';
import type { DrillReport } from './drill-report.ts';
import { planForDrill, type DrillPlan } from './restore-for-drill.ts';
import { requireContents } from './require-contents.ts';
import { openSandbox, requireFitting, type Sandbox } from './sandbox.ts';
import { runSelfTest } from './self-test.ts';
import { writeReport } from './write-report.ts';

/**
 * Proves that an archive can be recovered: starts a throwaway Kafka, restores into it, reads everything back over a fresh connection and
 * compares it with the archive: records one by one, the place of every group, every config. Measures RPO and RTO and writes the report.
 *
 * What the drill started or made is gone when it ends, however it ends: the sandbox, or on an external cluster its topics and groups,
 * all of which carry a prefix of their own. Records are compared before retention and compaction are switched on.
 *
 * @throws KOPS_NOTHING_COMPARED before a Kafka is started when there is no record to compare; KOPS_SANDBOX_UNAVAILABLE with what to install; KOPS_TOPIC_NOT_FOUND, KOPS_USAGE, KOPS_INTERRUPTED, and the errors of a
 *   restore; content that differs is no error but a report with exit code 20
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { logger = silentLogger, clock = systemClock } = options;
  requireFitting(options);
  requireContents(options);
  const progress = reporter(options);
  const startedAt = clock.now();
  const started = clock.monotonic();
  await requireOwnSpace(options);
  progress('sandbox', 'starting a throwaway Kafka');
  const facts = await inSandbox(options, async (sandbox) => {
    const sandboxMs = clock.monotonic() - started;
    logger.info('the sandbox is ready', { sandbox: sandbox.description });
    return { ...(await drill(sandbox, { options, clock, progress })), sandboxMs };
  });
  const totalMs = clock.monotonic() - started;
  const report = buildReport(options, { ...facts, startedAt, totalMs });
  await writeReport(report, options.reportDir);
  progress('done', report.status);
  return report;
}

type Report = (
  phase: DrillProgress['phase'],
  message: string,
  records?: number,
  total?: number,
) => void;

interface Run {
  readonly options: DrillOptions;
  readonly clock: Clock;
  readonly progress: Report;
}

function reporter({ onProgress }: DrillOptions): Report {
  return (phase, message, records = 0, totalRecords = 0) =>
    onProgress?.({ phase, message, records, totalRecords });
}

async function inSandbox<T>(
  options: DrillOptions,
  work: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  try {
    await using sandbox = await openSandbox(options);
    throwIfAborted(options.signal);
    return await work(sandbox);
  } catch (thrown) {
    // What was waited for when the drill was interrupted is not why it ends.
    if (toKopsError(thrown).retryable) throwIfAborted(options.signal);
    throw thrown;
  }
}

async function drill(
  sandbox: Sandbox,
  run: Run,
): Promise<Omit<DrillFacts, 'sandboxMs' | 'totalMs' | 'startedAt'>> {
  const isShared = sandbox.kind === 'external';
  const prefix = isShared ? `kops-drill-${randomBytes(4).toString('hex')}.` : '';
  await using folder = await makeTemporaryDirectory('kops-drill-');
  await using cleanup = new Cleanup(sandbox.kafka, isShared);
  const restore = await restoreInto(sandbox, prefix, folder.path, cleanup, run);
  const { options, clock, progress } = run;
  const { archive, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  // Fresh: a restore that only its own connection believes in is none.
  await using kafka = await connectKafka(sandbox.kafka);
  const { clusterId, brokers } = await kafka.describeCluster();
  const compareStarted = clock.monotonic();
  const restored = await restoredPartitions(restore.result);
  const comparison = await compareRestored({
    archive,
    kafka,
    restored,
    prefix,
    ...restore.planned,
    onProgress: (records) =>
      progress('compare', 'comparing records', records, restore.result.records),
    ...stop,
  });
  const compared = clock.monotonic();
  const selfTest =
    options.selfTest === true
      ? await selfTestWith(kafka, restore.planned.plan, { prefix, cleanup, run })
      : null;
  progress('cleanup', 'cleaning up');
  return {
    sandbox: {
      kind: sandbox.kind,
      description: sandbox.description,
      clusterId,
      brokers: brokers.length,
    },
    plan: restore.planned.plan,
    result: restore.result,
    comparison,
    selfTest,
    restoreMs: restore.restoreMs,
    compareMs: compared - compareStarted,
    selfTestMs: clock.monotonic() - compared,
  };
}

async function selfTestWith(
  kafka: KafkaClient,
  plan: RestorePlan,
  { prefix, cleanup, run }: { prefix: string; cleanup: Cleanup; run: Run },
): Promise<DrillFacts['selfTest']> {
  const { options, progress } = run;
  progress('self-test', 'damaging copies: the comparison must detect each damage');
  return runSelfTest({
    archive: options.archive,
    kafka,
    plan,
    prefix,
    cleanup,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

interface Restored {
  readonly planned: DrillPlan;
  readonly result: RestoreResult;
  readonly restoreMs: number;
}

async function restoreInto(
  sandbox: Sandbox,
  prefix: string,
  folder: string,
  cleanup: Cleanup,
  { options, clock, progress }: Run,
): Promise<Restored> {
  const { archive, signal, topics } = options;
  const started = clock.monotonic();
  progress('restore', 'planning the restore');
  await using kafka = await connectKafka(sandbox.kafka);
  const planned = await planForDrill(kafka, archive.manifest, {
    prefix,
    ...(topics === undefined ? {} : { topics }),
  });
  cleanup.addTopics(planned.plan.topics.map(({ target }) => target));
  cleanup.addGroups(planned.plan.groups.map(({ group }) => group));
  const result = await executeRestore({
    archive,
    kafka,
    plan: planned.plan,
    statePath: join(folder, 'state.json'),
    onProgress: ({ phase, records }) => progress('restore', phase, records),
    ...(signal === undefined ? {} : { signal }),
  });
  return { planned, result, restoreMs: clock.monotonic() - started };
}
