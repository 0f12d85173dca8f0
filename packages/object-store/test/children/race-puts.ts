/** Puts a row of objects, content being its own name; prints what it was told of each. */
import { openFileStore } from '../../src/file/index.ts';

const [directory = '', name = '', count = '0', startAtMs = '0'] = process.argv.slice(2);
const store = await openFileStore(directory);
await new Promise((resolve) => setTimeout(resolve, Number(startAtMs) - Date.now()));
for (let at = 0; at < Number(count); at++) {
  const key = `commits/0/${String(at).padStart(20, '0')}.json`;
  process.stdout.write(`${await store.putIfAbsent(key, new TextEncoder().encode(name))}\n`);
}
