import { decodeRecords, splitBatches } from '@kops/record-batch';
import { startSandboxKafka, type SuiteHooks } from '@kops/testkit';
import { connectKafka, type KafkaClient } from '../src/index.ts';
import { drain } from './drain.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A broker that can only be reached through a proxy. */
export interface ProxiedKafka {
  readonly proxy: TcpProxy;
  readonly client: KafkaClient;
  /** The values of a partition, in the order of its log. */
  valuesOf(topic: string, partition: number): Promise<string[]>;
}

/** One broker and one client for the length of a suite, registered with its hooks. */
export function proxiedKafka({ beforeAll, afterAll }: SuiteHooks): () => ProxiedKafka {
  const started = new AsyncDisposableStack();
  let proxied: ProxiedKafka | undefined;
  beforeAll(async () => {
    const proxy = started.use(await TcpProxy.listen());
    const address = `127.0.0.1:${String(proxy.port)}`;
    const kafka = started.use(
      await startSandboxKafka({ config: { 'advertised.listeners': `PLAINTEXT://${address}` } }),
    );
    proxy.target = kafka.brokers[0]?.port ?? 0;
    const client = started.use(
      await connectKafka({
        bootstrapServers: [address],
        requestTimeoutMs: 2_000,
        retryDeadlineMs: 30_000,
      }),
    );
    proxied = { proxy, client, valuesOf: (topic, partition) => valuesOf(client, topic, partition) };
  });
  afterAll(() => started.disposeAsync());
  return () => {
    if (proxied === undefined) throw new Error('the broker runs between beforeAll and afterAll');
    return proxied;
  };
}

async function valuesOf(client: KafkaClient, topic: string, partition: number): Promise<string[]> {
  const [end = 0n] = await client.listOffsets([{ topic, partition }], 'latest');
  const bytes = await drain(client, { topic, partition, topicId: undefined }, end, 1 << 20);
  const records = [...splitBatches(bytes)].flatMap((batch) => decodeRecords(batch));
  return records.map(({ value }) => Buffer.from(value ?? []).toString());
}
