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
  static override summary = 'Write records of an archive as documents, one a line.';
  static override description =
    'Each line is the JSON document that the catalog has of a record, by the rules of catalog.records with their masks (at level full and with whole values where no rule is for its topic), with _id and _index before its fields. ' +
    'Goes to stdout, for Logstash or other programs, or to a file, which appears when it is whole. Records of aborted or unfinished transactions are left out. Needs no Elasticsearch.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive, topic or partition not found, 12 a rule keeps the topic out, or the file is there, 20 damaged data, 30 storage or schema registry unreachable, 31 denied, 32 no space, 130 interrupted.';
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
    from: instant({ summary: 'Only records of this time or later.', helpValue: 'TIME' }),
    to: instant({ summary: 'Only records before this time.', helpValue: 'TIME' }),
    'from-offset': offset({
      summary: 'Only records of this offset or later; with --partition, of one topic.',
      helpValue: 'N',
      dependsOn: ['partition'],
    }),
    'to-offset': offset({
      summary: 'Only records before this offset; with --partition, of one topic.',
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
        'How much of a record is written; masks hold all the same. Default: as the rule of its topic says, else full.',
    })(),
    'max-value-bytes': size({
      summary:
        'Cut longer values, e.g. at 64KiB. Default: as the rule of the topic says, else values are whole.',
      helpValue: 'SIZE',
    }),
    output: Flags.string({
      summary: 'Write to this file; one that is there is refused. - is stdout, the default.',
      helpValue: 'FILE',
    }),
    overwrite: Flags.boolean({
      summary: 'Replace the file if it is there.',
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
      throw new KopsError('KOPS_USAGE', '--overwrite goes with a file, and --output - is none', {
        hint: 'Give --output FILE, or leave --overwrite out.',
      });
    }
    if (path === undefined && this.jsonEnabled()) {
      throw new KopsError('KOPS_USAGE', '--json tells of a file, and there is none', {
        hint: 'Give --output FILE, or leave --json out: stdout is a JSON object a line.',
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
      throw new KopsError('KOPS_USAGE', 'offsets are those of one partition of one topic', {
        hint: 'Name one topic with --topics.',
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
  cut === 0 ? '' : `; ${formatCount(cut)} with a part cut (kops.truncated says which)`;
