import { KopsError, type Offset } from '@kops/core';
import type { FetchRequest, FetchResult, KafkaClient } from '@kops/kafka';
import { RecordBatchView } from '@kops/record-batch';

/** A partition's log in memory, asked through the methods of a client that capture uses. */
export class FakeLog {
  batches: Uint8Array[];
  logStart: Offset = 0n;
  /** What lies below is in tiered storage. */
  localStart: Offset | undefined;
  end: Offset;
  /** Epoch ends as the leader knows them; undefined answers with -1. */
  epochEnds = new Map<number, Offset>();
  /** Called before each fetch, e.g. to move the log. */
  onFetch: (request: FetchRequest) => FetchResult | undefined = () => undefined;
  fetches = 0;
  released = 0;

  constructor(batches: Uint8Array[]) {
    this.batches = batches;
    const last = batches.at(-1);
    this.end = last === undefined ? 0n : new RecordBatchView(last).nextOffset;
  }

  get kafka(): KafkaClient {
    const client: Partial<KafkaClient> = {
      fetch: async (request) => this.#fetch(request),
      listOffsets: async (partitions, spec) =>
        partitions.map(() => {
          if (spec === 'earliestLocal') return this.localStart ?? this.logStart;
          return spec === 'earliest' ? this.logStart : this.end;
        }),
      offsetForLeaderEpoch: async (_, epoch) => {
        const endOffset = this.epochEnds.get(epoch);
        return endOffset === undefined
          ? { leaderEpoch: -1, endOffset: -1n }
          : { leaderEpoch: epoch, endOffset };
      },
    };
    return client as KafkaClient;
  }

  #fetch(request: FetchRequest): FetchResult {
    this.fetches++;
    if (request.signal?.aborted === true) throw new KopsError('KOPS_INTERRUPTED', 'aborted');
    const instead = this.onFetch(request);
    if (instead !== undefined) return instead;
    const { offset, maxBytes } = request;
    const { end: highWatermark, logStart } = this;
    if (offset < logStart || offset > highWatermark)
      return { status: 'offset-out-of-range', highWatermark, logStart };
    const found: Uint8Array[] = [];
    let bytes = 0;
    for (const batch of this.batches) {
      if (new RecordBatchView(batch).nextOffset <= offset) continue;
      if (bytes > 0 && bytes + batch.length > maxBytes) break;
      found.push(batch);
      bytes += batch.length;
    }
    return {
      status: 'ok',
      bytes: Buffer.concat(found),
      highWatermark,
      lastStableOffset: highWatermark,
      logStart,
      abortedTransactions: [],
      release: () => this.released++,
    };
  }
}
