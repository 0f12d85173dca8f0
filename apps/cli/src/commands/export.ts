import { Flags } from '@oclif/core';
import { recordLevels } from '@kops/catalog';
import { counted, formatCount, KopsError } from '@kops/core';
import type { Archive } from '@kops/repository';
import { catalogPolicy, configuredRegistry } from '../catalog/catalog-settings.ts';
import { exportPolicy } from '../export/export-policy.ts';
import {
  exportRecords,
  type ExportCounts,
  type ExportProgress,
  type ExportSettings,
} from '../export/export-records.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { FileOutput } from '../output/file-output.ts';
import { writeNotice } from '../output/notice.ts';
import { ProgressLine } from '../output/progress.ts';
import { standardOutput } from '../output/standard-streams.ts';
import { TextOutput } from '../output/text-output.ts';
import { lossNotes } from '../records/loss-notes.ts';
import { scannedPartitions, type ScanRequest } from '../records/scan-segments.ts';
import { shownOffsets } from '../records/shown-offsets.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { openConfiguredArchive } from '../settings/connections.ts';
import { archive, cluster, repository, requiredTopicNames } from '../settings/flags.ts';
import { instant, offset, size } from '../settings/value-flags.ts';

/** What was written. */
interface ExportResult {
  readonly archive: string;
  readonly topics: readonly string[];
  readonly documents: number;
  /** Documents that lack a part of their record for its size. */
  readonly cut: number;
  /** Absolute path. */
  readonly output: string;
}

export default class Export extends KopsCommand<typeof Export, ExportResult | undefined> {
  static override summary = 'Write records of an archive as JSON documents, one per line.';
  static override description =
    'Each line is the document that the catalog stores for a record, according to the rules and masks of catalog.records (level full and complete values if no rule matches the topic), with _id and _index before its fields. ' +
    'Writes to stdout, for Logstash or other programs, or to a file, which appears when it is complete. Skips records of aborted or unfinished transactions. Does not need Elasticsearch.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive, topic or partition not found, 12 a rule excludes the topic, or the file exists, 20 damaged data, 30 storage or schema registry unreachable, 31 denied, 32 no space, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --topics orders --format ndjson | logstash --path.config tools/logstash/pipeline.conf',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --topics orders --level metadata --output orders.ndjson',
  ];
  static override flags = {
    repository,
    archive,
    cluster,
    topics: requiredTopicNames,
    partition: Flags.integer({ summary: 'Only this partition.', helpValue: 'N', min: 0 }),
    from: instant({ summary: 'Only records with this timestamp or later.', helpValue: 'TIME' }),
    to: instant({
      summary: 'Only records with an earlier timestamp than this.',
      helpValue: 'TIME',
    }),
    'from-offset': offset({
      summary: 'Only records with this offset or later. Needs --partition and one topic.',
      helpValue: 'N',
      dependsOn: ['partition'],
    }),
    'to-offset': offset({
      summary: 'Only records before this offset. Needs --partition and one topic.',
      helpValue: 'N',
      dependsOn: ['partition'],
    }),
    format: Flags.option({
      options: ['ndjson'] as const,
      default: 'ndjson' as const,
      summary: 'A JSON object a line.',
    })(),
    level: Flags.option({
      options: recordLevels.filter((level) => level !== 'none'),
      summary:
        'How much of a record is written; masks still apply. Default: the level of the rule of its topic, or full.',
    })(),
    'max-value-bytes': size({
      summary:
        'Truncate longer values, for example at 64KiB. Default: the limit of the rule of the topic, or no limit.',
      helpValue: 'SIZE',
    }),
    output: Flags.string({
      summary: 'Write to this file; kops does not replace an existing file. Default: - (stdout).',
      helpValue: 'FILE',
    }),
    overwrite: Flags.boolean({
      summary: 'Replace the file if it exists.',
      dependsOn: ['output'],
    }),
  };

  protected override settingsOf(flags: FlagsOf<typeof Export>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<ExportResult | undefined> {
    // As with other programs, - is stdout.
    const path = this.flags.output === '-' ? undefined : this.flags.output;
    if (path === undefined && this.flags.overwrite) {
      throw new KopsError('KOPS_USAGE', '--overwrite needs --output FILE, got --output -', {
        hint: 'Use --output FILE, or remove --overwrite.',
      });
    }
    if (path === undefined && this.jsonEnabled()) {
      throw new KopsError('KOPS_USAGE', '--json needs --output FILE', {
        hint: 'Use --output FILE, or remove --json: stdout already has one JSON object per line.',
      });
    }
    const archive = this.reads(await openConfiguredArchive(this.settings, this.flags));
    const request = this.#request(archive);
    const partitions = scannedPartitions(archive, request);
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const offsets = { from: request.fromOffset, to: request.toOffset };
    for (const note of lossNotes(archive, partitions, offsets)) writeNotice(note);
    const settings = await this.#exportSettings(names);
    if (path === undefined) {
      const output = standardOutput();
      const counts = await this.#write(archive, request, settings, output, signal);
      if (!output.isGone) writeNotice(`${wrote(counts, names)}${cutText(counts)}`);
      return undefined;
    }
    await using file = await FileOutput.create(path, this.flags);
    const output = new TextOutput(file.stream);
    const counts = await this.#write(archive, request, settings, output, signal);
    await file.finish();
    this.print([`${wrote(counts, names)} to ${file.path}${cutText(counts)}`]);
    return { archive: archive.ref.archive, topics: names, ...counts, output: file.path };
  }

  /** @throws KOPS_TOPIC_NOT_FOUND; KOPS_USAGE for offsets that the archive does not show */
  #request(archive: Archive): ScanRequest {
    const { topics, partition, from, to } = this.flags;
    const { 'from-offset': fromOffset, 'to-offset': toOffset } = this.flags;
    const request: ScanRequest = { topics, partition, from, to };
    if (fromOffset === undefined && toOffset === undefined) return request;
    const [at, ...others] = scannedPartitions(archive, request);
    if (at === undefined || others.length > 0) {
      throw new KopsError('KOPS_USAGE', '--from-offset and --to-offset need exactly one topic', {
        hint: 'Use --topics NAME with one topic.',
      });
    }
    const offsets = shownOffsets(archive, at, { from: fromOffset, to: toOffset });
    return { ...request, fromOffset: offsets.from, toOffset: offsets.to };
  }

  /** Also finds out whether a rule keeps a topic out, before anything is written. */
  async #exportSettings(topics: readonly string[]): Promise<ExportSettings> {
    const { records, hashKey, prefix } = catalogPolicy(this.settings);
    const limits = { level: this.flags.level, maxValueBytes: this.flags['max-value-bytes'] };
    const policies = new Map(
      topics.map((topic) => [topic, exportPolicy(topic, records, limits)] as const),
    );
    const registry = configuredRegistry(this.settings);
    return {
      policyOf: (topic) => policies.get(topic) ?? exportPolicy(topic, records, limits),
      hashKey,
      prefix,
      // Loaded where it is needed: it brings the indexer along.
      decoder: registry && (await import('@kops/indexer')).registryDecoder(registry),
    };
  }

  async #write(
    archive: Archive,
    request: ScanRequest,
    settings: ExportSettings,
    output: TextOutput,
    signal: AbortSignal,
  ): Promise<ExportCounts> {
    const progress = new ProgressLine();
    const onProgress = ({ at, documents, done, total }: ExportProgress): void =>
      progress.update({
        label: 'export',
        done,
        total,
        records: BigInt(documents),
        detail: `${at.topic}-${String(at.partition)}`,
      });
    // What is whole is handed over, also before an error.
    await using _handedOver = {
      [Symbol.asyncDispose]: (): Promise<void> => {
        progress.clear();
        return output.flush();
      },
    };
    return await exportRecords(archive, request, settings, output, onProgress, signal);
  }
}

const wrote = ({ documents }: ExportCounts, topics: readonly string[]): string =>
  `Exported ${counted(documents, 'record')} of ${topics.length === 1 ? `topic ${topics.join('')}` : `${formatCount(topics.length)} topics`}`;

const cutText = ({ cut }: ExportCounts): string =>
  cut === 0 ? '' : `; ${formatCount(cut)} truncated (see the field kops.truncated)`;
