import { KopsError } from '@kops/core';
import type { ClusterSettings } from './cluster/cluster.ts';
import type { BrokerAddress } from './network/kafkajs-connection.ts';
import type { KafkaOptions } from './port.ts';

const addressPattern = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^:[\]\s]+)):(?<port>\d{1,5})$/;

/** Reads `host:port` or `[v6]:port`. @throws KOPS_CONFIG */
export function parseAddress(text: string): BrokerAddress {
  const groups = addressPattern.exec(text.trim())?.groups;
  const port = Number(groups?.['port']);
  const host = groups?.['v6'] ?? groups?.['name'];
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw new KopsError('KOPS_CONFIG', `'${text}' is not a valid address of a Kafka broker`, {
      hint: 'Use host:port, for example kafka.example.com:9092, or [::1]:9092 for IPv6.',
    });
  }
  return { host, port };
}

/** Options with every default in place. @throws KOPS_CONFIG */
export function resolveOptions(options: KafkaOptions): ClusterSettings {
  if (options.bootstrapServers.length === 0) {
    throw new KopsError('KOPS_CONFIG', 'no address of a Kafka broker is given', {
      hint: 'Use at least one host:port.',
    });
  }
  return {
    bootstrap: options.bootstrapServers.map(parseAddress),
    clientId: options.clientId ?? 'kops',
    tls: options.tls === true ? {} : options.tls === false ? undefined : options.tls,
    sasl: options.sasl,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
    retryDeadlineMs: options.retryDeadlineMs ?? 60_000,
    throttleDeadlineMs: options.throttleDeadlineMs ?? 300_000,
    maxFetchConnections: options.maxFetchConnections ?? 4,
    bufferPoolBytes: options.fetchBufferBytes ?? 32 * 1024 * 1024,
    ...(options.onThrottled === undefined ? {} : { onThrottled: options.onThrottled }),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  };
}
