/** What the reference says of a setting. */
export interface SettingText {
  readonly about: string;
  /** A value as it is written in YAML. */
  readonly example: string;
}

const text = (about: string, example: string): SettingText => ({ about, example });

const tls: Readonly<Record<string, SettingText>> = {
  caFile: text(
    'CA certificate that signed the certificate of the other side.',
    '/etc/kops/tls/ca.pem',
  ),
  certFile: text('Certificate that is presented (mTLS).', '/etc/kops/tls/kops.pem'),
  keyFile: text('Private key of certFile.', '/etc/kops/tls/kops.key'),
  passphrase: text('Passphrase of keyFile.', '${TLS_PASSPHRASE}'),
  servername: text(
    'Host name that the certificate must have, where it is not the one connected to.',
    'kafka.example.com',
  ),
  rejectUnauthorized: text('false accepts any certificate. For tests only.', 'true'),
};

const withTls = (at: string, about: string): Record<string, SettingText> => ({
  [at]: text(about, 'true'),
  ...Object.fromEntries(Object.entries(tls).map(([key, value]) => [`${at}.${key}`, value])),
});

const topics = text(
  'Topics that are backed up: names and globs. Without it: all but those of Kafka itself.',
  "[orders, 'payments-*']",
);
const exclude = text('Topics that are left out of these.', "['*-tmp']");
const expectPurge = text(
  'Topics whose records are expected to be deleted before they are captured: recorded in the archive, and no loss.',
  "['*-repartition']",
);
const isolation = text(
  'Where a backup cuts: at the last stable offset, or at the high watermark.',
  'read_committed',
);
const generationIntervalMs = text('Time between archives of a follow.', '5m');
const outageLimitMs = text(
  'How long a follow retries when Kafka is unreachable before it fails. Without it: without end.',
  '1h',
);

const cluster = (at: string): Record<string, SettingText> => ({
  [`${at}.bootstrapServers`]: text('Brokers to connect to first.', '[kafka-1:9092, kafka-2:9092]'),
  [`${at}.clientId`]: text(
    'Client id, as quotas and request logs of the brokers show it. Default: kops.',
    'kops',
  ),
  ...withTls(`${at}.tls`, 'TLS: true, or files. With true the authorities of Node are trusted.'),
  [`${at}.sasl.mechanism`]: text('SASL mechanism.', 'scram-sha-512'),
  [`${at}.sasl.username`]: text('User.', 'backup'),
  [`${at}.sasl.password`]: text('Password.', '${KAFKA_PASSWORD}'),
});

/** By path; names of one's own are NAME. */
export const settingTexts: Readonly<Record<string, SettingText>> = {
  ...cluster('cluster'),
  repository: text(
    'Repository, or one for each copy. A directory or file:///absolute/path.',
    '/backups/kafka',
  ),
  'backup.topics': topics,
  'backup.exclude': exclude,
  'backup.expectPurge': expectPurge,
  'backup.ack': text('When data counts as archived: sync, when all copies have it.', 'sync'),
  'backup.isolation': isolation,
  'backup.segmentBytes': text('Size at which a segment is sealed.', '256MiB'),
  'backup.fileMode': text('Permissions of the files of a repository.', "'0640'"),
  'backup.generationIntervalMs': generationIntervalMs,
  'backup.outageLimitMs': outageLimitMs,
  'archiver.listen': text('Where kops archiver listens.', '0.0.0.0:7443'),
  'archiver.address': text(
    'Archiver that backups run on. Without it a backup runs in the process of the command.',
    'archiver.example.com:7443',
  ),
  'archiver.secret': text(
    'Secret that archiver, agents and command lines share.',
    '${ARCHIVER_SECRET}',
  ),
  ...withTls(
    'archiver.tls',
    'TLS between archiver, agents and command lines. Needed except on loopback and unix sockets.',
  ),
  'agent.host': text('Name of the host of the agent. Default: the host name.', 'kafka-1'),
  'agent.rack': text('Rack of the agent.', 'a'),
  'agent.brokers': text(
    'Ids of the brokers on the host of the agent: it captures the partitions that they lead.',
    '[1]',
  ),
  'agent.archiver': text(
    'Archiver that the agent joins. Default: archiver.address.',
    'archiver.example.com:7443',
  ),
  ...cluster('clusters.NAME'),
  'repositories.NAME': text('Repository that an archiver knows by this name.', '/backups/kafka'),
  'backups.NAME.cluster': text('Cluster, by its name in clusters.', 'main'),
  'backups.NAME.repositories': text('Repositories, by their names in repositories.', '[main]'),
  'backups.NAME.topics': topics,
  'backups.NAME.exclude': exclude,
  'backups.NAME.expectPurge': expectPurge,
  'backups.NAME.isolation': isolation,
  'backups.NAME.follow': text('Follow the topics; else a snapshot every intervalMs.', 'false'),
  'backups.NAME.generationIntervalMs': generationIntervalMs,
  'backups.NAME.outageLimitMs': outageLimitMs,
  'backups.NAME.intervalMs': text(
    'Time from the start of a snapshot to the start of the next. Not with follow.',
    '24h',
  ),
  'catalog.elasticsearch.node': text(
    'Elasticsearch of the catalog, or the nodes of its cluster. Without it and cloudId there is no catalog.',
    'https://es.example.com:9200',
  ),
  'catalog.elasticsearch.cloudId': text(
    'Id of a deployment of Elastic Cloud, in place of node.',
    'kops:ZXVyb3BlLmV4YW1wbGU=',
  ),
  'catalog.elasticsearch.username': text('User.', 'kops'),
  'catalog.elasticsearch.password': text('Password.', '${ES_PASSWORD}'),
  'catalog.elasticsearch.apiKey': text('API key, in place of a user.', '${ES_API_KEY}'),
  'catalog.elasticsearch.caFile': text(
    'CA certificate that signed the server certificate.',
    '/etc/kops/tls/es-ca.pem',
  ),
  'catalog.elasticsearch.tlsVerification': text(
    'What is checked of the certificate: all, not its host name, or nothing. Default: full.',
    'full',
  ),
  'catalog.elasticsearch.allowInsecure': text('Allow plain http to another host.', 'false'),
  'catalog.elasticsearch.requestTimeoutMs': text(
    'Longest wait for an answer. Default: 30s.',
    '30s',
  ),
  'catalog.prefix': text('What the names of indices begin with. Default: kops.', 'kops'),
  'catalog.records': text(
    'Which records are indexed and what of them, by topic: see CATALOG.md.',
    "[{ topics: orders, level: full }, { topics: '*', level: metadata }]",
  ),
  'catalog.hashKey': text('Key of the hashes of masked values.', '${HASH_KEY}'),
  'catalog.stateDirectory': text(
    'Directory in which the indexer keeps how far it is. Default: kops/catalog in XDG_STATE_HOME, or in ~/.local/state.',
    '/var/lib/kops/catalog',
  ),
  'catalog.schemaRegistry.url': text(
    'Schema registry that values and keys are decoded with.',
    'https://registry.example.com:8081',
  ),
  'catalog.schemaRegistry.username': text('User.', 'kops'),
  'catalog.schemaRegistry.password': text('Password.', '${REGISTRY_PASSWORD}'),
  'catalog.schemaRegistry.caFile': text(
    'CA certificate that signed the certificate of the registry.',
    '/etc/kops/tls/registry-ca.pem',
  ),
  'catalog.schemaRegistry.allowInsecure': text('Allow plain http to another host.', 'false'),
  'kibana.url': text('Kibana that kops kibana setup writes to.', 'https://kibana.example.com:5601'),
  'kibana.space': text('Id of the space. Default: the default space.', 'backup'),
  'kibana.username': text('User.', 'kops'),
  'kibana.password': text('Password.', '${KIBANA_PASSWORD}'),
  'kibana.apiKey': text('API key, in place of a user.', '${KIBANA_API_KEY}'),
  'kibana.caFile': text(
    'CA certificate that signed the server certificate.',
    '/etc/kops/tls/kibana-ca.pem',
  ),
  'kibana.allowInsecure': text('Allow plain http to another host.', 'false'),
  'logging.level': text('What standing archivers and agents log.', 'info'),
};
