import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';

/** What of a flag people and scripts rely on. */
interface FlagSurface {
  readonly type: string;
  readonly char?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly default?: unknown;
  readonly value?: string | string[] | undefined;
}

interface Flag extends Omit<FlagSurface, 'value'> {
  readonly helpValue?: string | string[];
  readonly summary?: string;
}

const flagsOf = (name: string): Record<string, Flag> => ({
  ...commands[name]!.baseFlags,
  ...commands[name]!.flags,
});

function surfaceOf(name: string): Record<string, FlagSurface> {
  const flags = Object.entries(flagsOf(name)).map(
    ([flag, { type, char, aliases, multiple, required, options, default: byDefault, helpValue }]) =>
      [
        flag,
        {
          type,
          char,
          aliases,
          multiple,
          required,
          options,
          ...(typeof byDefault === 'function' ? {} : { default: byDefault }),
          value: helpValue,
        },
      ] as const,
  );
  return Object.fromEntries(flags.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the surface of the command line', () => {
  it('is what surface.json says: a change there is a change for every script', async () => {
    const surface = Object.fromEntries(
      Object.keys(commands)
        .sort()
        .map((name) => [name.replaceAll(':', ' '), surfaceOf(name)]),
    );
    await expect(`${JSON.stringify(surface, null, 2)}\n`).toMatchFileSnapshot('surface.json');
  });

  it.each(Object.keys(commands))('%s explains itself', (name) => {
    const { summary, examples, enableJsonFlag } = commands[name]!;
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(examples.length).toBeGreaterThan(0);
    expect(enableJsonFlag).toBe(true);
    // Short flags save typing; examples are read.
    for (const example of examples) expect(example).not.toMatch(/ -[a-z]\b/);
    for (const [flag, { summary: about }] of Object.entries(flagsOf(name)))
      expect(about, `--${flag}`).toMatch(/^\S.*\.$/);
  });

  it.each(Object.keys(commands))('docs/CLI.md tells of %s, with each flag', (name) => {
    const docs = readFileSync(new URL('../../../docs/CLI.md', import.meta.url), 'utf8');
    const section = docs
      .split(/^## /m)
      .find((text) => text.startsWith(`kops ${name.replaceAll(':', ' ')}\n`));
    expect(section).toBeDefined();
    for (const flag of Object.keys({ ...commands[name]!.flags }))
      expect(section).toContain(`\`--${flag}`);
  });

  it.each(
    Object.keys(commands).filter(
      (name) => !['agent', 'archiver', 'config:show', 'version'].includes(name),
    ),
  )('%s tells its exit codes', (name) => {
    expect(commands[name]!.description).toMatch(/Exit codes: 0 .*\b2 usage/s);
  });
});
