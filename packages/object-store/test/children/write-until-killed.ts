/** Puts objects and appends to a segment without end; prints the segment's size whenever it is synced. */
import { openFileStore } from '../../src/file/index.ts';

const store = await openFileStore(process.argv[2] ?? '');
const writer = await store.openWriter('segments/1/00000000000000000000.log');
const piece = new Uint8Array(10_000);
for (let round = 0; ; round++) {
  piece.fill(round & 0xff);
  await writer.append([piece]);
  await writer.sync();
  process.stdout.write(`${String(writer.size)}\n`);
  await writer.append([piece]);
  const name = String(round).padStart(6, '0');
  await store.putIfAbsent(`commits/${name}.json`, new TextEncoder().encode(name.repeat(5000)));
}
