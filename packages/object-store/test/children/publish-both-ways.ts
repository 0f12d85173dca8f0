/** Publishes one object by putIfAbsent and one by a writer. */
import { openFileStore } from '../../src/file/index.ts';

const store = await openFileStore(process.argv[2] ?? '', { create: true });
await store.putIfAbsent('put/k', new Uint8Array(1));
const writer = await store.openWriter('written/k');
await writer.append([new Uint8Array(1)]);
await writer.sync();
await writer.publish();
