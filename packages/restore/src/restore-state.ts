import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KopsError, type Offset } from '@kops/core';
import { mappingStart, type MappingPosition } from './mapping-file.ts';
import { digestOf, toJson } from './plan-json.ts';
import type { RestorePlan } from './plan.ts';

/** What was written to a partition up to some point. */
export interface PartitionCounters {
  readonly records: number;
  readonly bytes: number;
  readonly batches: number;
  readonly reencodedBatches: number;
  readonly aborted: number;
  readonly open: number;
  readonly outsideWindow: number;
  readonly controlBatches: number;
}

/**
 * A point between two batches from which a partition can be continued. It lies before the last batch that was acknowledged,
 * so that a resume always has a batch to compare.
 */
export interface Checkpoint {
  readonly sourceFrom: Offset;
  readonly targetFrom: Offset;
  /** Log end of the target that was acknowledged; a smaller one means that the target lost records. */
  readonly acknowledged: Offset;
  readonly counters: PartitionCounters;
  readonly mapping: MappingPosition;
  /** True when all records are there and the mapping is finished; `acknowledged` is the final log end. */
  readonly filled: boolean;
}

/** A topic that this restore created or took over. */
export interface TopicState {
  /** Null where brokers have no topic ids. */
  readonly id: string | null;
  readonly created: boolean;
  /** Configs set for the filling, to be undone. */
  readonly fillConfigs: readonly string[];
  /** True when it has its final configs. */
  readonly finished: boolean;
}

/** All that a restore remembers between runs. */
export interface RestoreState {
  readonly planDigest: string;
  /** By target name. */
  readonly topics: Map<string, TopicState>;
  /** By {@link partitionKey}. */
  readonly partitions: Map<string, Checkpoint>;
  /** Groups whose offsets were set; never set again, their consumers may have moved on. */
  readonly groups: Set<string>;
}

/** Ids, not names: names from an archive never become paths. */
export function partitionKey(topicIndex: number, partition: number): string {
  return `${String(topicIndex)}-${String(partition)}`;
}

/** Where the mapping of a partition lies. */
export function mappingPath(statePath: string, key: string): string {
  return join(dirname(statePath), 'mappings', `${key}.csv`);
}

export const noCounters: PartitionCounters = {
  records: 0,
  bytes: 0,
  batches: 0,
  reencodedBatches: 0,
  aborted: 0,
  open: 0,
  outsideWindow: 0,
  controlBatches: 0,
};

/** Where the filling of a partition starts. */
export function firstCheckpoint(sourceStart: Offset): Checkpoint {
  return {
    sourceFrom: sourceStart,
    targetFrom: 0n,
    acknowledged: 0n,
    counters: noCounters,
    mapping: mappingStart,
    filled: false,
  };
}

export function emptyState(planDigest: string): RestoreState {
  return { planDigest, topics: new Map(), partitions: new Map(), groups: new Set() };
}

/** Replaces the state durably: beside, fsync, rename, fsync of the folder. */
export async function saveState(path: string, state: RestoreState): Promise<void> {
  const body = toJson({
    version: 1,
    planDigest: state.planDigest,
    topics: Object.fromEntries(state.topics),
    partitions: Object.fromEntries(state.partitions),
    groups: [...state.groups],
  });
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = `${path}.new`;
  await using file = await open(beside, 'w', 0o600);
  await file.writeFile(JSON.stringify({ sha256: digestOf(body), body }));
  await file.sync();
  await rename(beside, path);
  await using directory = await open(folder, 'r');
  await directory.sync();
}

/**
 * Reads the state of an earlier run.
 * @throws KOPS_REFUSED when there is none or it is of another plan; KOPS_OBJECT_CORRUPT when it is damaged.
 */
export async function loadState(path: string, plan: RestorePlan): Promise<RestoreState> {
  const state = parseState(path, await readText(path));
  if (state.planDigest === plan.digest) return state;
  throw new KopsError('KOPS_REFUSED', `the state file ${path} belongs to another plan`, {
    at: { archive: plan.archive, object: path },
    hint: 'Use the archive, topics, renames, window, offsets, groups and kops version of the first run; or delete the restored topics and run the restore without --resume.',
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new KopsError(
      'KOPS_REFUSED',
      `no restore to resume: the state file ${path} does not exist`,
      {
        at: { object: path },
        hint: 'Run the restore without --resume.',
        cause,
      },
    );
  }
}

/** The digest makes sure that the text is one that {@link saveState} wrote, so its shape needs no second check. */
function parseState(path: string, text: string): RestoreState {
  try {
    const { sha256, body } = JSON.parse(text) as { sha256: string; body: StoredState };
    if (digestOf(body) !== sha256) throw new Error('its digest does not match');
    if (body.version !== 1) throw new Error(`version ${String(body.version)} is not known`);
    return {
      planDigest: body.planDigest,
      topics: new Map(Object.entries(body.topics)),
      partitions: new Map(
        Object.entries(body.partitions).map(([key, stored]) => [key, reviveCheckpoint(stored)]),
      ),
      groups: new Set(body.groups),
    };
  } catch (cause) {
    throw new KopsError('KOPS_OBJECT_CORRUPT', `the state at ${path} is damaged`, {
      at: { object: path },
      hint: 'Delete the topics that the restore created, then run the restore without --resume.',
      cause,
    });
  }
}

/** Int64 as decimal strings. */
interface StoredState {
  readonly version: number;
  readonly planDigest: string;
  readonly topics: Readonly<Record<string, TopicState>>;
  readonly partitions: Readonly<Record<string, StoredCheckpoint>>;
  readonly groups: readonly string[];
}

type StoredCheckpoint = Pick<Checkpoint, 'counters' | 'filled'> & {
  readonly sourceFrom: string;
  readonly targetFrom: string;
  readonly acknowledged: string;
  readonly mapping: {
    readonly bytes: number;
    readonly open: {
      readonly sourceStart: string;
      readonly targetStart: string;
      readonly count: string;
    } | null;
  };
};

function reviveCheckpoint(stored: StoredCheckpoint): Checkpoint {
  const { bytes, open: run } = stored.mapping;
  return {
    ...stored,
    sourceFrom: BigInt(stored.sourceFrom),
    targetFrom: BigInt(stored.targetFrom),
    acknowledged: BigInt(stored.acknowledged),
    mapping: {
      bytes,
      open:
        run === null
          ? null
          : {
              sourceStart: BigInt(run.sourceStart),
              targetStart: BigInt(run.targetStart),
              count: BigInt(run.count),
            },
    },
  };
}
