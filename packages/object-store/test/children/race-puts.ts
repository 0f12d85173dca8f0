/** Prints `ready`; when its input ends, puts a row of objects, content being its own name, and prints what it was told of each. */
import { once } from 'node:events';
import { openFileStore } from '../../src/file/index.ts';

const [directory = '', name = '', count = '0'] = process.argv.slice(2);
const store = await openFileStore(directory);
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
for (let at = 0; at < Number(count); at++) {
  const key = `commits/0/${String(at).padStart(20, '0')}.json`;
  process.stdout.write(`${await store.putIfAbsent(key, new TextEncoder().encode(name))}\n`);
}
