/** One header of a record. A record may have several of the same key; their order counts. */
export interface RecordHeader {
  /** The key as text. If the stored key is not UTF-8, unreadable bytes show as U+FFFD here and {@link keyBytes} has the truth. */
  readonly key: string;
  readonly value: Uint8Array | null;
  /**
   * The key as stored, only present if it is not valid UTF-8 (Kafka does not check, some clients send any bytes).
   * Encoding and digests use it in place of `key`, so nothing is lost on the way.
   */
  readonly keyBytes?: Uint8Array;
}

/** One record. Key, value and header values may be views of the batch they were decoded from. */
export interface KafkaRecord {
  readonly offset: bigint;
  /** In ms since the epoch; -1 when the producer sent none. */
  readonly timestamp: bigint;
  /** Null and empty are different keys. */
  readonly key: Uint8Array | null;
  /** Null is a tombstone, empty is not. */
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}
