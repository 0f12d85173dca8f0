import { KopsError } from '@kops/core';
import type { Answer, BrokerConnection, SendOptions } from '../network/broker-connection.ts';
import { formatAddress } from '../network/failures.ts';
import { supports, type Api } from '../wire/api.ts';

/** Sends a request in a version that the broker has. @throws KOPS_KAFKA_PROTOCOL when it does not. */
export async function send<Request, Response>(
  connection: BrokerConnection,
  api: Api<Request, Response>,
  request: Request,
  options: SendOptions,
): Promise<Answer<Response>> {
  if (!supports(connection.versions, api)) {
    const broker = formatAddress(connection.address);
    throw new KopsError(
      'KOPS_KAFKA_PROTOCOL',
      `${broker} does not support ${api.name} v${String(api.version)}`,
      {
        at: { broker },
        hint: 'Use Kafka 2.4 or later.',
      },
    );
  }
  return connection.send(api, request, options);
}

/** A topic that does not exist. */
export function topicNotFound(topic: string): KopsError {
  return new KopsError('KOPS_TOPIC_NOT_FOUND', `there is no topic '${topic}'`, {
    at: { topic },
    hint: 'List the topics of the cluster. If the topic was just created, try again in a few seconds.',
  });
}
