import { KopsError } from '@kops/core';
import { produceV8, type ProducedPartition } from '../apis/produce-v8.ts';
import { kafkaCode } from '../error-codes.ts';
import { protocolError } from './protocol-error.ts';

/** Why a broker did not append a batch, or does not know whether it will stay. */
export function produceFailure(
  { topic, partition, errorCode, message }: ProducedPartition,
  transactionalId?: string,
): KopsError {
  const at = { topic, partition };
  const failure = protocolError(produceV8, errorCode, { at, message, transactionalId });
  if (errorCode !== kafkaCode.corruptMessage) return failure;
  // Kafka calls it retriable; the same bytes are no better the next time.
  return new KopsError('KOPS_KAFKA_PROTOCOL', failure.message, {
    at,
    hint: 'Check the log of the broker. It rejected this batch as damaged, too large, or without keys in a compacted topic.',
  });
}
