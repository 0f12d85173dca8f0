import { Args, Flags } from '@oclif/core';
import { errorToJson, formatCount, KopsError, toKopsError } from '@kops/core';
import type { Archive } from '@kops/repository';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { ProgressLine, type ProgressState } from '../output/progress.ts';
import { describeFailure, ReportedFailure, reportFailure } from '../output/report-failure.ts';
import { terminalView } from '../output/terminal-view.ts';
import { standardOutput } from '../output/standard-streams.ts';
import { Findings } from '../records/findings.ts';
import { findRecords, type FindListener, type ScanProgress } from '../records/find-records.ts';
import { lossNotes } from '../records/loss-notes.ts';
import { matchedLine, type PlacedRecord } from '../records/matched-line.ts';
import { RecordMatcher } from '../records/record-matcher.ts';
import { RecordWriter } from '../records/record-writer.ts';
import { scannedPartitions } from '../records/scan-segments.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { openConfiguredArchive } from '../settings/connections.ts';
import { archive, cluster, repository, topicNames } from '../settings/flags.ts';
import { instant } from '../settings/value-flags.ts';

export default class Grep extends KopsCommand<typeof Grep, void> {
  static override summary = 'Find records by scanning the segments of an archive.';
  static override description =
    'Does not need a catalog. Searches keys, values and headers for the exact bytes of the text, or for a regular expression with --regexp. Prints one line per record: partition, offset, time, key, value, headers; of long values only the text around the match (the whole value with --format ndjson). ' +
    'Reports a damaged segment and continues with the next one.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 nothing found, or archive or topic not found, 20 damaged data, 30 storage unreachable, 31 denied, 130 interrupted.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'order-4711' --repository /backups/kafka --topics orders",
    "<%= config.bin %> <%= command.id %> 'c-4[0-9]+' --regexp --value-only --from 2026-03-01 --to 2026-03-02 --repository /backups/kafka --archive latest",
  ];
  static override args = {
    pattern: Args.string({
      required: true,
      description: 'Text to search for; quote it for the shell.',
    }),
  };
  static override flags = {
    repository,
    archive,
    cluster,
    topics: topicNames,
    partition: Flags.integer({ summary: 'Only this partition.', helpValue: 'N', min: 0 }),
    from: instant({ summary: 'Only records with this timestamp or later.', helpValue: 'TIME' }),
    to: instant({
      summary: 'Only records with an earlier timestamp than this.',
      helpValue: 'TIME',
    }),
    regexp: Flags.boolean({
      summary: 'The pattern is a regular expression (JavaScript, flag u).',
    }),
    'ignore-case': Flags.boolean({ summary: 'Ignore upper and lower case.' }),
    'key-only': Flags.boolean({ summary: 'Search keys only.', exclusive: ['value-only'] }),
    'value-only': Flags.boolean({ summary: 'Search values only.' }),
    limit: Flags.integer({ summary: 'Stop after this number of records.', helpValue: 'N', min: 1 }),
    isolation: Flags.option({
      options: ['read_committed', 'read_uncommitted'] as const,
      default: 'read_committed' as const,
      summary: 'read_committed skips records of aborted and unfinished transactions.',
    })(),
    format: Flags.option({
      aliases: ['output'],
      options: ['text', 'ndjson'] as const,
      default: 'text' as const,
      summary: 'Text lines, or one JSON object per line.',
      exclusive: ['json'],
    })(),
  };

  readonly #progress = new ProgressLine();

  protected override settingsOf(flags: FlagsOf<typeof Grep>): Record<string, unknown> {
    return commonSettings(flags);
  }

  /** The records are written one by one, also as JSON. */
  override logJson(): void {
    // Nothing is left to write.
  }

  protected async execute(signal: AbortSignal): Promise<void> {
    const {
      regexp,
      'ignore-case': ignoreCase,
      'key-only': keys,
      'value-only': values,
    } = this.flags;
    const matcher = new RecordMatcher({
      pattern: (await this.parse(Grep)).args.pattern,
      isRegexp: regexp,
      ignoreCase,
      parts: keys ? 'key' : values ? 'value' : 'all',
    });
    const archive = this.reads(await openConfiguredArchive(this.settings, this.flags));
    const output = standardOutput();
    const view = terminalView();
    const writer = new RecordWriter<PlacedRecord>(
      output,
      this.jsonEnabled() ? 'json' : this.flags.format,
      (record) => matchedLine(record, matcher, view),
    );
    await this.#search(archive, matcher, new Findings(archive.ref.archive, writer, output), signal);
  }

  async #search(
    archive: Archive,
    matcher: RecordMatcher,
    findings: Findings,
    signal: AbortSignal,
  ): Promise<void> {
    const { topics, partition, from, to, isolation, limit } = this.flags;
    const errors: KopsError[] = [];
    const listener: FindListener = {
      onFound: (record, at) => {
        this.#progress.clear();
        return findings.add(record, at);
      },
      isEnough: () => findings.isGone || findings.count >= (limit ?? Number.POSITIVE_INFINITY),
      onRun: async (progress) => {
        await findings.flush();
        this.#progress.update(progressOf(progress, findings.count));
      },
      onDamage: (error) => {
        errors.push(error);
        this.#progress.note(describeFailure(error).trimEnd());
      },
    };
    const request = { topics, partition, from, to, isolation };
    for (const note of lossNotes(archive, scannedPartitions(archive, request)))
      this.#progress.note(note);
    let scanned: bigint;
    try {
      scanned = await findRecords(archive, request, (r) => matcher.matches(r), listener, signal);
    } catch (thrown) {
      this.#progress.clear();
      // What was printed stays whole, with the error at its end.
      if (!findings.isBegun) throw thrown;
      const error = this.worded(toKopsError(thrown));
      await findings.end({ error: { ...errorToJson(error), exit: error.exitCode } });
      throw new ReportedFailure(reportFailure(error, { json: false }));
    }
    this.#progress.clear();
    await this.#conclude(findings, scanned, errors);
  }

  async #conclude(
    findings: Findings,
    scanned: bigint,
    errors: readonly KopsError[],
  ): Promise<void> {
    if (findings.count === 0 && errors.length === 0) {
      throw new KopsError(
        'KOPS_RECORDS_NOT_FOUND',
        `none of ${formatCount(scanned)} records matches the pattern`,
        { hint: 'Check --topics, --from and --to, or use --ignore-case.' },
      );
    }
    await findings.end({
      scanned: Number(scanned),
      damaged: errors.map((error) => errorToJson(error)),
    });
    if (errors.length > 0) this.endWith(20);
  }
}

function progressOf({ done, total, records, at }: ScanProgress, found: number): ProgressState {
  return {
    label: 'grep',
    done,
    total,
    records,
    bytes: done,
    detail: `${at.topic}-${String(at.partition)}, ${formatCount(found)} found`,
  };
}
