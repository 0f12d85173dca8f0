import type { Command } from '@oclif/core';
import { loaders } from './command-loaders.ts';
import { meantArguments } from './command-words.ts';

/** The name of the command that a command line begins with; undefined for what only all commands together can answer, such as help. */
export function askedCommand(args: readonly string[]): string | undefined {
  return [args.slice(0, 2).join(':'), args[0] ?? ''].find((name) => Object.hasOwn(loaders, name));
}

async function load(names: readonly string[]): Promise<Record<string, Command.Class>> {
  const found = await Promise.all(
    names.map(async (name) => [name, (await loaders[name]?.())?.default] as const),
  );
  return Object.fromEntries(
    found.flatMap(([name, command]) => (command === undefined ? [] : [[name, command]])),
  );
}

const asked = askedCommand(meantArguments(process.argv.slice(2)));

/**
 * Every command there is, by its name: the whole surface of the command line. In a process that was asked for one of them only that one:
 * loading them all takes longer than many a command's work.
 */
export const commands = await load(asked === undefined ? Object.keys(loaders) : [asked]);
