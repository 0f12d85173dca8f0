import { Flags } from '@oclif/core';
import { duration } from './value-flags.ts';

/** Kafka's own name for Kafka's own thing. */
export const bootstrapServer = Flags.string({
  summary: 'Brokers to connect to first: HOST:PORT[,HOST:PORT…].',
  helpValue: 'HOST:PORT[,…]',
});

/** `--repository`, once. */
export const repository = Flags.string({
  char: 'r',
  summary: 'Repository: a directory or file:///absolute/path.',
  helpValue: 'URL',
});

/** `--repository`, once per copy. */
export const repositories = Flags.string({
  char: 'r',
  multiple: true,
  multipleNonGreedy: true,
  summary: 'Repository; repeat the flag for more copies.',
  helpValue: 'URL',
});

/** `--archive`. */
export const archive = Flags.string({
  char: 'a',
  default: 'latest',
  summary: "Archive id, or 'latest'.",
  helpValue: 'ID',
});

/** `--cluster` where a repository holds several. */
export const cluster = Flags.string({
  summary: 'Cluster id, if the repository has archives of several clusters.',
  helpValue: 'ID',
});

/** Names and globs: with commas between them, or the flag given again. */
const nameLists = {
  multiple: true,
  multipleNonGreedy: true,
  delimiter: ',',
  helpValue: 'GLOB[,…]',
} as const;

/** The one that is called `--topics` everywhere is found as `--topic`, too. */
const topicAliases = ['topic'];

/** `--topics`. */
export const topics = Flags.string({
  ...nameLists,
  aliases: topicAliases,
  summary: 'Topics: names and globs (* and ?), comma-separated.',
});

/** `--exclude`, of what `--topics` takes. */
export const exclude = Flags.string({
  ...nameLists,
  summary: 'Topics to exclude: names and globs, comma-separated.',
});

/** `--expect-purge`. */
export const expectPurge = Flags.string({
  ...nameLists,
  summary: 'Topics whose records may be deleted before they are captured: not counted as a loss.',
});

/** `--topics`, where several may be shown. */
export const topicNames = Flags.string({
  ...nameLists,
  aliases: topicAliases,
  summary: 'Only these topics: names and globs, comma-separated.',
});

/** `--topics` of a command that has no other default than none. */
export const requiredTopicNames = Flags.string({
  ...nameLists,
  aliases: topicAliases,
  summary: 'Topics: names and globs, comma-separated.',
  required: true,
});

/** `--report-dir`. */
export const reportDir = Flags.string({
  summary: 'Directory for the report; created if it does not exist.',
  helpValue: 'DIR',
});

/** `--rpo` and `--rto`. */
export const rpo = duration({
  summary: 'Recovery point objective: an older archive misses it (exit 22).',
  helpValue: 'TIME',
});
export const rto = duration({
  summary: 'Recovery time objective: a longer restore misses it (exit 22).',
  helpValue: 'TIME',
});

/** `--sandbox`. */
export const sandbox = Flags.option({
  options: ['testcontainers', 'jvm', 'external'] as const,
  summary:
    'Throwaway Kafka: in a container, in Java on this machine, or the cluster of --bootstrap-server. Default: a container if a Docker engine is running, otherwise Java.',
})();

/** `--groups`. */
export const groups = Flags.string({
  ...nameLists,
  summary:
    "Consumer groups whose offsets are set: names and globs, comma-separated, or 'none'. Default: all.",
});

/** `--elasticsearch`: the catalog's server. */
export const elasticsearch = Flags.string({
  summary: 'Elasticsearch of the catalog; credentials come from the configuration.',
  helpValue: 'URL',
});
