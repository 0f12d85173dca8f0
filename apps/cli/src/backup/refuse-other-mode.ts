import { KopsError } from '@kops/core';

/** Flags of `kops backup` that belong to one of its modes. */
interface ModeFlags {
  readonly 'bootstrap-server'?: string | undefined;
  readonly elasticsearch?: string | undefined;
  readonly cluster?: string | undefined;
}

/**
 * Refuses flags that the mode of a backup would ignore: an archiver elsewhere knows its clusters and its catalog, a backup in this
 * process has no names of clusters.
 * @throws KOPS_USAGE
 */
export function refuseOtherMode(flags: ModeFlags, archiver: string | undefined): void {
  if (archiver === undefined) {
    if (flags.cluster === undefined) return;
    throw new KopsError('KOPS_USAGE', '--cluster needs --archiver', {
      hint: 'Add --archiver HOST:PORT, or name the cluster with --bootstrap-server HOST:PORT.',
    });
  }
  for (const flag of ['bootstrap-server', 'elasticsearch'] as const) {
    if (flags[flag] === undefined) continue;
    throw new KopsError(
      'KOPS_USAGE',
      `--${flag} cannot be used with an archiver, and archiver.address is ${archiver}`,
      {
        hint: `Remove --${flag} to back up with that archiver, or remove archiver.address from the configuration.`,
      },
    );
  }
}
