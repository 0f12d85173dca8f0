import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureElasticsearch } from './installation.ts';

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'kops-installation-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cacheDir, { recursive: true, force: true });
});

it('names what each way lacks, once', async () => {
  // Neither a docker program nor a usable Java.
  vi.stubEnv('PATH', cacheDir);
  vi.stubEnv('ES_JAVA_HOME', join(cacheDir, 'absent'));
  await expect(ensureElasticsearch({ cacheDir })).rejects.toMatchObject({
    code: 'KOPS_SANDBOX_UNAVAILABLE',
    message: expect.stringMatching(
      /^cannot start Elasticsearch here: no Docker engine is running [^;]*; Elasticsearch needs a JDK [^;]*$/,
    ) as string,
  });
});

it('speaks only of the way that was asked for', async () => {
  vi.stubEnv('PATH', cacheDir);
  const asked = ensureElasticsearch({ cacheDir, runtime: 'docker' });
  await expect(asked).rejects.toThrow(/Docker/);
  await expect(asked).rejects.not.toThrow(/JDK/);
});
