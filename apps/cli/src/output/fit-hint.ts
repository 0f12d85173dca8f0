import { KopsError } from '@kops/core';

/** Flags that commands have under one name or the other. */
const twins = [
  ['topics', 'topic'],
  ['topic', 'topics'],
] as const;

/** What other packages advise, in the flags that this command has. */
export function fitHint(error: KopsError, flags: readonly string[]): KopsError {
  const { hint } = error;
  if (hint === undefined) return error;
  const fitted = twins.reduce(
    (text, [name, twin]) =>
      !flags.includes(name) && flags.includes(twin)
        ? text.replaceAll(new RegExp(`--${name}(?![a-z-])`, 'g'), `--${twin}`)
        : text,
    hint,
  );
  if (fitted === hint) return error;
  return new KopsError(error.code, error.message, {
    at: error.at,
    hint: fitted,
    cause: error.cause,
    also: error.also,
  });
}
