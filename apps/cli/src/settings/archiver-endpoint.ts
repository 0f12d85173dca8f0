import { KopsError } from '@kops/core';
import { loadTls, type Config } from '@kops/service';
import type { Endpoint } from '@kops/transport';

/** Where the configured archiver is and how to speak to it. `address` overrides the configured one. @throws KOPS_CONFIG without a secret */
export async function archiverEndpoint(
  config: Config,
  address = config.archiver.address,
): Promise<Endpoint> {
  const { secret } = config.archiver;
  if (address === undefined || secret === undefined) {
    const missing = address === undefined ? 'address' : 'secret';
    throw new KopsError('KOPS_CONFIG', `the ${missing} of the archiver is missing`, {
      hint: `Set archiver.${missing} in the configuration, or KOPS_ARCHIVER_${missing.toUpperCase()}.`,
    });
  }
  const tls = await loadTls(config.archiver.tls);
  return { address, secret, ...(typeof tls === 'object' ? { tls } : tls ? { tls: {} } : {}) };
}
