import { KopsError } from '@kops/core';
import { nearest } from '@kops/service';
import { loaders } from './command-loaders.ts';

const versionFlags: readonly string[] = ['-v', '--version'];

/** Arguments in the form that the parser knows: `kops help backup` is `kops backup --help`, `kops -v` is `kops version`. */
export function meantArguments(args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === 'help') return [...rest, '--help'];
  return first !== undefined && versionFlags.includes(first) ? ['version', ...rest] : [...args];
}

const commandNames: readonly string[] = Object.keys(loaders).map((id) => id.replace(':', ' '));

/** Words that a command line may begin with. */
const firstWords: readonly string[] = [
  ...new Set(commandNames.map((name) => name.split(' ')[0] ?? '')),
];

/** What a command line that begins with these words was probably meant to begin with. */
function nearestCommand(words: readonly string[]): string | undefined {
  const [first = '', second] = words;
  const both = second === undefined ? undefined : nearest(`${first} ${second}`, commandNames);
  return both ?? nearest(first, firstWords);
}

/** The failure of a command line that names no command. `args` are all its arguments. */
export function unknownCommand(args: readonly string[]): KopsError {
  const isFlag = (word: string): boolean => word.startsWith('-');
  const end = args.findIndex(isFlag);
  const words = args.slice(0, end === -1 ? 2 : Math.min(end, 2));
  const [first, second] = words;
  if (first === undefined)
    return usage(
      `the command must come first, before ${args[0] ?? 'its flags'}`,
      "Run 'kops --help' to list the commands.",
    );
  if (commandNames.includes(first) && second !== undefined)
    return usage(
      `'kops ${first}' takes no argument ${JSON.stringify(second)}`,
      `Run 'kops ${first} --help' to list its flags.`,
    );
  const isGroup = firstWords.includes(first);
  const meant = nearestCommand(words);
  return usage(
    `unknown command '${(isGroup ? words : words.slice(0, 1)).join(' ')}'`,
    meant === undefined
      ? "Run 'kops --help' to list the commands."
      : `Did you mean 'kops ${meant}'? Run 'kops --help' to list the commands.`,
  );
}

const usage = (message: string, hint: string): KopsError =>
  new KopsError('KOPS_USAGE', message, { hint });
