import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexDefinitions, parseRecordRules, type IndexKind } from '@kops/catalog';
import { savedObjects } from '@kops/catalog/kibana';
import { loadConfig } from '@kops/service';

/* docs/CATALOG.md against the program; its queries and rights are tested on a real Elasticsearch, in @kops/catalog. */

const root = new URL('../../../', import.meta.url);
const docs = readFileSync(new URL('docs/CATALOG.md', root), 'utf8');
const section = (title: string): string =>
  docs.split(/^#{2,3} /m).find((text) => text.startsWith(`${title}\n`)) ?? '';

describe('mappings', () => {
  const fieldsOf = (kind: IndexKind): string[] => {
    const fields: string[] = [];
    const walk = (properties: object, path: string): void => {
      for (const [name, field] of Object.entries(properties) as [string, object][])
        if ('properties' in field) walk(field.properties as object, `${path}${name}.`);
        else fields.push(`${path}${name} ${(field as { type: string }).type}`);
    };
    walk(indexDefinitions[kind].mappings.properties, '');
    return fields;
  };
  const told = (text: string): string[] =>
    [...text.matchAll(/^\| `([^`]+)` +\| (\w+) +\| \S/gm)].map(
      ([, field = '', type = '']) => `${field} ${type}`,
    );

  it.each(Object.keys(indexDefinitions) as IndexKind[])(
    'of %s have the fields that the page lists, in that order, each explained',
    (kind) => {
      expect(told(section(kind === 'records' ? 'kops-records-…' : `kops-${kind}`))).toEqual(
        fieldsOf(kind),
      );
    },
  );

  it('would be told of a field that is missing or of another type', () => {
    const without = section('kops-drills').replace(/^\| `kops\.drill\.rto_ms`.*\n/m, '');
    expect(told(without)).not.toEqual(fieldsOf('drills'));
    const other = section('kops-drills').replace(/(rto_ms` +\| )long/, '$1date');
    expect(told(other)).not.toEqual(fieldsOf('drills'));
  });
});

describe('examples of kops.yaml', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-docs-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const examples = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

  async function read(yaml: string) {
    const file = join(folder, 'kops.yaml');
    await writeFile(file, yaml);
    const env = { ELASTICSEARCH_API_KEY: 'k', HASH_KEY: 'h' };
    const { config } = await loadConfig({ env, file, flags: {} });
    const { records = [], hashKey } = config.catalog;
    return parseRecordRules(records, { hasHashKey: hashKey !== undefined });
  }

  it('are there', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples)('are read, with their rules: %#', async (yaml) => {
    const rules = await read(yaml);
    expect(rules.length).toBeGreaterThan(0);
  });

  it('are refused where they are wrong', async () => {
    const [first = '', , masks = ''] = examples;
    await expect(read(first.replace('level: full', 'level: most'))).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
    });
    await expect(read(masks.replace(/ {2}hashKey.*\n/, ''))).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
    });
    await expect(read(first.replace('stateDirectory', 'stateDir'))).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
    });
  });
});

describe('the page', () => {
  it('links to what is there', () => {
    const links = [...docs.matchAll(/\]\((?!http)([^)#]+)[^)]*\)/g)].map(([, to = '']) => to);
    expect(links.length).toBeGreaterThan(5);
    const missing = links.filter((to) => !existsSync(new URL(to, new URL('docs/', root))));
    expect(missing).toEqual([]);
  });

  it('shows each dashboard, light and dark, in small pictures', () => {
    const dashboards = savedObjects().filter(({ type }) => type === 'dashboard');
    expect(dashboards).toHaveLength(4);
    for (const { id, attributes } of dashboards) {
      const title = String(attributes['title']).replace('[kops] ', '');
      for (const theme of ['light', 'dark']) {
        const picture = `images/${id.replace('kops-dashboard-', 'kibana-')}-${theme}.png`;
        expect(section(title)).toContain(picture);
        expect(statSync(new URL(`docs/${picture}`, root)).size).toBeLessThan(150_000);
      }
    }
  });

  it('counts the objects that are imported', () => {
    const many = (type: string) => savedObjects().filter((object) => object.type === type).length;
    expect([many('index-pattern'), many('search'), many('lens')]).toEqual([5, 6, 35]);
    expect(docs).toContain('five data views, six saved searches, 35 panels and four dashboards');
  });
});

describe('docker-compose.yml', () => {
  it('has Elasticsearch and Kibana of one version, and reads a configuration that is right', async () => {
    const compose = readFileSync(new URL('docker-compose.yml', root), 'utf8');
    const images = [...compose.matchAll(/image: docker\.elastic\.co\/\w+\/(\w+):([\d.]+)$/gm)];
    expect(images.map(([, name]) => name)).toEqual(['elasticsearch', 'kibana']);
    expect(new Set(images.map(([, , version]) => version)).size).toBe(1);
    const file = new URL('docker/kops.yaml', root).pathname;
    const { config } = await loadConfig({ env: {}, file, flags: {} });
    expect(config.catalog.elasticsearch.node).toEqual(['http://elasticsearch:9200']);
    expect(config.kibana?.url).toBe('http://kibana:5601');
    expect(parseRecordRules(config.catalog.records, { hasHashKey: false })).toHaveLength(1);
    // Each service of the address is one of the file.
    for (const service of ['elasticsearch', 'kibana', 'kafka'])
      expect(compose).toMatch(new RegExp(`^  ${service}:$`, 'm'));
  });
});
