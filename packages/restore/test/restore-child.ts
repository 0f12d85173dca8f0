/*
 * A restore as a process of its own, to be killed: `node restore-child.ts <bootstrap> <repository folder> <state file> <first|resume>`.
 * Writes a line `filling` when records begin to move, and `done <records>` at the end.
 */
import { connectKafka } from '@kops/kafka';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository } from '@kops/repository';
import { executeRestore, inspectTarget, planRestore } from '../src/index.ts';

const [bootstrap = '', repositoryFolder = '', statePath = '', mode = ''] = process.argv.slice(2);
await using kafka = await connectKafka({ bootstrapServers: [bootstrap] });
const archive = await openArchive(
  await openRepository(await openFileStore(repositoryFolder)),
  'latest',
);
const options = { resume: mode === 'resume' };
const plan = planRestore(
  archive.manifest,
  await inspectTarget(kafka, archive.manifest, options),
  options,
);
let isFilling = false;
const result = await executeRestore({
  archive,
  kafka,
  plan,
  statePath,
  limits: { checkpointMs: 100, stableMs: 500 },
  onProgress: ({ phase }) => {
    if (phase === 'fill' && !isFilling) process.stdout.write('filling\n');
    isFilling = phase === 'fill';
  },
});
process.stdout.write(`done ${String(result.records)}\n`);
