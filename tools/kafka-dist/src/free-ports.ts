import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { sandboxUnavailable } from './sandbox-error.ts';

/**
 * Below the range from which systems take the local ports of outgoing connections (Linux: from 32768): a stopped
 * broker's port is not given to a client meanwhile, least of all to one that tries to connect to this very port.
 */
const range = { from: 18_000, to: 32_000 };

async function isFree(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * Distinct ports that nobody listened on a moment ago.
 * @throws KOPS_SANDBOX_UNAVAILABLE when too few are found.
 */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < 100 + count && found.size < count; attempt++) {
    const port = randomInt(range.from, range.to);
    if (!found.has(port) && (await isFree(host, port))) found.add(port);
  }
  if (found.size < count) {
    throw sandboxUnavailable(
      `no ${String(count)} free ports on ${host}`,
      'Stop the programs that use ports 18000 to 31999.',
    );
  }
  return [...found];
}
