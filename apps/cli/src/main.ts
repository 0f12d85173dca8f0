/**
 * What `kops` runs. Loads next to nothing itself, so that the processes of a backup can load beside the command line.
 * @module
 */
import { endUntaken, startEarly, wantsChildren } from './embedded/early-children.ts';

if (wantsChildren(process.argv.slice(2))) startEarly();
try {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine();
} finally {
  endUntaken();
}
