import { counted, withDeadline } from '@kops/core';
import { connectOperator, type Endpoint } from '@kops/transport';
import { check, ok, type CheckResult } from './check.ts';

const answerMs = 5_000;

/** Whether an archiver answers and takes the secret. */
export function archiverCheck(
  endpoint: () => Promise<Endpoint>,
  signal: AbortSignal,
): Promise<CheckResult> {
  return check('archiver', signal, async () => {
    const where = await endpoint();
    await using operator = connectOperator(where);
    const backups = await withDeadline(operator.listBackups(signal), {
      ms: answerMs,
      code: 'KOPS_ARCHIVER_UNREACHABLE',
      what: `response of the archiver at ${where.address}`,
      hint: 'Check the address and the secret, and that the archiver is running.',
    });
    return ok(
      'archiver',
      `the archiver at ${where.address} responds; ${counted(backups.length, 'backup')}`,
    );
  });
}
