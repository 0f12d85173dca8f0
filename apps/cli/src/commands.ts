import type { Command } from '@oclif/core';
import Agent from './commands/agent.ts';
import Archiver from './commands/archiver.ts';
import Backup from './commands/backup.ts';
import ConfigShow from './commands/config/show.ts';
import Version from './commands/version.ts';

/** Every command there is, by its name: the whole surface of the command line. */
export const commands: Record<string, Command.Class> = {
  agent: Agent,
  archiver: Archiver,
  backup: Backup,
  'config:show': ConfigShow,
  version: Version,
};
