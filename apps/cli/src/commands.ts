import type { Command } from '@oclif/core';
import Agent from './commands/agent.ts';
import Archiver from './commands/archiver.ts';
import ArchivesList from './commands/archives/list.ts';
import ArchivesShow from './commands/archives/show.ts';
import Backup from './commands/backup.ts';
import Cat from './commands/cat.ts';
import ConfigShow from './commands/config/show.ts';
import Doctor from './commands/doctor.ts';
import Drill from './commands/drill.ts';
import EstimateCommand from './commands/estimate.ts';
import Restore from './commands/restore.ts';
import Verify from './commands/verify.ts';
import Version from './commands/version.ts';

/** Every command there is, by its name: the whole surface of the command line. */
export const commands: Record<string, Command.Class> = {
  agent: Agent,
  archiver: Archiver,
  'archives:list': ArchivesList,
  'archives:show': ArchivesShow,
  backup: Backup,
  cat: Cat,
  'config:show': ConfigShow,
  doctor: Doctor,
  drill: Drill,
  estimate: EstimateCommand,
  restore: Restore,
  verify: Verify,
  version: Version,
};
