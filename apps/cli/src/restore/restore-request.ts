import { ChosenRecords, type RestoreOptions, type RestorePlan } from '@kops/restore';
import { restoreOptions, type RestoreFlags } from './restore-options.ts';

/** What a restore is asked for, in the flags of the command line: with the same request, archive and target a plan has the same digest. */
export interface RestoreRequest {
  readonly topics?: readonly string[];
  readonly exclude?: readonly string[];
  readonly rename?: readonly string[];
  /** In ms since the epoch. */
  readonly from?: string;
  readonly to?: string;
  readonly offsets?: string;
  readonly groups?: readonly string[];
  readonly 'hold-retention'?: boolean;
  readonly 'replication-factor'?: number;
}

const names = [
  'topics',
  'exclude',
  'rename',
  'from',
  'to',
  'offsets',
  'groups',
  'hold-retention',
  'replication-factor',
] as const;

/** The request that flags make; what has its default is left out. */
export function requestOf(flags: RestoreFlags): RestoreRequest {
  const { from, to } = flags;
  const given = {
    ...Object.fromEntries(names.map((name) => [name, flags[name]])),
    from: from === undefined ? undefined : String(from),
    to: to === undefined ? undefined : String(to),
    offsets: flags.offsets === 'auto' ? undefined : flags.offsets,
    'hold-retention': flags['hold-retention'] ? true : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Flags of `given` that say something else than the first run did. Those that are not given again say nothing. */
export function differingFlags(first: RestoreRequest, given: RestoreRequest): string[] {
  return names.filter(
    (name) =>
      given[name] !== undefined && JSON.stringify(given[name]) !== JSON.stringify(first[name]),
  );
}

/** The request as words of a command line. */
export function requestWords(request: RestoreRequest): string[] {
  return names.flatMap((name) => {
    const value = request[name];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    if (name === 'rename') return (request.rename ?? []).flatMap((text) => ['--rename', text]);
    return [`--${name}`, Array.isArray(value) ? value.join(',') : String(value)];
  });
}

/** Records that a search chose, by partition; offsets as text. */
export interface StoredChoice {
  readonly topic: string;
  readonly partition: number;
  readonly ranges: readonly (readonly [start: string, end: string])[];
}

/** The choice of a plan; null where all records are restored. */
export function choiceOf(plan: RestorePlan): StoredChoice[] | null {
  const choice = plan.topics.flatMap(({ source: topic, partitions }) =>
    partitions.flatMap(({ partition, chosen }) =>
      chosen === undefined
        ? []
        : [
            {
              topic,
              partition,
              ranges: chosen.map(({ start, end }) => [String(start), String(end)] as const),
            },
          ],
    ),
  );
  return choice.length === 0 ? null : choice;
}

/** The options of the first run, to be resumed. */
export async function resumedOptions(
  { from, to, offsets, ...rest }: RestoreRequest,
  choice: readonly StoredChoice[] | null,
  { hasState }: { readonly hasState: boolean },
): Promise<RestoreOptions> {
  const options = restoreOptions({
    ...rest,
    from: from === undefined ? undefined : BigInt(from),
    to: to === undefined ? undefined : BigInt(to),
    offsets: (offsets ?? 'auto') as RestoreFlags['offsets'],
    'hold-retention': rest['hold-retention'] ?? false,
    // A run that ended before its first topic was created has nothing to continue: it is made anew, and takes no topic with records.
    resume: hasState,
  });
  return choice === null
    ? options
    : { ...options, records: await ChosenRecords.from(places(choice)) };
}

function* places(
  choice: readonly StoredChoice[],
): Generator<{ topic: string; partition: number; offset: bigint }> {
  for (const { topic, partition, ranges } of choice)
    for (const [start, end] of ranges)
      for (let offset = BigInt(start); offset < BigInt(end); offset++)
        yield { topic, partition, offset };
}
