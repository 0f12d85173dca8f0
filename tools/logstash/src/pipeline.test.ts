import { readFileSync } from 'node:fs';
import {
  checkDocument,
  compilePolicy,
  createHasher,
  documentRecords,
  indexDefinitions,
  parseRecordRules,
  recordsAlias,
  type Properties,
} from '@kops/catalog';
import { describe, expect, it } from 'vitest';
import { allSteps, fieldNames, parsePipeline, PipelinePlugin } from './index.ts';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const files = ['pipeline.conf', 'pipeline-api-key.conf'];
const text = read('pipeline.conf');
const { mappings } = indexDefinitions.records;

/** Paths of a mapping, those of objects too. */
function pathsOf(properties: Properties, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, field]) => [
    prefix + name,
    ...('properties' in field ? pathsOf(field.properties, `${prefix}${name}.`) : []),
  ]);
}

const mapped = pathsOf(mappings.properties);

/** Fields that a line has beside those of its document. */
const lifted = ['_id', '_index'];

/** What is wrong with the fields of a pipeline. */
function faults(pipeline: string): string[] {
  const { named, kept } = fieldNames(parsePipeline(pipeline));
  const allowed = new Set([...mapped, ...lifted, ...lifted.map((name) => `@metadata.${name}`)]);
  const top = Object.keys(mappings.properties);
  const found = kept ?? new Set(['everything']);
  return [
    ...[...named].filter((name) => !allowed.has(name)).map((name) => `${name} is nowhere`),
    ...top.filter((name) => !found.has(name)).map((name) => `${name} is lost`),
    ...[...found].filter((name) => !top.includes(name)).map((name) => `${name} is let through`),
  ];
}

function plugin(name: string, pipeline = text): PipelinePlugin {
  const { input, filter, output } = parsePipeline(pipeline);
  const found = allSteps([...input, ...filter, ...output]).filter(
    (step) => step instanceof PipelinePlugin && step.name === name,
  );
  expect(found).toHaveLength(1);
  return found[0] as PipelinePlugin;
}

describe.each(files)('%s', (file) => {
  it('names the fields of the mapping and no others', () => {
    expect(fieldNames(parsePipeline(read(file))).named.size).toBeGreaterThanOrEqual(6);
    expect(faults(read(file))).toEqual([]);
  });

  it('writes under the id and to the alias of the line, and lets kops have its mapping', () => {
    const { settings } = plugin('elasticsearch', read(file));
    expect(settings).toMatchObject({
      action: 'index',
      index: '%{[@metadata][_index]}',
      document_id: '%{[@metadata][_id]}',
      data_stream: 'false',
      manage_template: 'false',
      ilm_enabled: 'false',
      ecs_compatibility: 'disabled',
    });
  });
});

describe('the pipeline', () => {
  it.each([
    ['"_id" =>', '"_idd" =>', '_idd is nowhere'],
    ['%{[@metadata][_index]}', '%{[@metadata][index]}', '@metadata.index is nowhere'],
    ['[kafka][timestamp] < 0', '[kafka][timestmap] < 0', 'kafka.timestmap is nowhere'],
    ['remove_field => ["@timestamp"]', 'remove_field => ["timestamp"]', 'timestamp is nowhere'],
    ['"^kops$"', '"^kop$"', 'kops is lost'],
    ['"^message$", ', '', 'message is lost'],
    ['"^kops$"]', '"^kops$", "^host$"]', 'host is let through'],
    ['"^kops$"]', '"^kops"]', '^kops is let through'],
    ['prune', 'noop', 'kafka is lost'],
  ])('with %s turned into %s is found out', (from, to, fault) => {
    expect(text).toContain(from);
    expect(faults(text.replace(from, to))).toContain(fault);
  });

  it('lets every field through that a document has', () => {
    const source = {
      cluster: 'c',
      topicId: 'ab'.repeat(16),
      topic: 'orders',
      partition: 0,
      archive: 'a',
      segment: 's',
    };
    const rules = parseRecordRules([{ topics: '*', level: 'full' }], { hasHashKey: true });
    const documentOf = documentRecords(source, compilePolicy(rules)('orders'), createHasher('key'));
    const record = {
      offset: 41n,
      timestamp: 1_700_000_000_000n,
      key: Buffer.from('k'),
      value: Buffer.from('{"a":1}'),
      headers: [{ key: 'h', value: null }],
    };
    const document = documentOf(record);
    expect(document).toBeDefined();
    const { kept } = fieldNames(parsePipeline(text));
    expect(new Set(Object.keys(document?.fields ?? {}))).toEqual(kept);
    expect(checkDocument(mappings, JSON.parse(JSON.stringify(document?.fields)) as never)).toEqual(
      [],
    );
    // The names that are lifted can be no fields of a document: the mapping is strict.
    const line = { ...document?.fields, _id: document?.id, _index: recordsAlias('orders', 'kops') };
    expect(checkDocument(mappings, line).map(({ field }) => field)).toEqual(lifted.toSorted());
  });

  it('takes the time away from exactly those records that have none', () => {
    const condition = parsePipeline(text).filter.flatMap((step) =>
      'condition' in step && step.condition.includes('<') ? [step.condition] : [],
    );
    expect(condition).toEqual([
      ['[kafka][timestamp]', '<', '0', 'or', '[kafka][timestamp]', '>', '253402300799999'],
    ]);
    const source = {
      cluster: 'c',
      topicId: 'ab'.repeat(16),
      topic: 't',
      partition: 0,
      archive: 'a',
      segment: 's',
    };
    const rules = parseRecordRules([{ topics: '*', level: 'metadata' }], { hasHashKey: true });
    const documentOf = documentRecords(source, compilePolicy(rules)('t'), createHasher('key'));
    for (const timestamp of [-1n, 0n, 253_402_300_799_999n, 253_402_300_800_000n, 2n ** 63n - 1n]) {
      const fields = documentOf({
        offset: 0n,
        timestamp,
        key: null,
        value: null,
        headers: [],
      })?.fields;
      const isTaken = timestamp < 0n || timestamp > 253_402_300_799_999n;
      expect('@timestamp' in (fields ?? {})).toBe(!isTaken);
    }
  });

  it('is the same for API keys but for how it logs in', () => {
    const own = (pipeline: string): string[] =>
      pipeline
        .split('\n')
        .filter(
          (line) => !/^ +(user|password|api_key|hosts|ssl_enabled) =>|^# {3}kops export/.test(line),
        );
    expect(own(read('pipeline-api-key.conf'))).toEqual(own(text));
    expect(plugin('elasticsearch', read('pipeline-api-key.conf')).settings).not.toHaveProperty(
      'user',
    );
    expect(plugin('elasticsearch').settings).not.toHaveProperty('api_key');
  });

  it('has an example for the server that writes fields of the mapping only', () => {
    const example = JSON.parse(read('example-ingest-pipeline.json')) as {
      processors: Record<string, { field: string }>[];
      on_failure: Record<string, { field: string }>[];
    };
    const fields = [...example.processors, ...example.on_failure].flatMap((step) =>
      Object.values(step).map(({ field }) => field),
    );
    expect(fields).toEqual(['message', 'kafka.value.state', 'kops.truncated']);
    const isMapped = (field: string): boolean =>
      mapped.includes(field) || field.startsWith('kafka.value.');
    expect(fields.filter((field) => !isMapped(field))).toEqual([]);
    expect(isMapped('kops.note')).toBe(false);
  });

  it('is refused with its line when it is no pipeline', () => {
    expect(() => parsePipeline('input { stdin { } }\nfilter { § }')).toThrow(/line 2/);
    expect(() => parsePipeline('inputs { }')).toThrow(/no section/);
    expect(() => parsePipeline('input { stdin { ')).toThrow(/ends too early/);
    expect(() => parsePipeline('input { stdin { a => 1 a => 2 } }')).toThrow(/set twice/);
    expect(() =>
      parsePipeline(
        'output { if [a] { x { } } else if [b] { y { } } else { z { c => [1, "d"] } } }',
      ),
    ).not.toThrow();
  });
});
