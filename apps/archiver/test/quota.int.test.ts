import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKafkaTool } from '@kops/kafka-dist';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertShowsTopics } from './archive-content.ts';
import { noticesOf } from './follow-events.ts';
import { startBackup } from './run-backup.ts';
import { Station } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const partitions = 24;
const count = 7_200;

let repository: string;
beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'kops-quota-'));
  await kafkaAdmin(sandbox()).createTopic({ topic: 'limited', partitions });
  await produceWithJava(
    sandbox(),
    [{ do: 'generate', topic: 'limited', count, partitions, valueBytes: 1_000 }],
    { config: { 'batch.size': '30000' } },
  );
});
afterAll(async () => {
  await rm(repository, { recursive: true, force: true });
});

/** Changes the quotas of every client that has none of its own, as an operator does. */
async function defaultQuota(...change: readonly string[]): Promise<void> {
  const server = ['--bootstrap-server', sandbox().bootstrapServers, '--alter'];
  const args = [...server, '--entity-type', 'clients', '--entity-default', ...change];
  const run = await runKafkaTool(sandbox().jars, 'kafka.admin.ConfigCommand', args, {
    timeoutMs: 30_000,
  });
  expect(run.exitCode, run.stderr).toBe(0);
}

it('waits for a fetch quota, says so, and archives every record of all partitions', async () => {
  // Ten seconds of it are less than the topic has, so answers are empty and delayed.
  await defaultQuota('--add-config', 'consumer_byte_rate=500000');
  try {
    await using station = await Station.open({
      bootstrapServers: sandbox().bootstrapServers,
      repositories: [repository],
    });
    await station.startAgent();
    const backup = await startBackup(station.operator, ['limited']);
    await backup.done;
    expect(noticesOf(backup, 'throttled')[0]).toMatch(
      /^a quota of the cluster slows the backup: broker 127\.0\.0\.1:\d+ delays reads by \d+\.\d s;/,
    );
  } finally {
    await defaultQuota('--delete-config', 'consumer_byte_rate');
  }
  expect(await assertShowsTopics(repository, sandbox(), ['limited'])).toBe(count);
});
