import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { loadConfig } from './load-config.ts';
import { renderReference, sampleConfig } from './render-reference.ts';
import { settingReference } from './setting-reference.ts';
import { settingTexts } from './setting-texts.ts';
import { settingPaths } from './schema-paths.ts';

const docsPath = '../../../../docs/CONFIG.md';
const docs = (): Promise<string> => readFile(new URL(docsPath, import.meta.url), 'utf8');

/** Loads a configuration from YAML. What ${NAME} stands for is there. */
async function loaded(yaml: string) {
  const folder = await mkdtemp(join(tmpdir(), 'kops-config-'));
  try {
    const file = join(folder, 'kops.yaml');
    await writeFile(file, yaml);
    const names = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    return await loadConfig({ file, env: Object.fromEntries(names.map((name) => [name, 'v'])) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the reference of settings', () => {
  // Written anew with `vitest -u`.
  it('is the one in docs/CONFIG.md', async () => {
    const [before = '', , after = ''] = (await docs()).split(/<!-- (?:end of )?settings -->\n/);
    const generated = `<!-- settings -->\n\n${renderReference()}\n\n<!-- end of settings -->\n`;
    await expect(`${before}${generated}${after}`).toMatchFileSnapshot(docsPath);
  });

  it('has every setting, and says nothing of others', () => {
    const names = settingReference().map(({ path }) => path.join('.'));
    expect([...names].sort()).toEqual(Object.keys(settingTexts).sort());
    expect(names).toEqual(expect.arrayContaining(settingPaths().map((path) => path.join('.'))));
  });

  it('tells defaults as people write them, variables, and what is a secret', () => {
    const of = (name: string) => settingReference().find(({ path }) => path.join('.') === name);
    expect(of('backup.segmentBytes')).toMatchObject({
      byDefault: '64MiB',
      variables: ['KOPS_BACKUP_SEGMENT_BYTES'],
      isSecret: false,
    });
    expect(of('cluster.bootstrapServers')!.variables).toEqual([
      'KOPS_CLUSTER_BOOTSTRAP_SERVERS',
      'KOPS_BOOTSTRAP_SERVER',
    ]);
    expect(of('clusters.NAME.sasl.password')).toMatchObject({ isSecret: true, variables: [] });
    expect(of('backups.NAME.generationIntervalMs')!.byDefault).toBe('1m');
  });
});

describe('the sample configuration', () => {
  it('sets nothing as it is', async () => {
    expect(parseDocument(sampleConfig()).toJS()).toBeNull();
    expect((await loaded(sampleConfig())).config).toEqual((await loadConfig({ env: {} })).config);
  });

  it('is a configuration with all settings once they are switched on', async () => {
    const { config } = await loaded(sampleConfig().replaceAll(/^#/gm, ''));
    expect(config).toMatchObject({
      cluster: {
        bootstrapServers: ['kafka-1:9092', 'kafka-2:9092'],
        tls: { caFile: '/etc/kops/tls/ca.pem' },
        sasl: { mechanism: 'scram-sha-512', password: 'v' },
      },
      backup: { segmentBytes: 256 * 1024 * 1024 },
      backups: { main: { cluster: 'main', repositories: ['main'], intervalMs: 86_400_000 } },
      catalog: { records: [{ topics: 'orders', level: 'full' }, { topics: '*' }] },
    });
  });
});

describe('the recipes of docs/CONFIG.md', () => {
  it('are configurations', async () => {
    const recipes = [...(await docs()).matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, yaml = '']) => yaml,
    );
    expect(recipes.length).toBeGreaterThanOrEqual(4);
    for (const recipe of recipes) {
      const { config } = await loaded(recipe);
      expect(config.cluster?.tls, recipe).toBeTruthy();
    }
  });
});
