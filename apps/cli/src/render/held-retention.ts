import type { RestorePlan } from '@kops/restore';
import { shellCommand } from '../output/shell-command.ts';

const shown = 50;

/** How to undo `--hold-retention`: a command of Kafka's own tool for each topic. */
export function describeHeldRetention(
  { topics, holdRetention }: RestorePlan,
  bootstrapServer: string,
): string[] {
  if (!holdRetention) return [];
  const commands = topics.map(({ target, heldConfigs }) => {
    const entries = Object.entries(heldConfigs);
    const set = entries.flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
    const removed = entries.flatMap(([name, value]) => (value === null ? [name] : []));
    return shellCommand([
      ...['kafka-configs.sh', '--bootstrap-server', bootstrapServer, '--alter'],
      ...['--entity-type', 'topics', '--entity-name', target],
      ...(set.length === 0 ? [] : ['--add-config', set.join(',')]),
      ...(removed.length === 0 ? [] : ['--delete-config', removed.join(',')]),
    ]);
  });
  const rest = commands.length - shown;
  return [
    'Retention is held: the target deletes nothing of these topics. To set the retention of the source:',
    ...commands.slice(0, shown),
    ...(rest > 0 ? [`… and ${String(rest)} more topics: heldConfigs in the report`] : []),
    '',
  ];
}
