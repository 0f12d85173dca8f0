import { expect, it } from 'vitest';
import type { BulkItem } from './bulk-port.ts';
import { judgeResult } from './judge-result.ts';

const item = { index: 'kops-records' } as unknown as BulkItem;
const judge = (status: number, type: string, reason: string) =>
  judgeResult({ status, error: { type, reason } }, item, 1);

it('reports a write block of an index as what it is, not as missing rights', () => {
  const reason = 'index [kops-records] blocked by: [FORBIDDEN/8/index write (api)];';
  expect(judge(403, 'cluster_block_exception', reason)).toMatchObject({
    kind: 'fatal',
    error: {
      code: 'KOPS_ELASTICSEARCH_REFUSED',
      message: expect.stringContaining('FORBIDDEN/8/index write') as string,
      hint: expect.stringContaining('index.blocks.write') as string,
    },
  });
});

it('reports missing rights as such, and tries again while a disk is full', () => {
  const denied = judge(403, 'security_exception', 'action is unauthorized');
  expect(denied).toMatchObject({ kind: 'fatal', error: { code: 'KOPS_ACCESS_DENIED' } });
  const full = 'index [i] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage];';
  expect(judge(429, 'cluster_block_exception', full)).toMatchObject({ kind: 'retry' });
});
