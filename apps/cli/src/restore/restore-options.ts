import { KopsError } from '@kops/core';
import type { OffsetPolicy, RestoreOptions } from '@kops/restore';

/** What the command line asks for, as given. */
export interface RestoreFlags {
  readonly topics?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly rename?: readonly string[] | undefined;
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  readonly offsets: OffsetPolicy;
  readonly groups?: readonly string[] | undefined;
  readonly resume: boolean;
  readonly 'hold-retention': boolean;
  readonly 'replication-factor'?: number | undefined;
}

/** The options of a plan. @throws KOPS_USAGE for what cannot be meant */
export function restoreOptions(flags: RestoreFlags): RestoreOptions {
  const {
    topics,
    exclude,
    rename,
    from,
    to,
    groups,
    'replication-factor': replicationFactor,
  } = flags;
  return {
    ...(topics === undefined ? {} : { topics }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(rename === undefined ? {} : { renames: parseRenames(rename) }),
    ...(from === undefined && to === undefined
      ? {}
      : {
          window: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
        }),
    offsets: flags.offsets,
    ...(groups === undefined
      ? {}
      : { groups: groups.length === 1 && groups[0] === 'none' ? ('none' as const) : groups }),
    holdRetention: flags['hold-retention'],
    resume: flags.resume,
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
  };
}

/** Target names by source names, of `FROM=TO` each. Topic names have no `=`. @throws KOPS_USAGE */
export function parseRenames(renames: readonly string[]): Record<string, string> {
  const parsed = new Map<string, string>();
  for (const text of renames) {
    const [from = '', to = '', ...rest] = text.split('=');
    if (from === '' || to === '' || rest.length > 0) {
      throw new KopsError('KOPS_USAGE', `not a rename: ${JSON.stringify(text)}`, {
        hint: 'Use --rename FROM=TO once for each topic.',
      });
    }
    if (parsed.has(from))
      throw new KopsError('KOPS_USAGE', `'${from}' is renamed twice`, {
        hint: 'Use one --rename for each topic.',
      });
    parsed.set(from, to);
  }
  return Object.fromEntries(parsed);
}
