import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../node-runtime.mjs';

/*
 * Negative controls of the linter: each rule is shown code that breaks it. `@nx/enforce-module-boundaries` skips itself
 * silently where it finds no project graph, and a pattern that matches nothing passes everything.
 */

/** The real configuration; only type information is off, for the files exist nowhere. */
let linter;

beforeAll(async () => {
  await createProjectGraphAsync({ exitOnError: false });
  linter = new ESLint({
    cwd: root,
    overrideConfig: [
      {
        ...tseslint.configs.disableTypeChecked,
        languageOptions: {
          parserOptions: { projectService: false, program: null, project: false },
        },
      },
    ],
  });
}, 120_000);

/** Lints text as if it stood in `file`; resolves to the findings of one rule. */
async function findings(file, text, rule) {
  const [result] = await linter.lintText(text, { filePath: `${root}/${file}` });
  expect(result.messages.filter((message) => message.fatal)).toEqual([]);
  return result.messages
    .filter((message) => message.ruleId === rule)
    .map((message) => message.message);
}

const importing = (name) => `import { thing } from '${name}';\nexport const copy = thing;\n`;

describe('layers', () => {
  const rule = '@nx/enforce-module-boundaries';

  it.each([
    ['packages/record-batch/src/virtual.ts', '@kops/object-store', 'layer:codec'],
    ['packages/kafka/src/virtual.ts', '@kops/object-store', 'layer:adapter'],
    ['packages/repository/src/virtual.ts', '@kops/service', 'layer:repository'],
    ['packages/restore/src/virtual.ts', '@kops/verify', 'layer:engine'],
    ['packages/service/src/virtual.ts', '@kops/kafka', 'layer:service'],
    ['packages/verify/src/virtual.ts', '@kops/testkit', 'layer:engine'],
    ['apps/cli/src/virtual.ts', '@kops/testkit', 'layer:app'],
    ['tools/kafka-dist/src/virtual.ts', '@kops/service', 'layer:dist'],
  ])('refuse that %s imports %s', async (file, name, tag) => {
    expect(await findings(file, importing(name), rule)).toEqual([
      expect.stringContaining(`A project tagged with "${tag}" can only depend on`),
    ]);
  });

  it('refuse cycles', async () => {
    const text = importing('@kops/restore');
    expect(await findings('packages/repository/src/virtual.ts', text, rule)).toEqual([
      expect.stringContaining('Circular dependency'),
    ]);
  });

  it('refuse that core imports anything of kops', async () => {
    expect(
      await findings('packages/core/src/virtual.ts', importing('@kops/record-batch'), rule),
    ).toHaveLength(1);
  });

  it('refuse relative imports across packages', async () => {
    const text = importing('../../core/src/errors.ts');
    expect(await findings('packages/kafka/src/virtual.ts', text, rule)).toEqual([
      expect.stringContaining('relative'),
    ]);
  });

  it('refuse a third-party package that the importing package does not declare', async () => {
    expect(await findings('packages/core/src/virtual.ts', importing('zod'), rule)).toHaveLength(1);
  });

  it.each([
    ['packages/record-batch/src/virtual.ts', '@kops/core'],
    ['packages/archive-format/src/virtual.ts', '@kops/record-batch'],
    ['packages/restore/src/virtual.ts', '@kops/repository'],
    ['packages/restore/src/virtual.test.ts', '@kops/testkit'],
    ['apps/drill/src/virtual.ts', '@kops/kafka-dist'],
    ['apps/cli/src/virtual.ts', '@kops/agent'],
    ['tools/bench/src/virtual.ts', '@kops/kafka'],
  ])('allow that %s imports %s', async (file, name) => {
    expect(await findings(file, importing(name), rule)).toEqual([]);
  });
});

describe('confinement', () => {
  const rule = 'no-restricted-imports';

  it.each([
    ['packages/kafka', 'kafkajs'],
    ['packages/catalog', '@elastic/elasticsearch'],
    ['packages/transport', '@grpc/grpc-js'],
    ['packages/transport', '@kops/proto'],
    ['apps/drill', 'testcontainers'],
    ['packages/service', 'pino'],
    ['packages/service', 'yaml'],
    ['apps/cli', '@oclif/core'],
  ])('leaves to %s the import of %s', async (home, name) => {
    expect(await findings(`${home}/src/virtual.ts`, importing(name), rule)).toEqual([]);
    expect(await findings('packages/capture/src/virtual.ts', importing(name), rule)).toHaveLength(
      1,
    );
    expect(
      await findings('packages/capture/src/virtual.test.ts', importing(name), rule),
    ).toHaveLength(1);
  });

  it('refuses imports of other packages’ files', async () => {
    const text = importing('@kops/core/src/errors.ts');
    expect(await findings('packages/kafka/src/virtual.ts', text, rule)).toHaveLength(1);
    expect(await findings('apps/cli/src/virtual.ts', text, rule)).toHaveLength(1);
    expect(
      await findings('packages/kafka/src/virtual.ts', importing('@kops/object-store/file'), rule),
    ).toEqual([]);
  });
});

describe('purity', () => {
  it.each([
    ['no-restricted-syntax', 'export const now = Date.now();\n'],
    ['no-restricted-syntax', 'export const now = new Date();\n'],
    ['no-restricted-syntax', 'export const dice = Math.random();\n'],
    ['no-console', "console.log('here');\n"],
  ])('codecs and engines break %s by: %s', async (rule, text) => {
    expect(await findings('packages/record-batch/src/virtual.ts', text, rule)).toHaveLength(1);
    expect(await findings('packages/restore/src/virtual.ts', text, rule)).toHaveLength(1);
    expect(await findings('apps/agent/src/virtual.ts', text, rule)).toEqual([]);
  });

  it('refuses I/O in codecs, with and without the node: prefix', async () => {
    const rule = '@typescript-eslint/no-restricted-imports';
    for (const name of ['node:fs', 'fs', 'node:fs/promises', 'node:net']) {
      expect(
        await findings('packages/archive-format/src/virtual.ts', importing(name), rule),
      ).toHaveLength(1);
    }
    expect(
      await findings('packages/archive-format/src/virtual.ts', importing('node:zlib'), rule),
    ).toEqual([]);
  });
});
