import { describe, expect, it } from 'vitest';
import { savedObjects, toNdjson, type SavedObject } from './index.ts';

const read = (ndjson: string): SavedObject[] =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SavedObject);

const objects = read(toNdjson(savedObjects('kops')));
const name = ({ type, id }: { type: string; id: string }) => `${type} ${id}`;

/** References that lead nowhere, and names of references that nothing has. */
function danglingIn(all: readonly SavedObject[]): string[] {
  const known = new Set(all.map(name));
  return all.flatMap((object) => [
    ...object.references.filter((to) => !known.has(name(to))).map(name),
    ...usedNames(object).filter((used) => !object.references.some((to) => to.name === used)),
  ]);
}

/** Names of references that the content of an object uses. */
function usedNames({ type, attributes }: SavedObject): string[] {
  if (type === 'dashboard') {
    const panels = JSON.parse(attributes['panelsJSON'] as string) as {
      panelIndex: string;
      panelRefName: string;
    }[];
    return panels.map(({ panelIndex, panelRefName }) => `${panelIndex}:${panelRefName}`);
  }
  if (type === 'lens') {
    const state = attributes['state'] as {
      datasourceStates: { formBased: { layers: Record<string, unknown> } };
    };
    return Object.keys(state.datasourceStates.formBased.layers).map(
      (layer) => `indexpattern-datasource-layer-${layer}`,
    );
  }
  return [];
}

/** Texts under names that say that they hold JSON. */
function jsonTexts(value: unknown, under = ''): string[] {
  if (typeof value === 'string')
    return /JSON$|Map$|Attrs$|Meta$|^fields$|Filters$/.test(under) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => jsonTexts(inner, key));
}

describe('savedObjects', () => {
  it('has data views, searches, panels and four dashboards, each once', () => {
    expect(new Set(objects.map(name)).size).toBe(objects.length);
    const counts = objects.reduce<Record<string, number>>(
      (all, { type }) => ({ ...all, [type]: (all[type] ?? 0) + 1 }),
      {},
    );
    expect(counts).toEqual({ 'index-pattern': 5, search: 6, lens: 35, dashboard: 4 });
    expect(objects.filter(({ type }) => type === 'dashboard').map(({ id }) => id)).toEqual(
      ['backups', 'records', 'drills', 'events'].map((of) => `kops-dashboard-${of}`),
    );
  });

  it('resolves every reference, and uses each', () => {
    expect(danglingIn(objects)).toEqual([]);
    const used = new Set(objects.flatMap(({ references }) => references.map(name)));
    const standalone = objects.filter((object) => !used.has(name(object))).map(({ id }) => id);
    expect(standalone).toEqual([
      'kops-search-lossy-archives',
      'kops-search-segments',
      ...['backups', 'records', 'drills', 'events'].map((of) => `kops-dashboard-${of}`),
    ]);
  });

  it('would be told of a reference that leads nowhere', () => {
    const without = objects.filter(({ id }) => id !== 'kops-panel-drills-rto');
    expect(danglingIn(without)).toEqual(['lens kops-panel-drills-rto']);
    const renamed = JSON.parse(
      JSON.stringify(objects).replaceAll('"p3:panel_p3"', '"p3:panel_p9"'),
    ) as SavedObject[];
    expect(danglingIn(renamed)).toEqual(Array.from({ length: 4 }, () => 'p3:panel_p3'));
  });

  it('has JSON within JSON that parses', () => {
    const texts = objects.flatMap(({ attributes }) => jsonTexts(attributes));
    // Five data views with six each, six searches, four dashboards with three.
    expect(texts).toHaveLength(5 * 6 + 6 + 4 * 3);
    for (const text of texts) expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('lays panels out without gaps or overlaps', () => {
    for (const { attributes, id } of objects.filter(({ type }) => type === 'dashboard')) {
      const panels = JSON.parse(attributes['panelsJSON'] as string) as {
        panelIndex: string;
        gridData: { x: number; y: number; w: number; h: number; i: string };
      }[];
      const cells = panels.flatMap(({ gridData: { x, y, w, h } }) =>
        Array.from(
          { length: w * h },
          (_, n) => `${String(x + (n % w))},${String(y + Math.floor(n / w))}`,
        ),
      );
      const height = Math.max(...panels.map(({ gridData: { y, h } }) => y + h));
      expect(new Set(cells).size, id).toBe(cells.length);
      expect(cells.length, id).toBe(48 * height);
      expect(panels.map(({ panelIndex }) => panelIndex)).toEqual(
        panels.map(({ gridData }) => gridData.i),
      );
    }
  });

  it('names columns in layers that it has', () => {
    for (const { attributes, id } of objects.filter(({ type }) => type === 'lens')) {
      const state = attributes['state'] as {
        visualization: unknown;
        datasourceStates: {
          formBased: { layers: { layer: { columns: object; columnOrder: string[] } } };
        };
      };
      const { columns, columnOrder } = state.datasourceStates.formBased.layers.layer;
      expect(Object.keys(columns), id).toEqual(columnOrder);
      const text = JSON.stringify(state.visualization);
      // Every column is shown, and the visualization is of the layer.
      for (const column of columnOrder) expect(text, id).toContain(`"${column}"`);
      expect(text).toContain('"layerId":"layer"');
    }
  });

  it('is the same for the same prefix, and of other ids and indices for another', () => {
    expect(toNdjson(savedObjects('kops'))).toBe(toNdjson(objects));
    const others = savedObjects('kops_two');
    const ids = new Set(objects.map(({ id }) => id));
    expect(others.filter(({ id }) => ids.has(id))).toEqual([]);
    expect(toNdjson(others)).not.toMatch(/"kops-|\[kops\]/);
    expect(others[4]!.attributes['title']).toBe('kops_two-records-*');
  });

  it('refuses what is no prefix', () => {
    expect(() => savedObjects('Kops-')).toThrow(expect.objectContaining({ code: 'KOPS_CONFIG' }));
  });

  it('has the versions that the first Kibana 9 reads', () => {
    const versions = objects.map(
      ({ type, coreMigrationVersion, typeMigrationVersion }) =>
        `${type} ${coreMigrationVersion} ${typeMigrationVersion}`,
    );
    expect([...new Set(versions)]).toEqual([
      'index-pattern 8.8.0 8.0.0',
      'search 8.8.0 10.5.0',
      'lens 8.8.0 8.9.0',
      'dashboard 8.8.0 10.2.0',
    ]);
  });
});
