import { failureSchema, jsonSchemas } from './json-schemas.ts';

/** Names of offsets and of times of records, wherever they stand. */
const places =
  /^(offset|timestamp|maxTimestamp|logStart|cut|highWatermark|lastStableOffset|resumeOffset|from|to|(source|target)(Start|End|Offset))$/;
/** Names of counts and sizes. */
const amounts =
  /^(records|bytes|holes|scanned|total|documents|segments|batches)$|(Bytes|Records|Ms)$/;
/** What is not ours to word: documents of the catalog, and values of settings and configs. */
const foreign: ReadonlySet<string> = new Set([
  'fields',
  'value',
  'configs',
  'fillConfigs',
  'finalConfigs',
]);

/** Where a document breaks the rule for numbers: `path: why`, none when it holds. */
export function numberMistakes(value: unknown, path = '', name = ''): string[] {
  if (typeof value === 'number')
    return places.test(name) ? [`${path}: a place in a log is a decimal string`] : [];
  if (typeof value === 'string')
    return amounts.test(name) && /^-?\d+$/.test(value) ? [`${path}: an amount is a number`] : [];
  if (typeof value !== 'object' || value === null) return [];
  // The document of `export` has a count that is called cut.
  if ('documents' in value && 'cut' in value) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    foreign.has(key)
      ? []
      : numberMistakes(below, `${path}/${key}`, Array.isArray(value) ? name : key),
  );
}

/** The command that arguments begin with, as it is typed. */
function commandOf(args: readonly string[]): string {
  const two = args.slice(0, 2).join(' ');
  return Object.hasOwn(jsonSchemas, two) ? two : (args[0] ?? '');
}

/** Checks what `--json` printed against the schema of its command and the rule for numbers. @throws where it differs */
export function checkJson(args: readonly string[], document: unknown): void {
  const command = commandOf(args);
  const isFailure =
    typeof document === 'object' && document !== null && Object.keys(document).join() === 'error';
  const schema = isFailure ? failureSchema : jsonSchemas[command];
  if (schema === undefined) throw new Error(`no schema for kops ${command}`);
  const { error } = schema.safeParse(document);
  const mistakes = [
    ...(error?.issues ?? []).map(({ path, message }) => `/${path.join('/')}: ${message}`),
    ...numberMistakes(document),
  ];
  if (mistakes.length > 0)
    throw new Error(
      `--json of kops ${command} is not as docs/schemas says:\n${mistakes.join('\n')}`,
    );
}
