/** Flags that several commands share. */
interface CommonFlags {
  readonly 'bootstrap-server'?: string | undefined;
  readonly repository?: string | undefined;
  readonly elasticsearch?: string | undefined;
}

/** The settings that these flags stand for. */
export function commonSettings(flags: CommonFlags): Record<string, unknown> {
  return {
    'cluster.bootstrapServers': flags['bootstrap-server'],
    'catalog.elasticsearch.node': flags.elasticsearch,
    // A list of one: a comma in a path is part of it.
    repository: flags.repository === undefined ? undefined : [flags.repository],
  };
}
