import type { Command } from '@oclif/core';

type Loader = () => Promise<{ readonly default: Command.Class }>;

/** How each command is loaded, by its name. */
export const loaders: Readonly<Record<string, Loader>> = {
  agent: () => import('./commands/agent.ts'),
  archiver: () => import('./commands/archiver.ts'),
  'archives:list': () => import('./commands/archives/list.ts'),
  'archives:show': () => import('./commands/archives/show.ts'),
  backup: () => import('./commands/backup.ts'),
  cat: () => import('./commands/cat.ts'),
  'catalog:rebuild': () => import('./commands/catalog/rebuild.ts'),
  'catalog:status': () => import('./commands/catalog/status.ts'),
  'config:init': () => import('./commands/config/init.ts'),
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
