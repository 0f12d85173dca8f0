import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';
import { checkJson, numberMistakes } from './check-json.ts';
import { failureSchema, jsonSchemas, withoutResult } from './json-schemas.ts';
import { runCommand } from './run-command.ts';

const published = (name: string): string =>
  `../../../docs/schemas/${name.replaceAll(' ', '-')}.json`;

const schemaText = (name: string, schema: z.ZodType): string =>
  `${JSON.stringify({ title: `kops ${name} --json`, ...z.toJSONSchema(schema) }, null, 2)}\n`;

describe('the schemas of --json', () => {
  it('are there for every command that has a result', () => {
    const names = Object.keys(commands).map((id) => id.replace(':', ' '));
    expect([...Object.keys(jsonSchemas), ...withoutResult].sort()).toEqual(names.sort());
  });

  // Written anew with `vitest -u`.
  it.each(Object.entries(jsonSchemas))('of %s is the one in docs/schemas', async (name, schema) => {
    await expect(schemaText(name, schema)).toMatchFileSnapshot(published(name));
  });

  it('of a failure is the one in docs/schemas', async () => {
    await expect(schemaText('COMMAND', failureSchema)).toMatchFileSnapshot(published('failure'));
  });
});

describe('what --json prints', () => {
  it.each<[string, string[]]>([
    ['version', []],
    ['config:show', []],
    ['kibana:setup', ['--dry-run']],
    ['estimate', ['--partitions', '3', '--size', '10GiB', '--rate', '1MiB/s']],
    ['archives:list', ['--repository', '/nowhere/at/all']],
    ['cat', []],
  ])('by %s %j is as its schema says', async (id, args) => {
    const { stdout } = await runCommand(id, [...args, '--json']);
    checkJson(id.split(':'), JSON.parse(stdout));
  });

  it('has no number for an offset and no text for an amount', () => {
    const wrong = { partitions: [{ cut: 7, records: '4' }], losses: [{ from: '0', to: 3 }] };
    expect(numberMistakes(wrong)).toEqual([
      '/partitions/0/cut: a place in a log is a decimal string',
      '/partitions/0/records: an amount is a number',
      '/losses/0/to: a place in a log is a decimal string',
    ]);
    expect(() => checkJson(['version'], { kops: '1', node: '24' })).toThrow(/format/);
  });
});
