import type { Command } from '@oclif/core';

type Loader = () => Promise<{ readonly default: Command.Class }>;

const loaders: Readonly<Record<string, Loader>> = {
  agent: () => import('./commands/agent.ts'),
  archiver: () => import('./commands/archiver.ts'),
  'archives:list': () => import('./commands/archives/list.ts'),
  'archives:show': () => import('./commands/archives/show.ts'),
  backup: () => import('./commands/backup.ts'),
  cat: () => import('./commands/cat.ts'),
  'catalog:rebuild': () => import('./commands/catalog/rebuild.ts'),
  'catalog:status': () => import('./commands/catalog/status.ts'),
  'config:show': () => import('./commands/config/show.ts'),
  doctor: () => import('./commands/doctor.ts'),
  drill: () => import('./commands/drill.ts'),
  estimate: () => import('./commands/estimate.ts'),
  export: () => import('./commands/export.ts'),
  grep: () => import('./commands/grep.ts'),
  'kibana:setup': () => import('./commands/kibana/setup.ts'),
  restore: () => import('./commands/restore.ts'),
  search: () => import('./commands/search.ts'),
  verify: () => import('./commands/verify.ts'),
  version: () => import('./commands/version.ts'),
};

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

const asked = askedCommand(process.argv.slice(2));

/**
 * Every command there is, by its name: the whole surface of the command line. In a process that was asked for one of them only that one:
 * loading them all takes longer than many a command's work.
 */
export const commands = await load(asked === undefined ? Object.keys(loaders) : [asked]);
