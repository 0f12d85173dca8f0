import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '@kops/object-store/file';
import type { Archive } from '@kops/repository';
import { toBase64, type OracleRecord } from '@kops/testkit';
import { expect } from 'vitest';
import {
  executeRestore,
  inspectTarget,
  planRestore,
  type RestoreResult,
  type RestoreTarget,
} from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import { batchAt, offsetsFrom, recordAt } from './batches.ts';

export const partitionCount = 6;
const batchCount = 2_500;
const batchRecords = 6;
const recordCount = batchCount * batchRecords;

type Line = Pick<OracleRecord, 'partition' | 'offset' | 'timestamp' | 'key' | 'value'>;

const line = ({ offset, timestamp, key, value }: Omit<Line, 'partition'>): string =>
  `${String(offset)} ${String(timestamp)} ${key ?? 'null'} ${value ?? 'null'}`;

const expected = offsetsFrom(0, recordCount)
  .map((offset) => {
    const { timestamp, key, value } = recordAt(offset);
    return line({ offset: BigInt(offset), timestamp, key: toBase64(key), value: toBase64(value) });
  })
  .join('\n');

/** What happens to a restore when so much of it is done. */
export type Trouble = readonly [share: number, happen: () => Promise<void>];

/** An archive of many small batches in a few partitions, to be restored while things go wrong. */
export class TroubledRestore implements AsyncDisposable {
  readonly #folder: string;
  readonly #archive: Archive;

  private constructor(folder: string, archive: Archive) {
    this.#folder = folder;
    this.#archive = archive;
  }

  static async create({ replicationFactor = 3 } = {}): Promise<TroubledRestore> {
    const folder = await mkdtemp(join(tmpdir(), 'kops-restore-int-'));
    const store = await openFileStore(join(folder, 'repository'), { create: true });
    const batches = offsetsFrom(0, batchCount).map((index) =>
      batchAt(offsetsFrom(index * batchRecords, batchRecords)),
    );
    const partitions = offsetsFrom(0, partitionCount).map(() => ({
      batches,
      batchesPerSegment: 400,
    }));
    const topics = [{ name: 'source', partitions, replicationFactor }];
    return new TroubledRestore(folder, await archiveOf(topics, { store }));
  }

  async run(
    target: RestoreTarget,
    name: string,
    onShare: (share: number) => void = () => undefined,
  ): Promise<RestoreResult> {
    const { manifest } = this.#archive;
    // The records are years old: a broker looks for what its retention lets it delete half a minute after it was started again.
    const options = { renames: { source: name }, holdRetention: true };
    const plan = planRestore(manifest, await inspectTarget(target, manifest, options), options);
    return await executeRestore({
      archive: this.#archive,
      kafka: target,
      plan,
      statePath: join(this.#folder, name, 'state.json'),
      // Small windows: else all would be on its way before anything happens.
      limits: { stableMs: 500, checkpointMs: 100, bytes: 16 * 8 * 1024 },
      onProgress: ({ records }) => {
        onShare(records / (recordCount * partitionCount));
      },
    });
  }

  /** Runs it through all of the troubles: one that did not come up would prove nothing. */
  async runThrough(
    target: RestoreTarget,
    name: string,
    troubles: readonly Trouble[],
  ): Promise<RestoreResult> {
    const left = [...troubles];
    let running: Promise<void> = Promise.resolve();
    const result = await this.run(target, name, (share) => {
      if (share < (left[0]?.[0] ?? 2)) return;
      const happen = left.shift()?.[1];
      running = running.then(happen);
      running.catch(() => undefined);
    });
    await running;
    expect(left).toEqual([]);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Every record at its offset, once, in order. */
export function expectWholeContent(records: readonly Line[]): void {
  for (const partition of offsetsFrom(0, partitionCount)) {
    const found = records.filter((record) => record.partition === partition);
    // Compared as one text: a difference of 15,000 lines is no message.
    const isWhole = found.map(line).join('\n') === expected;
    const [first, last] = [found[0], found.at(-1)].map((record) => String(record?.offset));
    const seen = { partition, records: found.length, first, last };
    expect(isWhole, JSON.stringify(seen)).toBe(true);
  }
}
