import { parentPort, workerData } from 'node:worker_threads';
import { errorToJson, toKopsError } from '@kops/core';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { checkSegment, type SegmentOutcome } from './check-segment.ts';
import type { WorkerAnswer, WorkerSettings, WorkerTask } from './worker-messages.ts';

/** Bytes between two reports of progress: a segment may have 2 GiB. */
const reportBytes = 32 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('this module must run as a worker thread');
const answer = (message: WorkerAnswer): void => port.postMessage(message);

const settings = workerData as WorkerSettings;
const store = await openFileStore(parseRepositoryUrl(settings.url).directory);

async function run({ segments }: WorkerTask): Promise<SegmentOutcome[]> {
  let unreported = 0;
  const onBytes = (bytes: number): void => {
    unreported += bytes;
    if (unreported < reportBytes) return;
    answer({ type: 'bytes', bytes: unreported });
    unreported = 0;
  };
  const outcomes: SegmentOutcome[] = [];
  for (const segment of segments)
    outcomes.push(await checkSegment(store, segment, { structure: settings.structure, onBytes }));
  answer({ type: 'bytes', bytes: unreported });
  return outcomes;
}

// One task after the other, so that one buffer is in use; the next waits in the queue, so that the thread is never idle.
let queue = Promise.resolve();
port.on('message', (task: WorkerTask) => {
  queue = queue.then(async () => {
    try {
      answer({ type: 'done', id: task.id, outcomes: await run(task) });
    } catch (thrown) {
      const { code, message } = errorToJson(toKopsError(thrown));
      answer({ type: 'failed', id: task.id, code: String(code), message: String(message) });
    }
  });
});
