import { connectKafka, type KafkaOptions } from '@kops/kafka';
import { brokerChecks, patience, protocolCheck } from './broker-checks.ts';
import { failed, skipped, type CheckResult } from './check.ts';
import { partitionChecks } from './partition-checks.ts';
import { permissionChecks } from './permission-checks.ts';

/** All checks of a cluster. The first failure to connect leaves nothing more to check. */
export async function* kafkaChecks(
  options: KafkaOptions | undefined,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  if (options === undefined) {
    yield skipped('kafka', 'not checked: use --bootstrap-server HOST:PORT');
    return;
  }
  let kafka;
  try {
    kafka = await connectKafka({ ...options, ...patience });
  } catch (error) {
    yield failed('kafka', error);
    return;
  }
  await using client = kafka;
  yield* await brokerChecks(client, options, signal);
  yield await protocolCheck(client, signal);
  // Metadata comes from any broker that answers.
  let topics;
  try {
    topics = await client.topics();
  } catch (error) {
    yield failed('topics', error);
    return;
  }
  yield* partitionChecks(topics);
  yield* await permissionChecks(client, topics, signal);
}
