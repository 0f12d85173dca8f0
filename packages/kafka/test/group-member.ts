import { spawnKafkaTool, type KafkaJars } from '@kops/kafka-dist';

/** A consumer of Kafka's own that sits in a group. */
export interface GroupMember extends AsyncDisposable {
  readonly isRunning: boolean;
}

/** Starts a Java consumer that joins a group by the classic or the new (KIP-848) protocol and stays. */
export async function joinGroup(
  kafka: { readonly bootstrapServers: string; readonly jars: KafkaJars },
  group: string,
  topic: string,
  protocol: string,
): Promise<GroupMember> {
  const properties = ['--consumer-property', `group.protocol=${protocol}`];
  const target = ['--bootstrap-server', kafka.bootstrapServers, '--topic', topic, '--group', group];
  const child = await spawnKafkaTool(
    kafka.jars,
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    [...target, ...properties],
    { stdout: 'ignore', stderr: 'ignore' },
  );
  return {
    get isRunning() {
      return !child.hasExited;
    },
    [Symbol.asyncDispose]: async () => {
      child.signal('SIGKILL');
      await child.exited;
    },
  };
}
