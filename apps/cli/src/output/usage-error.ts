import { stripVTControlCharacters } from 'node:util';
import { KopsError } from '@kops/core';
import { nearest } from '@kops/service';

/** The command whose arguments were parsed. */
export interface ParsedCommand {
  /** As it is typed, e.g. `archives list`. */
  readonly name: string;
  /** Names of its flags, without dashes. */
  readonly flags: readonly string[];
}

/** How the parser ends its messages. */
const seeHelp = '\nSee more help with --help';
/** How the parser marks what a flag's own parser throws. */
const parsing = /^Parsing (--[\w-]+) \n\t([\s\S]*)$/;

const stripped = (message: string): string =>
  stripVTControlCharacters(message).replaceAll(seeHelp, '').trim();

type Wording = readonly [RegExp, (...groups: string[]) => string];

/** Mistakes in single flags. The parser knows them by their messages alone. */
const flagWordings: readonly Wording[] = [
  [/^Missing required flag (\S+)$/, (flag) => `--${flag} is missing`],
  [
    /^All of the following must be provided when using (\S+): (.*)$/,
    (flag, others) => `${flag} needs ${others}`,
  ],
  [
    /^(--[\w-]+)(?:=[\s\S]*)? cannot also be provided when using (\S+)$/,
    (one, other) => `${[one, other].sort().join(' and ')} cannot be used together`,
  ],
  [/^Flag (\S+) can only be specified once$/, (flag) => `${flag} is given twice`],
  [/^Flag (\S+) expects a value$/, (flag) => `${flag} needs a value`],
  [
    /^Flag (\S+) expects one of these values: (.*)$/,
    (flag, values) => `${flag} needs one of ${values}`,
  ],
  [
    /^Expected (--[\w-]+)=([\s\S]*) to be one of: (.*)$/,
    (flag, got, values) => `${flag}: expected one of ${values}, got ${JSON.stringify(got)}`,
  ],
  [
    /^Expected an integer(?: (greater|less) than or equal to (\d+))? but received: ([\s\S]*)$/,
    wholeNumber,
  ],
];

function wholeNumber(relation: string | undefined, bound: string, got: string): string {
  const range =
    relation === undefined
      ? ''
      : relation === 'greater'
        ? `, ${bound} or more`
        : `, at most ${bound}`;
  return `expected a whole number${range}, got ${JSON.stringify(got)}`;
}

function reworded(message: string): string | undefined {
  for (const [pattern, word] of flagWordings) {
    const match = pattern.exec(message);
    if (match !== null) return word(...match.slice(1));
  }
  return undefined;
}

/** What a failure of the parser says, in the words of kops; other failures as they are. */
export function asUsageError(thrown: Error, command: ParsedCommand): Error {
  const message = stripped(thrown.message);
  if (KopsError.is(thrown)) return fromFlagParser(thrown, message);
  if ((thrown as { oclif?: { exit?: number } }).oclif?.exit !== 2) return thrown;
  const help = `Run 'kops ${command.name} --help'.`;
  return (
    unknownFlags(message, command, help) ??
    new KopsError(
      'KOPS_USAGE',
      argumentMessage(thrown, message, command) ?? flagMessages(message),
      {
        hint: help,
      },
    )
  );
}

/** A flag's own parser throws our errors, and the parser writes into their message. */
function fromFlagParser(error: KopsError, message: string): KopsError {
  const [, flag, rest] = parsing.exec(message) ?? [];
  if (flag === undefined || rest === undefined) return error;
  const { at, hint, cause } = error;
  return new KopsError(error.code, `${flag}: ${rest}`, {
    at,
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
    also: error.also,
  });
}

function unknownFlags(
  message: string,
  command: ParsedCommand,
  help: string,
): KopsError | undefined {
  const [, list] = /^Nonexistent flags?: (.*)$/.exec(message) ?? [];
  if (list === undefined) return undefined;
  const unknown = list.split(', ');
  const meant = unknown.flatMap((flag) => {
    const near = nearest(flag.replace(/^-+/, ''), command.flags);
    return near === undefined ? [] : [`--${near}`];
  });
  const guess = meant.length === 0 ? '' : `Did you mean ${meant.join(' and ')}? `;
  return new KopsError('KOPS_USAGE', `'kops ${command.name}' has no flag ${unknown.join(', ')}`, {
    hint: `${guess}${help}`,
  });
}

function argumentMessage(
  thrown: Error,
  message: string,
  { name }: ParsedCommand,
): string | undefined {
  const [, extra] = /^Unexpected arguments?: ([\s\S]*)$/.exec(message) ?? [];
  if (extra !== undefined) return `'kops ${name}' takes no argument ${JSON.stringify(extra)}`;
  if (!/^Missing \d+ required arg/.test(message)) return undefined;
  const { args = [] } = thrown as { args?: readonly { readonly name: string }[] };
  return `the argument ${args.map((arg) => arg.name.toUpperCase()).join(' and ')} is missing`;
}

function flagMessages(message: string): string {
  const [, list] = /^The following errors? occurred:\s*([\s\S]*)$/.exec(message) ?? [];
  const [, flag, rest] = parsing.exec(message) ?? [];
  if (flag !== undefined && rest !== undefined) return `${flag}: ${reworded(rest) ?? rest}`;
  const lines = (list ?? message).split('\n').map((line) => line.trim());
  return [...new Set(lines.map((line) => reworded(line) ?? line))].join('; ');
}
