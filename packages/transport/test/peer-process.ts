/**
 * A peer in a process of its own, to be killed or stopped by a test.
 *
 *     peer-process.ts archive ADDRESS    serves, holds every stream, tells `ready`
 *     peer-process.ts capture ADDRESS    opens a stream, sends a frame, tells `ready`, holds it
 */
import { connectCapture, serveArchiver } from '../src/index.ts';
import { handlersWith, secret } from './stub-archiver.ts';

const [, , role, address = ''] = process.argv;

if (role === 'archive') {
  const forever = new Promise<never>(() => undefined);
  await serveArchiver({ address, secret }, handlersWith({ stream: () => forever }));
} else {
  const stream = connectCapture({ address, secret }).stream();
  await stream.send({ type: 'data', bytes: new Uint8Array(1000) });
}
process.send?.('ready');
// As long as the test lives: an orphan must not stay behind.
process.once('disconnect', () => process.exit());
setInterval(() => undefined, 60_000);
