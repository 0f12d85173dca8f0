import { KopsError, withDeadline } from '@kops/core';
import { metadataV10 } from '../apis/metadata-v10.ts';
import { metadataV7 } from '../apis/metadata-v7.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send } from '../cluster/send.ts';
import { supports } from '../wire/api.ts';

/** With one broker that is stopped the others still answer. */
const mostBrokers = 3;

/** See {@link import('../port.ts').KafkaClient.probe}. */
export async function probe(
  cluster: Cluster,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const late = new AbortController();
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const asking = cluster.firstOf(
    mostBrokers,
    (connection) => {
      const api = supports(connection.versions, metadataV10) ? metadataV10 : metadataV7;
      return send(connection, api, { topics: [] }, { signal: either });
    },
    either,
  );
  try {
    await withDeadline(asking, {
      ms: timeoutMs,
      code: 'KOPS_KAFKA_UNREACHABLE',
      what: 'answer of any broker',
      hint: 'Check that the brokers are running and that no firewall drops packets to them.',
    });
  } finally {
    late.abort(new KopsError('KOPS_INTERRUPTED', 'the response arrived after the timeout'));
  }
}
