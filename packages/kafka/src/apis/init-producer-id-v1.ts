import type { Api } from '../wire/api.ts';

/** Whose producer id is asked for. */
export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
}

/** The producer id. */
export interface InitProducerIdResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/*
 * InitProducerId Request (v1) => transactional_id: NULLABLE_STRING, transaction_timeout_ms: INT32
 * InitProducerId Response (v1) => throttle_time_ms: INT32, error_code: INT16, producer_id: INT64, producer_epoch: INT16
 */
export const initProducerIdV1: Api<InitProducerIdRequest, InitProducerIdResponse> = {
  key: 22,
  name: 'InitProducerId',
  version: 1,
  isFlexible: false,
  rights: { cluster: 'IDEMPOTENT_WRITE', 'transactional id': 'WRITE' },
  encode: ({ transactionalId, transactionTimeoutMs }, w) =>
    w.string(transactionalId).int32(transactionTimeoutMs),
  decode: (r) => ({
    throttleMs: r.int32(),
    errorCode: r.int16(),
    producerId: r.int64(),
    producerEpoch: r.int16(),
  }),
};
