import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TextOutput } from './text-output.ts';

function collector(failWith?: string): { stream: Writable; pieces: string[] } {
  const pieces: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      pieces.push(text);
      done(failWith === undefined ? null : Object.assign(new Error(failWith), { code: failWith }));
    },
  });
  return { stream, pieces };
}

describe('text output', () => {
  it('writes all, in order, in large pieces', async () => {
    const { stream, pieces } = collector();
    const output = new TextOutput(stream);
    for (let line = 0; line < 30_000; line++) await output.write(`line ${String(line)}\n`);
    await output.flush();
    expect(pieces.join('').split('\n')).toHaveLength(30_001);
    expect(pieces.length).toBeLessThan(10);
  });

  it('knows when its reader is gone', async () => {
    const { stream } = collector('EPIPE');
    const output = new TextOutput(stream);
    await output.write('a');
    await output.flush();
    expect(output.isGone).toBe(true);
    await output.write('b');
    await output.flush();
  });

  it('throws any other failure', async () => {
    const output = new TextOutput(collector('ENOSPC').stream);
    await output.write('a');
    await expect(output.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(output.isGone).toBe(false);
  });
});
