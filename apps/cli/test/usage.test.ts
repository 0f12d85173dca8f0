import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

describe('variables of other programs', () => {
  it('stop no command, and those of Kubernetes kOps bring no warning', async () => {
    const run = await runCommand('version', [], {
      KOPS_STATE_STORE: 's3://state',
      KOPS_CLUSTER_NAME: 'k8s.example.com',
      KOPS_FEATURE_FLAGS: '+Spotinst',
      KOPS_SOMETHING: '1',
    });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^kops \d/) });
  });

  it('bring one warning where one looks like a misspelt setting', async () => {
    const run = await runCommand('version', [], { KOPS_REPOSITORRY: '/secret-place' });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toBe(
      'Warning: ignored the environment variable KOPS_REPOSITORRY: kops has no such setting. Did you mean KOPS_REPOSITORY?\n',
    );
  });
});
