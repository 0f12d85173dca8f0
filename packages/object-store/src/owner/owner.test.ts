import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processState, thisProcess } from './process-identity.ts';
import { SignsOfLife } from './signs-of-life.ts';

const unshare = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync('unshare', [...unshare, 'true']).status === 0;

describe.runIf(process.platform === 'linux')('the state of a process', () => {
  it('is asked for by its pid where that pid was given, and another start is another process', async () => {
    const own = await thisProcess();
    expect(own).toMatchObject({
      pid: process.pid,
      pidNamespace: expect.stringMatching(/^pid:/) as string,
    });
    expect(await processState(own)).toBe('alive');
    expect(await processState({ ...own, startTicks: own.startTicks + 1 })).toBe('dead');
    expect(await processState({ ...own, pid: 2 ** 22 - 1 })).toBe('dead');
  });

  it('is unknown on another host, after another boot and in another PID namespace, whatever the host name', async () => {
    const own = await thisProcess();
    for (const other of [
      { bootId: 'another' },
      { bootId: 'another', host: 'elsewhere' },
      { pidNamespace: 'pid:[1]' },
      { bootId: '', pidNamespace: '' },
    ])
      expect(await processState({ ...own, ...other })).toBe('unknown');
    const blind = { ...own, pidNamespace: '' };
    expect(await processState(blind, blind)).toBe('unknown');
  });

  it.skipIf(!mayUnshare)(
    'is unknown to a process in another PID namespace, which cannot see it',
    async () => {
      const own = JSON.stringify(await thisProcess());
      const module = new URL('process-identity.ts', import.meta.url).href;
      const ask = `import(${JSON.stringify(module)}).then(async ({ processState, thisProcess }) => {
      console.log(await processState(${own}), (await processState(await thisProcess())));
    })`;
      const child = spawn('unshare', [...unshare, process.execPath, '-e', ask], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await once(child, 'close');
      expect(output.trim()).toBe('unknown alive');
    },
  );
});

describe('signs of life', () => {
  it('tell that an owner lives once one changes, and that it is dead after 20 s without, by the own clock', () => {
    let at = 0;
    const signs = new SignsOfLife({ monotonic: () => at });
    expect(signs.observe('a', '1')).toBe('unknown');
    at = 19_999;
    expect(signs.observe('a', '1')).toBe('unknown');
    expect(signs.observe('b', '')).toBe('unknown');
    at = 20_000;
    expect(signs.observe('a', '1')).toBe('dead');
    expect(signs.observe('b', '2')).toBe('alive');
    at = 39_000;
    expect(signs.observe('b', '2')).toBe('alive');
    at = 40_000;
    expect(signs.observe('b', '2')).toBe('dead');
  });
});
