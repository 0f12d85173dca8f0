import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importSavedObjects, savedObjects, toNdjson } from '../src/kibana/index.ts';

const run = promisify(execFile);
const ndjson = toNdjson(savedObjects());
let folder: string;
let server: Server;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-kibana-tls-'));
  await Promise.all(['right', 'wrong'].map(makeCertificate));
  const [cert, key] = await Promise.all(
    ['right.pem', 'right.key'].map((name) => readFile(join(folder, name))),
  );
  server = createServer({ cert, key }, (request, response) => {
    request.resume();
    request.on('end', () => {
      const successResults = savedObjects().map(({ type, id }) => ({ type, id }));
      const isStatus = request.url === '/api/status';
      response.end(JSON.stringify(isStatus ? {} : { success: true, successResults }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** A certificate for 127.0.0.1 that is its own authority. */
async function makeCertificate(name: string): Promise<void> {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', ['req', '-x509', ...key, '-days', '2', ...names, ...files]);
}

it('trusts a Kibana whose certificate the authority of the settings signed', async () => {
  const report = await importSavedObjects({ url, caFile: join(folder, 'right.pem') }, ndjson);
  expect(report).toMatchObject({ url, kibanaVersion: undefined });
  expect(report.objects).toHaveLength(50);
});

it.each([[undefined], ['wrong.pem']])('trusts no other: %s', async (caFile) => {
  const settings = caFile === undefined ? { url } : { url, caFile: join(folder, caFile) };
  await expect(importSavedObjects(settings, ndjson)).rejects.toMatchObject({
    code: 'KOPS_KIBANA_REFUSED',
    hint: expect.stringContaining('kibana.caFile') as unknown,
  });
});
