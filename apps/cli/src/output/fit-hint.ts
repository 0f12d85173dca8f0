import { KopsError } from '@kops/core';
import { shellWord } from './shell-command.ts';

/** Flags that commands have under one name or the other. */
const twins = [
  ['topics', 'topic'],
  ['topic', 'topics'],
] as const;

/** A text with the repository in each command about an archive, so that it can be pasted. */
export function namingRepository(text: string, repository: string | undefined): string {
  if (repository === undefined) return text;
  const show = 'kops archives show --';
  return text.replaceAll(`${show}archive`, `${show}repository ${shellWord(repository)} --archive`);
}

/** What other packages advise, in the flags that this command has, and for the repository that it works on. */
export function fitHint(
  error: KopsError,
  flags: readonly string[],
  repository?: string,
): KopsError {
  const { hint } = error;
  if (hint === undefined) return error;
  const worded = twins.reduce(
    (text, [name, twin]) =>
      !flags.includes(name) && flags.includes(twin)
        ? text.replaceAll(new RegExp(`--${name}(?![a-z-])`, 'g'), `--${twin}`)
        : text,
    hint,
  );
  const fitted = namingRepository(worded, repository);
  if (fitted === hint) return error;
  return new KopsError(error.code, error.message, {
    at: error.at,
    hint: fitted,
    cause: error.cause,
    also: error.also,
  });
}
