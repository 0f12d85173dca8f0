import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiverHandlers, OperatorApi } from '../src/index.ts';

/** The secret of every test's endpoint. */
export const secret = 'correct horse';

function unexpected(what: string): () => never {
  return () => {
    throw new Error(`the test did not expect ${what}`);
  };
}

const noOperator: OperatorApi = {
  startBackup: unexpected('startBackup'),
  watchBackup: unexpected('watchBackup'),
  stopBackup: unexpected('stopBackup'),
  listBackups: unexpected('listBackups'),
  watermark: unexpected('watermark'),
};

/** Handlers of which a test gives those that it is about; a call of any other fails. */
export function handlersWith(
  given: Partial<Omit<ArchiverHandlers, 'operator'>> & { operator?: Partial<OperatorApi> },
): ArchiverHandlers {
  return {
    join: given.join ?? unexpected('join'),
    stream: given.stream ?? unexpected('stream'),
    operator: { ...noOperator, ...given.operator },
  };
}

/** A folder for sockets, gone at the end of the scope. */
export async function socketFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'kops-transport-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Polls until a condition holds; false when it does not within `ms`. */
export async function holdsWithin(ms: number, condition: () => boolean): Promise<boolean> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}
