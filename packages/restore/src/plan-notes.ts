import { counted, formatCount } from '@kops/core';
import type { PlannedTopic } from './plan.ts';

/** How much a note matters: `records` are at risk, what the target gets is `different`, or worth knowing. */
export type NoteWeight = 'records' | 'different' | 'minor';

/** Something to say of a topic or group. Notes with the same text become one warning. */
export interface PlanNote {
  readonly weight: NoteWeight;
  readonly text: string;
  readonly kind: 'topic' | 'group';
  readonly name: string;
  /** Summed up over the notes that become one. */
  readonly amount?: { readonly count: number; readonly noun: string };
}

const weights: readonly NoteWeight[] = ['records', 'different', 'minor'];
const shownNames = 5;

/** Each text once, the important ones first, with how many topics or groups it holds for. */
export function warningsOf(notes: readonly PlanNote[]): string[] {
  return weights.flatMap((weight) => {
    const ofWeight = notes.filter((note) => note.weight === weight);
    const byText = Map.groupBy(ofWeight, ({ kind, text }) => `${kind} ${text}`);
    return [...byText.values()].map(warningOf);
  });
}

function warningOf(notes: readonly PlanNote[]): string {
  const [first] = notes;
  if (first === undefined) return '';
  const names = [...new Set(notes.map(({ name }) => name))];
  const shown = names.slice(0, shownNames).join(', ');
  const more = names.length > shownNames ? ', …' : '';
  const where =
    names.length === 1
      ? `${first.kind} ${shown}`
      : `${counted(names.length, first.kind)} (${shown}${more})`;
  const total = notes.reduce((sum, { amount }) => sum + (amount?.count ?? 0), 0);
  const amount = first.amount === undefined ? '' : ` (${counted(total, first.amount.noun)})`;
  return `${where}: ${first.text}${amount}`;
}

/** One line for all partitions without exact offsets, with the first as an example. */
export function mappedWarning(topics: readonly PlannedTopic[]): string[] {
  const all = topics.flatMap(({ target, partitions }) =>
    partitions.map((planned) => ({ ...planned, target })),
  );
  const mapped = all.filter(({ strategy }) => strategy === 'mapped');
  const [example] = mapped;
  if (example === undefined) return [];
  const why = `${example.target}-${String(example.partition)}: ${example.reasons.join(', ')}`;
  const count = `${formatCount(mapped.length)} of ${counted(all.length, 'partition')}`;
  return [`offsets of ${count} are mapped (${mapped.length === 1 ? '' : 'as '}${why})`];
}
