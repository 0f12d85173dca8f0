import { resolve } from 'node:path';
import { stateVariables } from '../settings/state-home.ts';
import { shellCommand } from './shell-command.ts';

/** A flag or an argument as it was given. */
export type GivenToken =
  | { readonly type: 'flag'; readonly flag: string; readonly input: string }
  | { readonly type: 'arg'; readonly arg: string; readonly input: string };

/** How a command is continued by another run. */
export interface Continuation {
  /** What to do, without the command: `Continue with`. */
  readonly text: string;
  /** Flags that the next run must not have. */
  readonly without?: readonly string[];
  /** Words that it has besides. */
  readonly add?: readonly string[];
}

/** Flags whose values are paths, which mean something else in another directory. */
const paths = new Set(['repository', 'report-dir', 'config']);

/** The command that was given, to be pasted anywhere. */
export function sameCommand(
  name: string,
  tokens: readonly GivenToken[],
  booleans: ReadonlySet<string>,
  { without = [], add = [] }: Omit<Continuation, 'text'> = {},
): string {
  const words = tokens.flatMap((token) => {
    if (token.type === 'arg') return [token.input];
    if (without.includes(token.flag)) return [];
    if (booleans.has(token.flag)) return [`--${token.flag}`];
    return [`--${token.flag}`, paths.has(token.flag) ? absolutePlace(token.input) : token.input];
  });
  return shellCommand(['kops', ...name.split(' '), ...words, ...add], stateVariables());
}

/** A place as it is called in any directory. */
export function absolutePlace(path: string): string {
  return /^(?:[a-z][\w+.-]*:|~\/)/i.test(path) ? path : resolve(path);
}
