/** A user of the SASL listener. Also the user's name in ACLs: `User:<username>`. */
export interface SaslUser {
  readonly username: string;
  readonly password: string;
}

/** Ports of one node; those of listeners that were not asked for are absent. */
export interface NodePorts {
  readonly plaintext: number;
  readonly controller: number;
  readonly sasl?: number;
  readonly ssl?: number;
}

/** Files of the SSL listener, PEM. */
export interface BrokerCertificate {
  /** Private key and certificate in one file. */
  readonly keystore: string;
  readonly ca: string;
}

/** All that the properties of one node depend on. */
export interface NodeSettings {
  readonly id: number;
  readonly host: string;
  readonly nodes: readonly { readonly id: number; readonly ports: NodePorts }[];
  readonly logDir: string;
  readonly rack?: string;
  readonly sasl?: readonly SaslUser[];
  readonly ssl?: {
    readonly certificate: BrokerCertificate;
    readonly clientAuth: 'none' | 'required';
  };
  readonly superUsers?: readonly string[];
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Small, quick and strict: few threads and buffers, no pause before a consumer group starts, and no topics that come
 * into being because somebody asked for them. Nothing is deleted by age or size either: records of tests and archives are years
 * old, and a broker would look half a minute after its start for what it may delete.
 */
function sandboxDefaults(nodes: number): Record<string, string> {
  const replication = String(Math.min(3, nodes));
  return {
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '4',
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    'log.cleaner.io.buffer.size': String(128 * 1024),
    'auto.create.topics.enable': 'false',
    'log.initial.task.delay.ms': String(24 * 60 * 60 * 1000),
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'offsets.topic.num.partitions': '3',
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.num.partitions': '3',
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': '1',
    'default.replication.factor': '1',
    'broker.heartbeat.interval.ms': '500',
    'broker.session.timeout.ms': '4000',
  };
}

/** Quotes a value of a JAAS configuration. */
function jaasQuote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function saslProperties(users: readonly SaslUser[]): Record<string, string> {
  const prefix = 'listener.name.sasl_plaintext';
  const plainUsers = users
    .map((user) => `user_${user.username}=${jaasQuote(user.password)}`)
    .join(' ');
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${prefix}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required ${plainUsers};`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
  };
}

function sslProperties({
  certificate,
  clientAuth,
}: NonNullable<NodeSettings['ssl']>): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificate.keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificate.ca,
    'ssl.client.auth': clientAuth,
  };
}

function authorizerProperties(superUsers: readonly string[]): Record<string, string> {
  // The brokers talk to each other, and tests administer, over the PLAINTEXT listener, whose user is ANONYMOUS.
  const all = ['ANONYMOUS', ...superUsers].map((name) => `User:${name}`);
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': all.join(';'),
    'allow.everyone.if.no.acl.found': 'false',
  };
}

/** The properties of one node that is broker and controller at once. The caller's `config` wins. */
export function nodeProperties(settings: NodeSettings): Record<string, string> {
  const { id, host, nodes } = settings;
  const ports = nodes.find((node) => node.id === id)?.ports;
  if (ports === undefined) throw new RangeError(`node ${String(id)} is not one of the cluster's`);
  const client = [
    `PLAINTEXT://${host}:${String(ports.plaintext)}`,
    ...(ports.sasl === undefined ? [] : [`SASL_PLAINTEXT://${host}:${String(ports.sasl)}`]),
    ...(ports.ssl === undefined ? [] : [`SSL://${host}:${String(ports.ssl)}`]),
  ];
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': nodes
      .map((node) => `${String(node.id)}@${host}:${String(node.ports.controller)}`)
      .join(','),
    listeners: [...client, `CONTROLLER://${host}:${String(ports.controller)}`].join(','),
    'advertised.listeners': client.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL',
    'log.dirs': settings.logDir,
    ...(settings.rack === undefined ? {} : { 'broker.rack': settings.rack }),
    ...sandboxDefaults(nodes.length),
    ...(settings.sasl === undefined ? {} : saslProperties(settings.sasl)),
    ...(settings.ssl === undefined ? {} : sslProperties(settings.ssl)),
    ...(settings.superUsers === undefined ? {} : authorizerProperties(settings.superUsers)),
    ...settings.config,
  };
}

/** Writes properties as `java.util.Properties` reads them. */
export function formatProperties(properties: Readonly<Record<string, string>>): string {
  const escape = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return Object.entries(properties)
    .map(([name, value]) => `${name.replaceAll(/([ :=#!\\])/g, '\\$1')}=${escape(value)}\n`)
    .join('');
}
