import {
  lossSchema,
  pinKey,
  segmentEntrySchema,
  topicConfigSchema,
  type Loss,
  type SegmentEntry,
} from '@kops/archive-format';
import { KopsError, type Offset } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { z } from 'zod';
import type { ProcessIdentity } from '@kops/object-store/owner';

const int64 = z
  .string()
  .regex(/^-?[0-9]{1,19}$/)
  .transform(BigInt);

const headerSchema = z.looseObject({
  version: z.literal(1),
  kind: z.literal('capture'),
  capture: z.string(),
  cluster: z.string(),
  startedAtMs: z.number(),
  owner: z.looseObject({
    host: z.string(),
    pid: z.number(),
    startTicks: z.number(),
    bootId: z.string(),
    pidNamespace: z.string(),
  }),
});

const sealedSchema = z.looseObject({
  topicId: z.string(),
  partition: z.number(),
  /** Where the segment before it ended, and the capture's position when it was sealed: what [from, to) lacks are holes. */
  from: int64,
  to: int64,
  entry: segmentEntrySchema,
});

const openedSchema = z.looseObject({ key: z.string(), from: int64 });

const lostSchema = z.looseObject({
  topicId: z.string(),
  partition: z.number(),
  loss: lossSchema,
});

const topicSchema = z.looseObject({
  name: z.string(),
  topicId: z.string(),
  derivedTopicId: z.boolean(),
  internal: z.boolean(),
  replicationFactor: z.number(),
  partitionCount: z.number(),
  configs: z.array(topicConfigSchema),
});

const pageSchema = z.looseObject({
  version: z.literal(1),
  kind: z.literal('sealed'),
  segments: z.array(sealedSchema),
  opened: z.array(openedSchema).default([]),
  lost: z.array(lostSchema).default([]),
  topics: z.array(topicSchema).default([]),
});

/** A segment that a capture has sealed. */
export interface SealedSegment {
  readonly topicId: string;
  readonly partition: number;
  readonly from: Offset;
  readonly to: Offset;
  readonly entry: SegmentEntry;
}

/** A segment that was begun behind a hole of the log, or inside of its first batch: its key alone would not tell where it follows. */
export interface OpenedSegment {
  readonly key: string;
  /** Where the capture's sealed segments ended when it was begun. */
  readonly from: Offset;
}

/** A loss that a capture has noticed and that no archive may know of yet. */
export interface NotedLoss {
  readonly topicId: string;
  readonly partition: number;
  readonly loss: Loss;
}

/** What an archive says of a topic, as far as it can be asked of nobody when the topic is gone. */
export type CapturedTopic = z.output<typeof topicSchema>;

/** What a capture left in a repository. */
export interface CaptureRecord {
  readonly capture: string;
  readonly cluster: string;
  readonly startedAtMs: number;
  readonly owner: ProcessIdentity;
  /** Ended by itself without a commit: nobody owns it any more. */
  readonly released: boolean;
  /** Saw no other when it began: from then on it has the store for its own. */
  readonly begun: boolean;
  /** As they are now: what a truncation took away afterwards is cut off. */
  readonly sealed: readonly SealedSegment[];
  readonly opened: readonly OpenedSegment[];
  readonly lost: readonly NotedLoss[];
  readonly topics: readonly CapturedTopic[];
  readonly pins: readonly string[];
  /** Its last sign of life: changes for as long as its owner lives. */
  readonly sign: string;
}

const beatPrefix = (capture: string): string => `pins/${capture}-beat-`;

/** Every capture that has pins in a store, running or left behind. Pins of other kinds and damaged ones are passed over: they own nothing. */
export async function readCaptures(store: ObjectStore): Promise<CaptureRecord[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('pins/')) keys.push(key);
  const captures: CaptureRecord[] = [];
  for (const key of keys) {
    const id = key.slice('pins/'.length, -'.json'.length);
    const header = headerSchema.safeParse(await readJson(store, key));
    if (!header.success || header.data.capture !== id) continue;
    const pins = keys.filter((other) => other === key || other.startsWith(`pins/${id}-`));
    captures.push(await readCapture(store, header.data, pins));
  }
  return captures;
}

async function readCapture(
  store: ObjectStore,
  header: z.output<typeof headerSchema>,
  pins: string[],
): Promise<CaptureRecord> {
  let sealed: SealedSegment[] = [];
  const opened: OpenedSegment[] = [];
  const lost: NotedLoss[] = [];
  const topics: CapturedTopic[] = [];
  // Page by page: within a page no two entries are of the same partition.
  for (const pin of [...pins].sort()) {
    if (pin.startsWith(beatPrefix(header.capture))) continue;
    const page = pageSchema.safeParse(await readJson(store, pin));
    if (!page.success) continue;
    sealed.push(...page.data.segments);
    opened.push(...page.data.opened);
    lost.push(...page.data.lost);
    topics.push(...page.data.topics);
    for (const one of page.data.lost) sealed = withoutTruncated(sealed, one);
  }
  const { capture, cluster, startedAtMs, owner } = header;
  return {
    capture,
    cluster,
    startedAtMs,
    owner,
    released: pins.includes(pinKey(`${capture}-released`)),
    begun: pins.includes(pinKey(`${capture}-begun`)),
    sealed,
    opened,
    lost,
    topics,
    pins,
    sign: pins.filter((pin) => pin.startsWith(beatPrefix(capture))).at(-1) ?? '',
  };
}

/** What a truncation leaves of the segments sealed before it: as a sink itself does with its own. */
export function withoutTruncated(
  sealed: readonly SealedSegment[],
  { topicId, partition, loss }: NotedLoss,
): SealedSegment[] {
  if (loss.reason !== 'truncation') return [...sealed];
  const end = loss.from;
  return sealed.flatMap((one) => {
    if (one.topicId !== topicId || one.partition !== partition || one.to <= end) return [one];
    if (one.entry.slice.start >= end) return [];
    const slice = {
      ...one.entry.slice,
      end: end < one.entry.slice.end ? end : one.entry.slice.end,
    };
    return [{ ...one, to: end, entry: { ...one.entry, slice } }];
  });
}

async function readJson(store: ObjectStore, key: string): Promise<unknown> {
  try {
    return JSON.parse(Buffer.from(await store.get(key)).toString('utf8')) as unknown;
  } catch (error) {
    // Removed by its owner between the listing and the reading, or not JSON: it names nothing that we may use.
    if (KopsError.is(error, 'KOPS_OBJECT_NOT_FOUND') || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}
