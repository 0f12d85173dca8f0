/** What the reference says of a setting. */
export interface SettingText {
  readonly about: string;
  /** A value as it is written in YAML. */
  readonly example: string;
}

const text = (about: string, example: string): SettingText => ({ about, example });

const tls: Readonly<Record<string, SettingText>> = {
  caFile: text(
    'CA certificate that signed the certificate of the server or client.',
    '/etc/kops/tls/ca.pem',
  ),
  certFile: text('Client certificate (mTLS).', '/etc/kops/tls/kops.pem'),
  keyFile: text('Private key of certFile.', '/etc/kops/tls/kops.key'),
  passphrase: text('Passphrase of keyFile.', '${TLS_PASSPHRASE}'),
  servername: text(
    'Host name expected in the certificate, if it differs from the address.',
    'kafka.example.com',
  ),
  rejectUnauthorized: text('false accepts any certificate. For tests only.', 'true'),
};

const withTls = (at: string, about: string): Record<string, SettingText> => ({
  [at]: text(about, 'true'),
  ...Object.fromEntries(Object.entries(tls).map(([key, value]) => [`${at}.${key}`, value])),
});

const topics = text(
  'Topics to back up: names and globs. Default: all except internal topics of Kafka.',
  "[orders, 'payments-*']",
);
const exclude = text('Topics to exclude from these.', "['*-tmp']");
const expectPurge = text(
  'Topics whose records may be deleted before they are captured: recorded in the archive, not counted as a loss.',
  "['*-repartition']",
);
const isolation = text(
  'End of a backup: the last stable offset (read_committed) or the high watermark (read_uncommitted).',
  'read_committed',
);
const generationIntervalMs = text('With follow: time between archives.', '5m');
const outageLimitMs = text(
  'With follow: how long kops retries while Kafka is unreachable before the backup fails. Default: no limit.',
  '1h',
);

const cluster = (at: string): Record<string, SettingText> => ({
  [`${at}.bootstrapServers`]: text('Brokers to connect to first.', '[kafka-1:9092, kafka-2:9092]'),
  [`${at}.clientId`]: text(
    'Client id for quotas and request logs of the brokers. Default: kops.',
    'kops',
  ),
  ...withTls(
    `${at}.tls`,
    'TLS: true, or files. With true, the CA certificates of Node are trusted.',
  ),
  [`${at}.sasl.mechanism`]: text('SASL mechanism.', 'scram-sha-512'),
  [`${at}.sasl.username`]: text('User.', 'backup'),
  [`${at}.sasl.password`]: text('Password.', '${KAFKA_PASSWORD}'),
});

/** By path; names of one's own are NAME. */
export const settingTexts: Readonly<Record<string, SettingText>> = {
  ...cluster('cluster'),
  repository: text(
    'Repository, or a list with one for each copy. A directory or file:///absolute/path.',
    '/backups/kafka',
  ),
  'backup.topics': topics,
  'backup.exclude': exclude,
  'backup.expectPurge': expectPurge,
  'backup.ack': text('When data counts as archived: sync, as soon as all copies have it.', 'sync'),
  'backup.isolation': isolation,
  'backup.segmentBytes': text('Maximum size of a segment.', '256MiB'),
  'backup.fileMode': text('Permissions of the files of a repository.', "'0640'"),
  'backup.generationIntervalMs': generationIntervalMs,
  'backup.outageLimitMs': outageLimitMs,
  'archiver.listen': text('Address that kops archiver listens on.', '0.0.0.0:7443'),
  'archiver.address': text(
    'Archiver that runs backups. Default: each backup runs its own.',
    'archiver.example.com:7443',
  ),
  'archiver.secret': text('Secret shared by the archiver, agents and CLI.', '${ARCHIVER_SECRET}'),
  ...withTls(
    'archiver.tls',
    'TLS between the archiver, agents and CLI. Required except on loopback and Unix sockets.',
  ),
  'agent.host': text('Host name of the agent. Default: the host name of the machine.', 'kafka-1'),
  'agent.rack': text('Rack of the agent.', 'a'),
  'agent.brokers': text(
    'Ids of the brokers on the host of the agent. The agent captures the partitions that they lead.',
    '[1]',
  ),
  'agent.archiver': text(
    'Archiver that the agent connects to. Default: archiver.address.',
    'archiver.example.com:7443',
  ),
  ...cluster('clusters.NAME'),
  'repositories.NAME': text('Repository with the name NAME.', '/backups/kafka'),
  'backups.NAME.cluster': text('Name of the cluster in clusters.', 'main'),
  'backups.NAME.repositories': text('Names of the repositories in repositories.', '[main]'),
  'backups.NAME.topics': topics,
  'backups.NAME.exclude': exclude,
  'backups.NAME.expectPurge': expectPurge,
  'backups.NAME.isolation': isolation,
  'backups.NAME.follow': text(
    'true follows the topics; false takes a snapshot every intervalMs.',
    'false',
  ),
  'backups.NAME.generationIntervalMs': generationIntervalMs,
  'backups.NAME.outageLimitMs': outageLimitMs,
  'backups.NAME.intervalMs': text(
    'Time from the start of a snapshot to the start of the next. Only without follow.',
    '24h',
  ),
  'catalog.elasticsearch.node': text(
    'URL of the Elasticsearch of the catalog, or a list of its nodes. The catalog needs node or cloudId.',
    'https://es.example.com:9200',
  ),
  'catalog.elasticsearch.cloudId': text(
    'Id of an Elastic Cloud deployment, instead of node.',
    'kops:ZXVyb3BlLmV4YW1wbGU=',
  ),
  'catalog.elasticsearch.username': text('User.', 'kops'),
  'catalog.elasticsearch.password': text('Password.', '${ES_PASSWORD}'),
  'catalog.elasticsearch.apiKey': text(
    'API key, instead of username and password.',
    '${ES_API_KEY}',
  ),
  'catalog.elasticsearch.caFile': text(
    'CA certificate that signed the server certificate.',
    '/etc/kops/tls/es-ca.pem',
  ),
  'catalog.elasticsearch.tlsVerification': text(
    'Checks of the server certificate: full, certificate (no host name check) or none. Default: full.',
    'full',
  ),
  'catalog.elasticsearch.allowInsecure': text('Allow plain http to another host.', 'false'),
  'catalog.elasticsearch.requestTimeoutMs': text('Timeout of a request. Default: 30s.', '30s'),
  'catalog.prefix': text('Prefix of index names. Default: kops.', 'kops'),
  'catalog.records': text(
    'Rules by topic: which records are indexed, and which parts of them. See CATALOG.md.',
    "[{ topics: orders, level: full }, { topics: '*', level: metadata }]",
  ),
  'catalog.hashKey': text('Secret key for the hashes of masked values.', '${HASH_KEY}'),
  'catalog.stateDirectory': text(
    'Directory for the state of the indexer. Default: kops/catalog in XDG_STATE_HOME, or in ~/.local/state.',
    '/var/lib/kops/catalog',
  ),
  'catalog.schemaRegistry.url': text(
    'URL of the schema registry that decodes keys and values.',
    'https://registry.example.com:8081',
  ),
  'catalog.schemaRegistry.username': text('User.', 'kops'),
  'catalog.schemaRegistry.password': text('Password.', '${REGISTRY_PASSWORD}'),
  'catalog.schemaRegistry.caFile': text(
    'CA certificate that signed the certificate of the registry.',
    '/etc/kops/tls/registry-ca.pem',
  ),
  'catalog.schemaRegistry.allowInsecure': text('Allow plain http to another host.', 'false'),
  'kibana.url': text('URL of the Kibana for kops kibana setup.', 'https://kibana.example.com:5601'),
  'kibana.space': text('Id of the space. Default: the default space.', 'backup'),
  'kibana.username': text('User.', 'kops'),
  'kibana.password': text('Password.', '${KIBANA_PASSWORD}'),
  'kibana.apiKey': text('API key, instead of username and password.', '${KIBANA_API_KEY}'),
  'kibana.caFile': text(
    'CA certificate that signed the server certificate.',
    '/etc/kops/tls/kibana-ca.pem',
  ),
  'kibana.allowInsecure': text('Allow plain http to another host.', 'false'),
  'logging.level': text('Log level of archivers and agents.', 'info'),
};
