import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Which right a broker asks for before it serves an API, by the kind of resource. Kafka's names of operations. */
export type Rights = Readonly<
  Partial<Record<'topic' | 'group' | 'cluster' | 'transactional id', string>>
>;

/** One version of one request of the Kafka protocol. */
export interface Api<Request, Response> {
  readonly key: number;
  readonly name: string;
  readonly version: number;
  /** Whether this version has tagged fields (KIP-482): request header v2, response header v1. */
  readonly isFlexible: boolean;
  readonly rights: Rights;
  encode(request: Request, writer: Writer): unknown;
  decode(reader: Reader): Response;
}

/** Smallest and largest version of each API that a broker has, by api key. */
export type VersionRanges = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

/** Whether a broker has this version. */
export function supports(
  versions: VersionRanges,
  api: Pick<Api<never, unknown>, 'key' | 'version'>,
): boolean {
  const range = versions.get(api.key);
  return range !== undefined && range.min <= api.version && api.version <= range.max;
}
