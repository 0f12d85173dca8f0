/** A consumer as kafkajs' documentation shows it, reading a topic from its start and counting. */
// eslint-disable-next-line no-restricted-imports -- kafkajs as it is, without @kops/kafka around it, is what is measured here
import { Kafka, logLevel } from 'kafkajs';

interface Settings {
  readonly brokers: string[];
  readonly topic: string;
  readonly groupId: string;
  readonly records: number;
}

const { brokers, topic, groupId, records } = JSON.parse(process.argv[2] ?? '') as Settings;
const consumer = new Kafka({ clientId: 'kops-bench', brokers, logLevel: logLevel.ERROR }).consumer({
  groupId,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let started = 0;
let amount = 0;
consumer.on('consumer.group_join', () => (started = performance.now()));
await new Promise<void>((resolve, reject) => {
  consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
  const eachBatch = ({ batch }: { batch: { messages: readonly unknown[] } }): Promise<void> => {
    amount += batch.messages.length;
    if (amount >= records) resolve();
    return Promise.resolve();
  };
  consumer.run({ eachBatch }).catch(reject);
});
const seconds = (performance.now() - started) / 1000;
process.stdout.write(JSON.stringify({ seconds, amount }));
await consumer.disconnect();
