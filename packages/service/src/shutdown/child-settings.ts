import type { Readable } from 'node:stream';
import { KopsError } from '@kops/core';

const maxSettingsBytes = 1024 * 1024;

/**
 * Reads the one line of JSON that a parent writes to its child's standard input: settings hold secrets, and arguments and
 * environments can be read by others. The stream stays open, so that its end tells of the parent's.
 * @throws KOPS_USAGE when the stream ends before a line
 */
export async function readChildSettings<T>(input: Readable): Promise<T> {
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    const fail = (): void => {
      reject(
        new KopsError('KOPS_USAGE', 'no settings on standard input', {
          hint: "Start this process with the 'kops' command.",
        }),
      );
    };
    const onData = (piece: Buffer): void => {
      text += piece.toString('utf8');
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= maxSettingsBytes) return;
      input.off('data', onData);
      input.off('end', fail);
      input.pause();
      if (end < 0) fail();
      else resolve(text.slice(0, end));
    };
    input.on('data', onData);
    input.once('end', fail);
  });
  return JSON.parse(line) as T;
}
