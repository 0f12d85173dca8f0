import { isErrorCode } from '@kops/core';
import { z } from 'zod';
import type { StateChange } from './index-state.ts';

const rangesSchema = z.array(
  z
    .tuple([z.string(), z.string()])
    .transform(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
);
const failureSchema = z.object({
  code: z.string().refine(isErrorCode),
  message: z.string(),
});
const changesSchema = z.array(
  z.union([
    z.strictObject({
      archive: z.strictObject({
        archive: z.string(),
        status: z.enum(['begun', 'incomplete', 'done']),
        failure: failureSchema.exactOptional(),
      }),
    }),
    z.strictObject({
      segment: z.strictObject({
        segment: z.string(),
        archive: z.string(),
        documented: z.boolean(),
        cluster: z.string(),
        topicId: z.string(),
        topic: z.string(),
        partition: z.number(),
        covered: rangesSchema,
        written: rangesSchema,
        order: z.number(),
        since: z.number().exactOptional(),
        documents: z.number(),
        rules: z.string().exactOptional(),
        deadLetters: z.number(),
        failure: failureSchema.exactOptional(),
      }),
    }),
    z.strictObject({ forgetArchive: z.string() }),
    z.strictObject({ forgetSegment: z.string() }),
  ]),
);

/** Changes that are synced together, as a line; ranges are pairs of decimal strings. */
export function encodeChanges(changes: readonly StateChange[]): string {
  return `${JSON.stringify(changes, (key, value: unknown) =>
    key === 'covered' || key === 'written'
      ? (value as { from: bigint; to: bigint }[]).map(({ from, to }) => [String(from), String(to)])
      : value,
  )}\n`;
}

/** The changes of a line; undefined for what is none. */
export function decodeChanges(line: string): readonly StateChange[] | undefined {
  return changesSchema.safeParse(parseLine(line)).data;
}

/** JSON of a line; undefined where it is none. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    // Reported by who asked, with the number of the line.
    return undefined;
  }
}
