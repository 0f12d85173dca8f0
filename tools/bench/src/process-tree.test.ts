import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ProcessSampler, reapedCpuSeconds, roleOf } from './process-tree.ts';

/** By CPU time, so that a busy machine changes nothing. */
const burn = 'while (process.cpuUsage().user < 500e3);';

describe('roleOf', () => {
  it('knows the embedded processes by their main module', () => {
    expect(roleOf('node --x /opt/kops/apps/agent/dist/embedded.js')).toBe('agent');
    expect(roleOf('node /opt/kops/apps/archiver/dist/embedded.js')).toBe('archiver');
    expect(roleOf('node /opt/agents/run.js')).toBe('child');
  });
});

describe.runIf(process.platform === 'linux')('ProcessSampler', () => {
  it('sees memory and CPU time of a process and of its children', async () => {
    const before = reapedCpuSeconds();
    const nested = `const held = Buffer.alloc(80e6, 1); ${burn} if (held.length === 0) throw new Error();`;
    const parent = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(nested)}, '/agent/'])`;
    const child = spawn(process.execPath, ['-e', parent], { stdio: 'ignore' });
    const sampler = new ProcessSampler(child.pid ?? 0);
    await once(child, 'exit');
    const seen = sampler.stop();
    expect(seen.map(({ role }) => role)).toEqual(['main', 'agent']);
    expect(seen[0]?.peakRssBytes).toBeGreaterThan(20e6);
    expect(seen[0]?.peakRssBytes).toBeLessThan(100e6);
    expect(seen[1]?.peakRssBytes).toBeGreaterThan(100e6);
    expect(seen[1]?.cpuSeconds).toBeGreaterThan(0.1);
    expect(reapedCpuSeconds() - before).toBeGreaterThan(0.2);
  });

  it('sees nothing of a process that has ended', async () => {
    const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
    await once(child, 'exit');
    const sampler = new ProcessSampler(child.pid ?? 0);
    await sleep(60);
    expect(sampler.stop()).toEqual([]);
  });
});
