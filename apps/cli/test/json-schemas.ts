import { z } from 'zod';
import { archivesList, archivesShow, backup, indexReport } from './json-archives.ts';
import { count, exited, object, text } from './json-kinds.ts';
import { cat, exported, grep, search } from './json-records.ts';
import { catalogStatus, doctor, drill, estimate, restore, verify } from './json-reports.ts';

/*
 * What `--json` prints, by command: published as docs/schemas. Fields may be added; those here stay.
 */

const kibanaSetup = object({
  imported: z.boolean(),
  prefix: text,
  url: text.nullable(),
  space: text.nullable(),
  kibanaVersion: text.nullable(),
  output: text.nullable(),
  objects: z.array(object({ type: text, id: text, title: text })),
});

const configShow = z.array(object({ path: text, value: z.unknown(), source: text }));
const version = object({ kops: text, node: text, format: count });

/** The document of a failure. */
export const failureSchema = object({ error: exited });

/** The documents of the commands, by their names as typed. */
export const jsonSchemas: Readonly<Record<string, z.ZodType>> = {
  'archives list': archivesList,
  'archives show': archivesShow,
  backup,
  cat,
  'catalog rebuild': indexReport,
  'catalog status': catalogStatus,
  'config init': object({ output: text.nullable() }),
  'config show': configShow,
  doctor,
  drill,
  estimate,
  export: exported,
  grep,
  'kibana setup': kibanaSetup,
  restore,
  search,
  verify,
  version,
};

/** Commands that run until they are stopped and have no result. */
export const withoutResult: readonly string[] = ['agent', 'archiver'];
