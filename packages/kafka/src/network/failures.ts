import { KopsError, reasonOf } from '@kops/core';
import type { BrokerAddress } from './kafkajs-connection.ts';

/** `host:port` of a broker. */
export function formatAddress({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

const isTlsCode = (code: string): boolean =>
  code.startsWith('ERR_TLS') ||
  code.startsWith('ERR_SSL') ||
  code === 'EPROTO' ||
  /CERT|SELF_SIGNED|ISSUER|UNABLE_TO/.test(code);

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Check the address and check that the broker is running.',
  ENOTFOUND: 'Check the host name: this host cannot resolve it.',
  ETIMEDOUT: 'Check that no firewall drops packets to the broker.',
};

/** A connection that could not be made or was lost, with its cause by name. */
export function connectionFailure(address: BrokerAddress, what: string, cause: unknown): KopsError {
  if (KopsError.is(cause)) return cause;
  const { code = '' } = (cause ?? {}) as { code?: string };
  const message = reasonOf(cause);
  const at = { broker: formatAddress(address) };
  const reason = message.replace(/^Connection error: /, '');
  if (isTlsCode(code) || message.includes('secure TLS connection')) {
    return new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `${at.broker}: TLS failed: ${reason}${code === '' ? '' : ` (${code})`}`,
      {
        at,
        cause,
        hint: 'Check the certificate authority and host name of the broker, and check that this listener uses TLS.',
      },
    );
  }
  return new KopsError('KOPS_KAFKA_UNREACHABLE', `${at.broker}: ${what}: ${reason}`, {
    at,
    cause,
    hint: hints[code] ?? 'Check the address, the listener (TLS, SASL) and the log of the broker.',
  });
}

/** A failed authentication; everything that is not the broker's refusal is a lost connection. */
export function authenticationFailure(address: BrokerAddress, cause: unknown): KopsError {
  const broker = formatAddress(address);
  const message = reasonOf(cause);
  return new KopsError('KOPS_ACCESS_DENIED', `${broker} rejected the SASL login: ${message}`, {
    at: { broker },
    cause,
    hint: 'Check user name, password and SASL mechanism.',
  });
}
