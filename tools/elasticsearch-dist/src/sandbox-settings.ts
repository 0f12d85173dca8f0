/** Elasticsearch settings by name. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** What of a sandbox's settings its user decides. */
export interface SettingsChoice {
  readonly security: boolean;
  readonly threadPoolWriteQueueSize: number | undefined;
  /** Whether this build has the module that downloads a database of places; a setting of an absent module is an error. */
  readonly hasGeoip: boolean;
  readonly settings: Settings;
}

/** What every sandbox has in common, in a container or not; the user's own settings win. */
export function sandboxSettings(choice: SettingsChoice): Settings {
  return {
    'cluster.name': 'kops-sandbox',
    'node.name': 'sandbox',
    'discovery.type': 'single-node',
    // A full disk of a developer's machine would otherwise turn indices read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'xpack.ml.enabled': false,
    'xpack.security.enabled': choice.security,
    'xpack.security.autoconfiguration.enabled': false,
    'xpack.security.enrollment.enabled': false,
    // On the loopback interface there is nobody to hide from.
    'xpack.security.http.ssl.enabled': false,
    'xpack.security.transport.ssl.enabled': false,
    ...(choice.hasGeoip ? { 'ingest.geoip.downloader.enabled': false } : {}),
    ...(choice.threadPoolWriteQueueSize === undefined
      ? {}
      : { 'thread_pool.write.queue_size': choice.threadPoolWriteQueueSize }),
    ...choice.settings,
  };
}

/** Settings as the text of an elasticsearch.yml; every value of JSON is one of YAML. */
export function formatSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

/**
 * Else a new server soon writes its built-in roles to an index of its own, only to be listed; until that can be used, a
 * moment after the server began to answer, it refuses the right password.
 */
export const withoutListedRoles = '-Des.queryable_built_in_roles_enabled=false';

/**
 * The text of a jvm.options. The smallest collector, and a heap that is taken when it is used: the server lives for
 * minutes beside whatever is tested with it. The rest is what the distribution's own file says and the server relies on.
 */
export function formatJvmOptions(heapMegabytes: number, more: readonly string[]): string {
  const method = 'java/lang/invoke/MethodHandle';
  return [
    `-Xms${String(heapMegabytes)}m`,
    `-Xmx${String(heapMegabytes)}m`,
    '-XX:-AlwaysPreTouch',
    '-XX:+UseSerialGC',
    // Not the system's folder: the server may read all of its own, and refuses to start where its code is inside it.
    '-Djava.io.tmpdir=${ES_TMPDIR}',
    '-Djava.awt.headless=true',
    withoutListedRoles,
    '--add-modules=jdk.incubator.vector',
    '23-:-XX:CompileCommand=quiet',
    `23-:-XX:CompileCommand=dontinline,${method}.setAsTypeCache`,
    `23-:-XX:CompileCommand=dontinline,${method}.asTypeUncached`,
    '-Dorg.apache.lucene.store.defaultReadAdvice=normal',
    '-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1',
    '-XX:+ExitOnOutOfMemoryError',
    ...more,
    '',
  ].join('\n');
}
