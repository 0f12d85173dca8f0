import { EmbeddedChild, type ChildName } from './child.ts';

const early = new Map<ChildName, EmbeddedChild>();

/** Whether a command line will want embedded processes, as far as can be told before it is read in earnest. */
export function wantsChildren(args: readonly string[]): boolean {
  return (
    args[0] === 'backup' &&
    !args.some((arg) => arg === '--help' || arg === '-h' || arg.startsWith('--archiver'))
  );
}

/** Starts the embedded processes before anything else: they load while the command line itself does. */
export function startEarly(): void {
  for (const name of ['archiver', 'agent'] as const) early.set(name, new EmbeddedChild(name));
}

/** The child that was started early, or a new one. */
export function takeChild(name: ChildName): EmbeddedChild {
  const child = early.get(name) ?? new EmbeddedChild(name);
  early.delete(name);
  return child;
}

/** Ends those that nobody has taken: they have been told nothing and done nothing. */
export function endUntaken(): void {
  for (const child of early.values()) child.kill();
  early.clear();
}
