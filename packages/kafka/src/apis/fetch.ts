/** A fetch of one partition, whichever the version. */
export interface PartitionFetch {
  readonly topic: string;
  /** Only read from v13 on. */
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly currentLeaderEpoch: number;
  /** Only read from v13 on. */
  readonly lastFetchedEpoch: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** 1 has the broker stop at the last stable offset and name aborted transactions. */
  readonly isolationLevel: 0 | 1;
}

/** What a broker answers to the fetch of one partition. */
export interface PartitionFetched {
  readonly throttleMs: number;
  /** False in an answer that names no partition: nothing in it says anything of the log. */
  readonly isAnswered: boolean;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStart: bigint;
  /** Aborted transactions that overlap the answer; only with isolation level 1. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** A view into the response. */
  readonly records: Uint8Array;
  /** Where the leader's log parted from the one fetched before (KIP-595); only from v13 on. */
  readonly diverging?: { readonly epoch: number; readonly endOffset: bigint };
}

/** What an answer says of the partition that it names. */
export type PartitionState = Omit<PartitionFetched, 'throttleMs' | 'isAnswered'>;

/** An answer that names no partition, as an error of the whole request and a quota (KIP-219) have it. */
export function emptyFetch(throttleMs: number, errorCode: number): PartitionFetched {
  return {
    throttleMs,
    isAnswered: false,
    errorCode,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStart: -1n,
    aborted: [],
    records: new Uint8Array(),
  };
}
