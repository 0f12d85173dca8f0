import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isDamage, plainError } from '../plain-error.ts';
import { PieceIndexer } from './piece-indexer.ts';
import type { IndexTask, WorkerAnswer, WorkerSettings } from './worker-messages.ts';

const port = parentPort;
if (port === null) throw new Error('this module must run as a worker thread');

const settings = workerData as WorkerSettings;

// Backups beside it go first, whatever there is to index; a rebuild of its own goes as fast as it can. Only Linux has a priority for a
// single thread.
if (settings.hold !== undefined && process.platform === 'linux')
  setPriority(constants.priority.PRIORITY_LOW);

const answer = (message: WorkerAnswer): void => port.postMessage(message);

const indexer = new PieceIndexer(settings, {
  onRecords: (records) => answer({ type: 'progress', records }),
  onWaiting: (error) => answer({ type: 'waiting', error: plainError(error) }),
});

async function run({ id, source, pieces, transactions }: IndexTask): Promise<void> {
  const scan = transactions && (await indexer.scanTransactions(source, transactions));
  for (const [piece, entry] of pieces.entries()) {
    try {
      const outcome = await indexer.index(source, entry, scan);
      answer({ type: 'piece', id, piece, outcome });
    } catch (error) {
      if (!isDamage(error)) throw error;
      answer({ type: 'damaged', id, piece, error: plainError(error) });
    }
  }
}

// Tasks run beside each other, so that one is read while another waits; the pool bounds how many.
port.on('message', (task: IndexTask) => {
  run(task).then(
    () => answer({ type: 'done', id: task.id }),
    (error: unknown) => answer({ type: 'failed', id: task.id, error: plainError(error) }),
  );
});
