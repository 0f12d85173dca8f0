import { KopsError } from '@kops/core';
import type { AgentEvent, Assignment } from '@kops/transport';
import { expect, it } from 'vitest';
import { FakeDuplex } from '../test/fake-duplex.ts';
import { AgentRegistry } from './agent-registry.ts';

it('names what the last agent was refused for where there is none, until one has joined', async () => {
  const registry = new AgentRegistry();
  expect(registry.lack(30_000)).toMatchObject({
    code: 'KOPS_ARCHIVER_UNREACHABLE',
    message: 'no agent has joined for 30 s',
  });
  const hint = 'update the agent';
  registry.refused(new KopsError('KOPS_FORMAT_UNSUPPORTED', 'the agent is older', { hint }));
  expect(registry.lack(30_000)).toMatchObject({
    code: 'KOPS_FORMAT_UNSUPPORTED',
    message: 'no agent has joined for 30 s; the archiver rejected the last one: the agent is older',
    hint,
  });
  const join = new FakeDuplex<AgentEvent, Assignment>();
  const served = registry.serve(join);
  const [agentId, host, rack, version] = ['a', 'h', '', ''];
  join.say({ type: 'hello', agentId, host, rack, version, brokerIds: [], capacity: 1 });
  await join.until(({ type }) => type === 'welcome');
  expect(registry.lack(1_000).code).toBe('KOPS_ARCHIVER_UNREACHABLE');
  join.close();
  await served;
});
