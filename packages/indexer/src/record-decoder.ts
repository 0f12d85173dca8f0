import type { DecodedRecord } from '@kops/catalog';

/** Makes values readable that only a schema explains. Used inside of worker threads, one per thread. */
export interface RecordDecoder extends AsyncDisposable {
  /**
   * What key and value of a record say; undefined, or without one of them, where they are nothing that the decoder knows.
   * The bytes are valid until the promise is settled.
   */
  decode(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
  ): Promise<DecodedRecord | undefined>;
}
