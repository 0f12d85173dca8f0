import { tmpdir } from 'node:os';
import { toKopsError } from '@kops/core';
import { findDocker, findJava, findOnPath } from '@kops/kafka-dist';
import { formatBytes, freeBytesOf } from '@kops/service';
import { check, ok, warn, type CheckResult } from './check.ts';

/** Whether this machine can start a throwaway Kafka for drills. */
export function drillCheck(signal: AbortSignal): Promise<CheckResult> {
  return check('drills', signal, async () => {
    const [free, docker, java, maven] = await Promise.all([
      freeBytesOf(tmpdir()),
      findDocker({ signal }),
      findJava({ signal }).catch((error: unknown) => toKopsError(error)),
      process.env['KOPS_MAVEN'] ?? findOnPath('mvn'),
    ]);
    const hasJava = !(java instanceof Error);
    const details = [
      `Temporary files: ${tmpdir()} (TMPDIR), ${formatBytes(free)} free`,
      docker === undefined
        ? 'Docker: no engine is running (--sandbox testcontainers needs one)'
        : `Docker: engine ${docker.serverVersion}`,
      hasJava
        ? `Java: version ${String(java.version)} at ${java.home}`
        : `Java: ${java.message} (--sandbox jvm needs version 17)`,
      maven === undefined
        ? 'Maven: not found (--sandbox jvm downloads Kafka with it once)'
        : `Maven: ${maven}`,
    ];
    const ways = [...(docker === undefined ? [] : ['testcontainers']), ...(hasJava ? ['jvm'] : [])];
    if (ways.length > 0)
      return ok(
        'drills',
        `this machine can run drills with --sandbox ${ways.join(' or ')}`,
        details,
      );
    return warn('drills', 'this machine cannot start a throwaway Kafka', {
      details,
      hint: 'Install a Docker engine, or Java 17 and Maven; or use another cluster: kops drill --sandbox external --bootstrap-server HOST:PORT.',
    });
  });
}
