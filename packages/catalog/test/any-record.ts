import type { KafkaRecord } from '@kops/record-batch';
import fc from 'fast-check';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 50 }).map((text) => Buffer.from(text)),
  fc.nat(70_000).map((length) => Buffer.alloc(length, 'é')),
  fc
    .object({ maxDepth: 25, maxKeys: 3, key: fc.string({ unit: 'binary', maxLength: 5 }) })
    .map((object) => Buffer.from(JSON.stringify(object))),
);

/** Any record that Kafka can hold, and JSON of all kinds in keys, values and headers. */
export const anyRecord: fc.Arbitrary<KafkaRecord> = fc.record({
  offset: fc.bigInt(0n, 2n ** 63n - 1n),
  timestamp: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'binary' }), value: fc.option(bytes) }), {
    maxLength: 5,
  }),
});
