import { KopsError } from '@kops/core';
import { isObject, type Properties } from '../indices/mapping.ts';
import { recordIndex } from '../indices/record-index.ts';
import { queryRanges } from './query-ranges.ts';

/** Fields that Elasticsearch orders as numbers or times. It orders all others as text, also those of JSON values. */
const orderedFields: ReadonlySet<string> = new Set(
  numbersAndDates(recordIndex.mappings.properties),
);

function* numbersAndDates(properties: Properties, path = ''): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    if (isObject(field)) yield* numbersAndDates(field.properties, `${path}${name}.`);
    else if (field.type === 'long' || field.type === 'integer' || field.type === 'date')
      yield `${path}${name}`;
  }
}

/**
 * Refuses ranges of numbers over fields that are compared as text: `kafka.value.cents:[100 TO 200]` finds 1000 and 15 as well,
 * since "100" < "1000" < "15" < "200". A bound in quotes is meant as text and passes.
 * @throws KOPS_USAGE with the range and its field
 */
export function refuseNumberRangesOverText(query: string): void {
  for (const { field, text, bounds } of queryRanges(query)) {
    if (field !== undefined && orderedFields.has(field)) continue;
    if (!bounds.some(isNumber)) continue;
    throw new KopsError(
      'KOPS_USAGE',
      `the range ${text} cannot be searched: ${field ?? 'a field that is not named'} is compared as text, not as a number`,
      {
        hint:
          'Name the values (kafka.value.cents:(100 OR 200)), put both bounds in double quotes to compare as text, ' +
          "or select records with 'kops export' and a program that reads numbers.",
      },
    );
  }
}

function isNumber(bound: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(bound);
}
