import { Flags } from '@oclif/core';
import { errorToJson, formatTopicPartition, toKopsError } from '@kops/core';
import type { Archive } from '@kops/repository';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { writeNotice } from '../output/notice.ts';
import { ReportedFailure, reportFailure } from '../output/report-failure.ts';
import { shortened } from '../output/fit-text.ts';
import { standardOutput } from '../output/standard-streams.ts';
import { lossNotes } from '../records/loss-notes.ts';
import { terminalView } from '../output/terminal-view.ts';
import { printRecords, type RecordRange } from '../records/print-records.ts';
import { maxTail, tailStart } from '../records/tail-start.ts';
import { recordLine } from '../records/record-line.ts';
import { RecordWriter } from '../records/record-writer.ts';
import { shownOffsets } from '../records/shown-offsets.ts';
import type { ShownRecord } from '../records/shown-record.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { openConfiguredArchive } from '../settings/connections.ts';
import { archive, cluster, repository } from '../settings/flags.ts';
import { instant, offset } from '../settings/value-flags.ts';

export default class Cat extends KopsCommand<typeof Cat, void> {
  static override summary = 'Print records of an archived partition.';
  static override description =
    'Prints one line per record: offset, time, key, value, headers. UTF-8 is printed as text, other bytes as base64 with a prefix; control characters are escaped. ' +
    'Skips records of aborted or unfinished transactions unless --isolation is read_uncommitted. Memory use does not depend on the number of records. kops finds a record with the sparse index of its segment, without a scan.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive, topic or partition not found, 20 damaged data, 30 storage unreachable, 31 denied, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --topic orders --partition 0 --limit 10',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --topic orders --partition 0 --from-offset 1200 --format ndjson',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --topic orders --partition 0 --key order-4711 --from -2h --tail 5',
  ];
  static override flags = {
    repository,
    archive,
    cluster,
    topic: Flags.string({
      aliases: ['topics'],
      summary: 'Name of the topic in the source cluster.',
      helpValue: 'NAME',
      required: true,
    }),
    partition: Flags.integer({ summary: 'Partition.', helpValue: 'N', min: 0, required: true }),
    'from-offset': offset({
      summary: 'First offset. Default: the log start of the archive.',
      helpValue: 'N',
    }),
    from: instant({ summary: 'Only records with this timestamp or later.', helpValue: 'TIME' }),
    to: instant({
      summary: 'Only records with an earlier timestamp than this.',
      helpValue: 'TIME',
    }),
    key: Flags.string({ summary: 'Only records with this key.', helpValue: 'TEXT' }),
    limit: Flags.integer({
      aliases: ['count'],
      summary: 'Stop after this number of records.',
      helpValue: 'N',
      min: 0,
    }),
    tail: Flags.integer({
      summary: 'Only the last N of the records that match the other flags.',
      helpValue: 'N',
      min: 1,
      max: maxTail,
      exclusive: ['limit'],
    }),
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

  protected override settingsOf(flags: FlagsOf<typeof Cat>): Record<string, unknown> {
    return commonSettings(flags);
  }

  /** The records are written one by one, also as JSON. */
  override logJson(): void {
    // Nothing is left to write.
  }

  protected async execute(signal: AbortSignal): Promise<void> {
    const archive = this.reads(await openConfiguredArchive(this.settings, this.flags));
    const { topic, partition } = this.flags;
    const { logStart, cut } = archive.partition(topic, partition);
    const { from } = shownOffsets(
      archive,
      { topic, partition },
      { from: this.flags['from-offset'] },
    );
    const { limit: count, isolation, tail, key, from: fromTime, to: toTime } = this.flags;
    const range = { topic, partition, from, count, isolation, fromTime, toTime, key };
    const start = tail === undefined ? from : await tailStart(archive, range, tail, signal);
    for (const note of lossNotes(archive, [{ topic, partition }], { from: start }))
      writeNotice(note);
    await this.#print(archive, { ...range, from: start }, { logStart, cut }, signal);
  }

  async #print(
    archive: Archive,
    range: RecordRange,
    shown: { logStart: bigint; cut: bigint },
    signal: AbortSignal,
  ): Promise<void> {
    const output = standardOutput();
    const writer = new RecordWriter(
      output,
      this.jsonEnabled() ? 'json' : this.flags.format,
      lineFor(terminalView().columns),
    );
    const { topic, partition } = range;
    await writer.begin({
      archive: archive.ref.archive,
      topic,
      partition,
      logStart: String(shown.logStart),
      cut: String(shown.cut),
    });
    try {
      await printRecords(archive, range, writer, output, signal);
    } catch (thrown) {
      // What was printed stays whole, with the error at its end.
      const error = this.worded(toKopsError(thrown));
      await writer.end({ error: { ...errorToJson(error), exit: error.exitCode } });
      throw new ReportedFailure(reportFailure(error, { json: false }));
    }
    await writer.end();
    if (writer.count === 0 && range.count !== 0)
      writeNotice(
        `No record of ${formatTopicPartition({ topic, partition })} in archive ${archive.ref.archive} matches the flags.`,
      );
  }
}

/** A record as a line: on a terminal no longer than that is wide. */
const lineFor =
  (columns = Number.POSITIVE_INFINITY) =>
  (record: ShownRecord): string =>
    shortened(recordLine(record), columns);
