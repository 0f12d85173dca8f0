import { KopsError, type Coordinates } from '@kops/core';

const damageHint =
  'compare with another copy or with the source (kafka.tools.DumpLogSegments); if only one copy is damaged, restore from the other';

/** KOPS_BATCH_CORRUPT: bytes that no broker would have stored. */
export function corruptBatch(message: string, at: Coordinates = {}, cause?: unknown): KopsError {
  return new KopsError('KOPS_BATCH_CORRUPT', message, {
    at,
    hint: damageHint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** KOPS_MAGIC_UNSUPPORTED: a message of Kafka before 0.11, or of a format newer than this kops. */
export function unsupportedMagic(magic: number, at: Coordinates): KopsError {
  return new KopsError(
    'KOPS_MAGIC_UNSUPPORTED',
    `record batch has magic ${magic}; kops reads magic 2 only`,
    {
      at,
      hint:
        magic < 2
          ? 'Rewrite the messages on the source (raise message.format.version, then copy or compact the topic), or exclude the topic with --exclude.'
          : 'use a newer kops for this Kafka version',
    },
  );
}
