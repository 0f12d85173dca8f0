/** Tries each kind of access as another user and prints the code of the error it gets, or `ok`. Arguments: the store's folder, the user's id. */
import { toKopsError } from '@kops/core';
import { openFileStore } from '../../src/file/index.ts';

async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  let answer = 'ok';
  try {
    await work();
  } catch (error) {
    const { code, at } = toKopsError(error);
    answer = `${code} ${at.object ?? '-'}`;
  }
  process.stdout.write(`${name}: ${answer}\n`);
}

const user = Number(process.argv[3]);
// Here, and not by who starts it: that user need not be able to read this script.
process.setgroups?.([]);
process.setgid?.(user);
process.setuid?.(user);

const store = await openFileStore(process.argv[2] ?? '');
await attempt('get', () => store.get('locked/k'));
await attempt('put', () => store.putIfAbsent('new', new Uint8Array(1)));
await attempt('open', () => store.openWriter('new'));
await attempt('delete', () => store.delete('k'));
await attempt('list', () => store.list('locked/')[Symbol.asyncIterator]().next());
