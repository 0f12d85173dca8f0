import { readFileSync } from 'node:fs';
import { errorToJson, KopsError, selectTopics } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';
import { fitHint } from '../src/output/fit-hint.ts';

const flagsOf = (name: string): string[] =>
  Object.keys({ ...commands[name]!.baseFlags, ...commands[name]!.flags, json: true });

/** Flags in the hints of a source; those of other commands, which are quoted, do not count. */
function flagsInHints(source: string): string[] {
  const hints = [...source.matchAll(/\bhint:\s*(['"`])([\s\S]*?)\1,?\s/g)].map(
    ([, , text]) => text ?? '',
  );
  return hints.flatMap((hint) =>
    [...hint.replaceAll(/'kops [^']*'/g, '').matchAll(/--([a-z][a-z-]*)/g)].map(
      ([, flag]) => flag ?? '',
    ),
  );
}

const sourceOf = (name: string): string =>
  readFileSync(new URL(`../src/commands/${name.replaceAll(':', '/')}.ts`, import.meta.url), 'utf8');

describe('a hint', () => {
  it.each(Object.keys(commands))('of %s names flags that it has', (name) => {
    expect(flagsInHints(sourceOf(name)).filter((flag) => !flagsOf(name).includes(flag))).toEqual(
      [],
    );
  });

  it('is found in the sources at all', () => {
    expect(flagsInHints(sourceOf('export'))).toContain('output');
    expect(flagsInHints("{ hint: 'Give --this, or see \\'kops other --that\\'.' }")).toContain(
      'this',
    );
    expect(flagsInHints('{ hint: "Give --this, or see \'kops other --that\'." }')).toEqual([
      'this',
    ]);
  });

  it.each(Object.keys(commands).filter((name) => flagsOf(name).includes('archive')))(
    "about 'latest' names a flag that %s has",
    (name) => {
      expect(flagsOf(name)).toContain('cluster');
    },
  );

  it('of what all commands share is put in the flags of the one that is run', () => {
    const thrown = ((): KopsError => {
      try {
        selectTopics(['orders'], { include: ['order'], exclude: [] });
      } catch (error) {
        return error as KopsError;
      }
      throw new Error('there is no such topic');
    })();
    const hintFor = (name: string): string | undefined => fitHint(thrown, flagsOf(name)).hint;
    expect(hintFor('restore')).toContain('Correct --topics so');
    expect(hintFor('grep')).toContain('Correct --topics so');
    expect(hintFor('cat')).toContain('Correct --topic so');
    const { hint: _, ...fitted } = errorToJson(fitHint(thrown, flagsOf('cat')));
    expect(errorToJson(thrown)).toMatchObject(fitted);
  });

  it('names the repository in a command about an archive, so that it can be pasted', () => {
    const hint = "See with 'kops archives show --archive 2026' what it holds.";
    const error = new KopsError('KOPS_TOPIC_NOT_FOUND', 'm', { hint });
    expect(fitHint(error, ['topic'], '/my backups').hint).toBe(
      "See with 'kops archives show --repository '/my backups' --archive 2026' what it holds.",
    );
    expect(fitHint(error, ['topic']).hint).toBe(hint);
  });

  it('leaves other flags alone', () => {
    const error = new KopsError('KOPS_USAGE', 'm', { hint: 'Give --topics-file.' });
    expect(fitHint(error, ['topic'])).toBe(error);
    const none = new KopsError('KOPS_USAGE', 'm');
    expect(fitHint(none, ['topic'])).toBe(none);
  });
});
