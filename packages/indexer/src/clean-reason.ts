import { indexDefinitions, type Properties } from '@kops/catalog';

/** Errors that Elasticsearch words itself; others may be worded by a pipeline, out of the document. */
const ownTypes = new Set([
  'document_parsing_exception',
  'mapper_parsing_exception',
  'request_too_large',
  'strict_dynamic_mapping_exception',
  'version_conflict_engine_exception',
]);

const maxReason = 500;

/** Names of the records' fields and their types: all that may stand in brackets or quotes. */
const knownWords: ReadonlySet<string> = new Set(
  wordsOf(indexDefinitions.records.mappings.properties),
);

function* wordsOf(properties: Properties, prefix = ''): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    yield `${prefix}${name}`;
    yield name;
    if ('properties' in field) yield* wordsOf(field.properties, `${prefix}${name}.`);
    else yield field.type;
  }
}

/** Where in the request it was. */
const place = /^[0-9]+:[0-9]+$/;

/**
 * Why a document was refused, without anything of the document: Elasticsearch repeats values in its reasons, in brackets or
 * quotes, and these may hold brackets and quotes themselves. So the reason ends at the first that is no name of a field or type.
 * @param hasPipeline - Whether a pipeline may have worded the reason: then only Elasticsearch's own are kept.
 */
export function cleanReason(type: string, reason: string, hasPipeline: boolean): string {
  if (hasPipeline && !ownTypes.has(type)) return 'withheld: it may hold values of the record';
  const quoted = /\[([^\]]*)\]|'([^']*)'|"([^"]*)"|["'[\]{}]/g;
  for (const match of reason.matchAll(quoted)) {
    const word = match[1] ?? match[2] ?? match[3] ?? '';
    if (!knownWords.has(word) && !place.test(word))
      return `${reason.slice(0, match.index)}…`.slice(0, maxReason);
  }
  return reason.slice(0, maxReason);
}
