import { parseArgs } from 'node:util';
import { KopsError } from '@kops/core';
import { parseBytes } from '@kops/service';

/** What a run of the benchmark was asked for. */
export interface BenchOptions {
  /** Bytes of record values in each of the topics `plain` and `json`. */
  readonly sizeBytes: number;
  readonly rounds: number;
  /** Workloads (`plain`), subjects (`backup`) or both (`plain/backup`); all when empty. */
  readonly only: readonly string[];
  /** `batch.size` of every producer, in bytes. */
  readonly batchBytes: number;
  /** Partitions of the topic `small`. */
  readonly smallPartitions: number;
  /** Records of the topic `catalog`, of 1 KiB each. */
  readonly catalogRecords: number;
  /** Where to write all figures as JSON. */
  readonly json: string | undefined;
  /** Folder for the broker's log, repositories and the rest; the system's temporary folder unless given. */
  readonly directory: string | undefined;
  /** Profile the commands of kops instead of measuring. */
  readonly profile: boolean;
}

/** What `--help` prints. */
export const usage = `Usage: npm run bench -- [options]
  --size SIZE          bytes of record values in each large topic (default 2GiB)
  --rounds N           how often everything is measured, every second time the other way round (default 2)
  --only A,B           workloads (plain, json, small, catalog), subjects (backup, restore, …) or both (plain/backup)
  --batch-size SIZE    batch.size of the producers (default 16KiB, Kafka's own)
  --small-partitions N partitions of the topic of small partitions (default 2000)
  --catalog-records N  records to index (default 600000)
  --json FILE          write all figures there
  --directory DIR      where broker and repositories lie; several times the size must be free (default: temporary folder)
  --profile            profile the commands of kops instead of measuring; prints where the time goes`;

function count(text: string, flag: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new KopsError(
    'KOPS_USAGE',
    `--${flag} ${text}: not a number from ${String(least)} to ${String(most)}`,
    { hint: usage },
  );
}

function sizeOf(text: string, flag: string, least: number): number {
  const value = parseBytes(text);
  if (value >= least) return value;
  throw new KopsError(
    'KOPS_USAGE',
    `--${flag} ${text}: at least ${String(least)} bytes are needed`,
    { hint: usage },
  );
}

/** Undefined when help was asked for. @throws KOPS_USAGE */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        size: { ...text, default: '2GiB' },
        rounds: { ...text, default: '2' },
        only: { ...text, default: '' },
        'batch-size': { ...text, default: '16KiB' },
        'small-partitions': { ...text, default: '2000' },
        'catalog-records': { ...text, default: '600000' },
        json: text,
        directory: text,
        profile: flag,
        help: flag,
      },
    }));
  } catch (error) {
    throw new KopsError('KOPS_USAGE', (error as Error).message, { hint: usage });
  }
  if (values.help) return undefined;
  return {
    sizeBytes: sizeOf(values.size, 'size', 1024 * 1024),
    rounds: count(values.rounds, 'rounds', 1, 100),
    only: values.only
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
    batchBytes: sizeOf(values['batch-size'], 'batch-size', 2048),
    smallPartitions: count(values['small-partitions'], 'small-partitions', 1, 10_000),
    catalogRecords: count(values['catalog-records'], 'catalog-records', 100, 10_000_000),
    json: values.json,
    directory: values.directory,
    profile: values.profile,
  };
}
