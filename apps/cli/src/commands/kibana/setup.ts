import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { defaultPrefix } from '@kops/catalog';
import {
  importSavedObjects,
  savedObjects,
  toNdjson,
  type ImportReport,
  type KibanaSettings,
  type SavedObject,
} from '@kops/catalog/kibana';
import { writeNotice } from '../../output/notice.ts';
import { KopsCommand, type FlagsOf } from '../../kops-command.ts';
import { FileOutput } from '../../output/file-output.ts';

interface SetupResult {
  /** Whether the objects are in Kibana now. */
  readonly imported: boolean;
  readonly prefix: string;
  readonly url: string | null;
  readonly space: string | null;
  readonly kibanaVersion: string | null;
  /** File that the objects were written to. */
  readonly output: string | null;
  readonly objects: readonly { readonly type: string; readonly id: string; title: string }[];
}

export default class KibanaSetup extends KopsCommand<typeof KibanaSetup, SetupResult> {
  static override summary =
    'Import the data views, saved searches and dashboards of the catalog into Kibana.';
  static override description =
    'Uses the saved objects API of Kibana 9, replaces the objects of an earlier run, and waits for a Kibana that is starting. Set the user, password or API key with kibana.* in the configuration or with KOPS_KIBANA_USERNAME, KOPS_KIBANA_PASSWORD, KOPS_KIBANA_API_KEY; set a CA certificate with kibana.caFile. Plain http is accepted for this host only.\n\n' +
    'Exit codes: 0 ok, 2 usage, 12 Kibana before version 9, 30 Kibana unreachable, not ready, or rejects objects, 31 denied, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --kibana-url http://localhost:5601',
    '<%= config.bin %> <%= command.id %> --kibana-url https://kibana.example.com:5601 --space backup --json',
    '<%= config.bin %> <%= command.id %> --output kops.ndjson',
  ];
  static override flags = {
    'kibana-url': Flags.string({
      summary: 'URL of Kibana, including its base path.',
      helpValue: 'URL',
    }),
    space: Flags.string({
      summary: 'Id of the target space. Default: the default space.',
      helpValue: 'ID',
    }),
    output: Flags.string({
      summary: 'Write the objects to this file as NDJSON and import nothing.',
      helpValue: 'FILE',
      exclusive: ['kibana-url', 'space'],
    }),
    'dry-run': Flags.boolean({ summary: 'Print the objects and import nothing.' }),
  };

  protected override settingsOf(flags: FlagsOf<typeof KibanaSetup>): Record<string, unknown> {
    return { 'kibana.url': flags['kibana-url'], 'kibana.space': flags.space };
  }

  protected async execute(signal: AbortSignal): Promise<SetupResult> {
    const prefix = this.settings.catalog.prefix ?? defaultPrefix;
    const objects = savedObjects(prefix);
    const { output, 'dry-run': isDryRun } = this.flags;
    const path = output === undefined ? null : resolve(output);
    if (path !== null && !isDryRun) await writeObjects(path, objects);
    const report = path === null && !isDryRun ? await this.#import(objects, signal) : undefined;
    this.print(renderObjects(objects, { report, path, isDryRun }));
    return {
      imported: report !== undefined,
      prefix,
      url: report?.url ?? null,
      space: report?.space ?? null,
      kibanaVersion: report?.kibanaVersion ?? null,
      output: path,
      objects: objects.map((object) => ({
        type: object.type,
        id: idIn(report, object),
        title: titleOf(object),
      })),
    };
  }

  async #import(objects: readonly SavedObject[], signal: AbortSignal): Promise<ImportReport> {
    const { kibana = {} } = this.settings;
    const url = this.required(kibana.url, '--kibana-url', 'kibana.url');
    const given = Object.entries(kibana).filter(([, value]) => value !== undefined);
    const settings = { ...Object.fromEntries(given), url } as KibanaSettings;
    return importSavedObjects(settings, toNdjson(objects), {
      signal,
      onWait: () => writeNotice('Waiting for Kibana: it is not ready yet.'),
    });
  }
}

/** What lay there is replaced by all of them, or stays. @throws KOPS_ACCESS_DENIED, KOPS_NO_SPACE, KOPS_USAGE when the place is none */
async function writeObjects(path: string, objects: readonly SavedObject[]): Promise<void> {
  await using file = await FileOutput.create(path, { overwrite: true });
  file.stream.write(toNdjson(objects));
  await file.finish();
}

/** Id that Kibana gave an object: another one where an object of another space has its id. */
function idIn(report: ImportReport | undefined, { type, id }: SavedObject): string {
  const found = report?.objects.find((taken) => taken.type === type && taken.id === id);
  return found?.destinationId ?? id;
}

const titleOf = ({ attributes }: SavedObject): string =>
  String(attributes['name'] ?? attributes['title']);

const nouns = [
  ['index-pattern', 'data views'],
  ['search', 'saved searches'],
  ['lens', 'panels'],
  ['dashboard', 'dashboards'],
] as const;

function describeCounts(objects: readonly SavedObject[]): string {
  return nouns
    .map(([type, noun]) => {
      const many = objects.filter((object) => object.type === type).length;
      return `${String(many)} ${noun}`;
    })
    .join(', ');
}

function renderObjects(
  objects: readonly SavedObject[],
  done: {
    readonly report: ImportReport | undefined;
    readonly path: string | null;
    readonly isDryRun: boolean;
  },
): string[] {
  const { report, path, isDryRun } = done;
  const counts = describeCounts(objects);
  if (isDryRun)
    return [`Would import ${counts}.`, ...objects.map((object) => `  ${titleOf(object)}`)];
  if (report === undefined) return [`Wrote ${counts} to ${String(path)}`];
  const version = report.kibanaVersion === undefined ? '' : ` ${report.kibanaVersion}`;
  const space = report.space === 'default' ? '' : `/s/${report.space}`;
  return [
    `Kibana${version}, space ${report.space}: ${counts}`,
    ...objects
      .filter(({ type }) => type === 'dashboard')
      .map(
        (object) =>
          `  ${report.url}${space}/app/dashboards#/view/${idIn(report, object)}  ${titleOf(object)}`,
      ),
  ];
}
