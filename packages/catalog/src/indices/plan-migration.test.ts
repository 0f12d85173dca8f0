import { describe, expect, it } from 'vitest';
import { defineIndex } from './index-definition.ts';
import { indexDefinitions, indexTemplate } from './index-definitions.ts';
import { isObject, keyword, long, object, text, type Properties } from './mapping.ts';
import { compareMappings, planMigration, type LiveMapping } from './plan-migration.ts';

const first = defineIndex('drills', 1, { name: keyword, kops: object({ records: long }) });
const live = (definition = first) => JSON.parse(JSON.stringify(definition.mappings)) as LiveMapping;

describe('planMigration', () => {
  it('does nothing for the mapping of this release', () => {
    expect(planMigration('kops-drills-000001', live(), first)).toEqual({
      action: 'none',
      index: 'kops-drills-000001',
    });
  });

  it('puts fields that are new', () => {
    const second = defineIndex('drills', 2, {
      name: keyword,
      kops: object({ records: long, bytes: long }),
      note: text,
    });
    expect(planMigration('kops-drills-000001', live(), second)).toEqual({
      action: 'put-mapping',
      index: 'kops-drills-000001',
      added: ['kops.bytes', 'note'],
    });
  });

  it.each<[string, Properties, string]>([
    ['another type', { name: text, kops: object({ records: long }) }, 'name'],
    [
      'another limit',
      { name: { type: 'keyword', ignore_above: 10 }, kops: object({ records: long }) },
      'name',
    ],
    [
      'an object that was none',
      { name: object({ first: keyword }), kops: object({ records: long }) },
      'name',
    ],
    ['none that was an object', { name: keyword, kops: keyword }, 'kops'],
  ])('builds a new index for %s', (_, properties, field) => {
    const second = defineIndex('drills', 2, properties);
    expect(planMigration('kops-drills-000007', live(), second)).toEqual({
      action: 'reindex',
      index: 'kops-drills-000007',
      into: 'kops-drills~v2-000007',
      changed: [field],
    });
  });

  it('leaves fields alone that only the index has', () => {
    const fewer = defineIndex('drills', 1, { kops: object({ records: long }) });
    expect(planMigration('kops-drills-000001', live(), fewer).action).toBe('none');
    expect(compareMappings(live(), fewer.mappings.properties)).toEqual({ added: [], changed: [] });
  });

  it('refuses an index that a newer release made', () => {
    const newer = defineIndex('drills', 3, first.mappings.properties);
    expect(() => planMigration('kops-drills-000001', live(newer), first)).toThrow(
      /mapping version 3; this release supports versions up to 1/,
    );
  });

  it('refuses an index that is not its own', () => {
    expect(() => planMigration('kops-drills-000001', { properties: {} }, first)).toThrow(
      /was not created by kops/,
    );
    expect(() => planMigration('kops-drills', live(), first)).toThrow(/was not created by kops/);
  });
});

describe('the definitions', () => {
  const types = (fields: Properties): string[] =>
    Object.values(fields).flatMap((field) =>
      isObject(field) ? types(field.properties) : [field.type],
    );

  it.each(Object.values(indexDefinitions))(
    'of $kind use nothing that an Elasticsearch may lack',
    (definition) => {
      const allowed = ['keyword', 'text', 'long', 'integer', 'boolean', 'date', 'flattened'];
      expect(
        types(definition.mappings.properties).filter((type) => !allowed.includes(type)),
      ).toEqual([]);
      expect(definition.mappings.dynamic).toBe('strict');
      expect(
        Object.keys(definition.settings).filter((name) => /lifecycle|data_stream/.test(name)),
      ).toEqual([]);
    },
  );

  it('become templates that carry the version of the mapping', () => {
    const template = indexTemplate(indexDefinitions.records, 'kops');
    expect(template).toMatchObject({
      name: 'kops-records',
      index_patterns: ['kops-records-*'],
      template: { mappings: { _meta: { kops_mapping_version: 1 } } },
    });
  });
});
