import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KopsError } from '@kops/core';
import { connectKafka } from '@kops/kafka';
import { findDocker } from '@kops/kafka-dist';
import { sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDrillReport, drillExitCode, runDrill, type DrillReport } from '../src/index.ts';
import { fillCluster } from './fill-cluster.ts';
import { makeArchive, type MadeArchive } from './make-archive.ts';

const kafka = sandboxKafka({ beforeAll, afterAll });
let made: MadeArchive;
let reportDir: string;

beforeAll(async () => {
  await fillCluster(kafka());
  made = await makeArchive(kafka().bootstrapServers);
  reportDir = await mkdtemp(join(tmpdir(), 'kops-drill-report-'));
});

afterAll(async () => {
  await made[Symbol.asyncDispose]();
  await rm(reportDir, { recursive: true });
});

const expected = ['empty', 'odd', 'orders', 'payments', 'stamped', 'state'];

function requireGreen(report: DrillReport): void {
  expect(report.differences).toEqual([]);
  expect(report).toMatchObject({ status: 'ok', errors: 0, isEmpty: false, losses: [] });
  expect(drillExitCode(report)).toBe(0);
  expect(report.topics.map(({ source }) => source)).toEqual(expected);
  // 9,000 orders, 5 odd ones, 30 of 40 payments (the rest was aborted), 500 states, 200 stamped ones.
  expect(report.records).toBe(9_735);
  expect(report.equalRecords).toBe(9_735);
  expect(report).toMatchObject({ groups: 2, groupOffsets: 5 });
  expect(report.configs).toBeGreaterThanOrEqual(4);
  expect(report.rtoMs).toBeGreaterThan(0);
  expect(report.rpoMs).toBeGreaterThan(0);
}

describe('a drill on an external cluster', () => {
  it('restores under a prefix, compares, fails every self-test where it should, and leaves nothing behind', async () => {
    const options = { bootstrapServers: kafka().bootstrapServers.split(',') };
    const before = await inventory(options);
    const report = await runDrill({
      archive: made.archive,
      sandbox: 'external',
      kafka: options,
      reportDir,
      selfTest: true,
    });
    requireGreen(report);
    expect(report.topics.every(({ target }) => /^kops-drill-[0-9a-f]{8}\./.test(target))).toBe(
      true,
    );
    expect(report.selfTest?.map(({ name, passed }) => [name, passed])).toEqual([
      ['unchanged', true],
      ['changed', true],
      ['dropped', true],
      ['duplicated', true],
      ['swapped', true],
      ['group unmoved', true],
      ['group moved', true],
    ]);
    const said = Object.fromEntries(
      (report.selfTest ?? []).map((entry) => [entry.name, entry.said.join()]),
    );
    expect(said['changed']).toMatch(/was changed: value .* became/);
    expect(said['dropped']).toMatch(/is missing on the target/);
    expect(said['duplicated']).toMatch(/is duplicated: it is also at target offset/);
    expect(said['swapped']).toMatch(/are swapped on the target/);
    expect(said['group moved']).toMatch(/would read offset .* next, but should read/);
    expect(await inventory(options)).toEqual(before);
  });

  it('writes the report as JSON and as text', async () => {
    const name = `drill-${made.archive.ref.archive}`;
    expect((await readdir(reportDir)).sort()).toEqual([`${name}.json`, `${name}.txt`]);
    const json = JSON.parse(await readFile(join(reportDir, `${name}.json`), 'utf8')) as DrillReport;
    expect(json).toMatchObject({ status: 'ok', records: 9_735, archive: made.archive.ref.archive });
    const text = await readFile(join(reportDir, `${name}.txt`), 'utf8');
    expect(text).toContain('9,735 of 9,735 records are equal');
    expect(text).toMatch(/orders as kops-drill-[0-9a-f]{8}\.orders: 3 partitions/);
  });

  it('says which objective was missed', async () => {
    const report = await runDrill({
      archive: made.archive,
      sandbox: 'external',
      kafka: { bootstrapServers: kafka().bootstrapServers.split(',') },
      topics: ['odd'],
      reportDir,
      objectives: { rpoMs: 1, rtoMs: 600_000 },
    });
    expect(report.status).toBe('objective-missed');
    expect(drillExitCode(report)).toBe(22);
    expect(report.objectives).toMatchObject([
      { name: 'rpo', isMet: false },
      { name: 'rto', isMet: true },
    ]);
    expect(describeDrillReport(report).join('\n')).toContain('objective rpo of');
  });

  it('fails when there is nothing to compare', async () => {
    const drill = runDrill({
      archive: made.archive,
      sandbox: 'external',
      kafka: { bootstrapServers: kafka().bootstrapServers.split(',') },
      topics: ['empty'],
      reportDir,
    });
    await expect(drill).rejects.toMatchObject({ code: 'KOPS_NOTHING_COMPARED', exitCode: 20 });
  });

  it('removes what it made when it is interrupted', async () => {
    const options = { bootstrapServers: kafka().bootstrapServers.split(',') };
    const before = await inventory(options);
    const stop = new AbortController();
    const drill = runDrill({
      archive: made.archive,
      sandbox: 'external',
      kafka: options,
      reportDir,
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === 'compare') stop.abort();
      },
    });
    await expect(drill).rejects.toSatisfy((error) => KopsError.is(error, 'KOPS_INTERRUPTED'));
    expect(await inventory(options)).toEqual(before);
  });
});

describe('a drill in a JVM of its own', () => {
  it('restores and compares under the own names', async () => {
    const report = await runDrill({ archive: made.archive, sandbox: 'jvm', reportDir });
    requireGreen(report);
    expect(report.topics.map(({ target }) => target)).toEqual(expected);
    expect(report.sandbox).toMatchObject({ kind: 'jvm', brokers: 1 });
  });
});

const engine = await findDocker();
const why = engine === undefined ? ' (skipped: no Docker engine answers)' : '';

describe.skipIf(engine === undefined)(`a drill in a container${why}`, () => {
  it('is the default, and leaves no container', async () => {
    const report = await runDrill({ archive: made.archive, reportDir });
    requireGreen(report);
    expect(report.sandbox.kind).toBe('testcontainers');
  });
});

async function inventory(options: { bootstrapServers: string[] }): Promise<unknown> {
  await using client = await connectKafka(options);
  const topics = (await client.topics()).map(({ name }) => name).sort();
  const groups = (await client.listGroups()).map(({ group }) => group).sort();
  return { topics: topics.filter((name) => name !== '__transaction_state'), groups };
}
