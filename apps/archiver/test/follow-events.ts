import type { CommittedArchive, NoticeKind } from '@kops/transport';
import { eventually, type RunningBackup } from './run-backup.ts';

/** A new topic is looked for every 30 s at the latest. */
const noticeMs = 120_000;

/** Archives that a backup has committed so far. */
export const committedBy = ({ events }: RunningBackup): CommittedArchive[] =>
  events.flatMap((event) => (event.type === 'committed' ? [event] : []));

/** Waits until a backup has committed so many archives. Shows all events when it does not. */
export async function untilCommitted(backup: RunningBackup, least: number): Promise<void> {
  await eventually(
    () => backup.events,
    () => committedBy(backup).length >= least,
  );
}

/** Texts of a backup's notices of a kind. */
export const noticesOf = ({ events }: RunningBackup, kind: NoticeKind): string[] =>
  events.flatMap((event) => (event.type === 'notice' && event.kind === kind ? [event.text] : []));

/** Waits for notices of a kind: they come on another way than answers to calls. */
export async function untilNoticed(
  backup: RunningBackup,
  kind: NoticeKind,
  least = 1,
): Promise<string[]> {
  await eventually(
    () => backup.events,
    () => noticesOf(backup, kind).length >= least,
    noticeMs,
  );
  return noticesOf(backup, kind);
}

/** Texts that tell a topic's records apart. */
export const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${String(index)}`);
