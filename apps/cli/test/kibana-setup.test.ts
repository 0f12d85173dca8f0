import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@oclif/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import KibanaSetup from '../src/commands/kibana/setup.ts';

let folder: string;
let stdout: string;
let stderr: string;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-kibana-'));
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
  for (const name of Object.keys(process.env))
    if (name.startsWith('KOPS_')) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await rm(folder, { recursive: true });
});

interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly objects: number;
}

/** A server that takes every import, as Kibana does, once it was not ready; the tests of the importer have a stricter one. */
async function fakeKibana(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    const lines = body.split('\n').filter((line) => line.startsWith('{'));
    const { url: path = '', headers } = request;
    seen.push({ path, authorization: headers.authorization, objects: lines.length });
    if (seen.length === 1) {
      response.writeHead(503).end('Kibana server is not ready yet');
      return;
    }
    const taken = lines.map((line) => JSON.parse(line) as { type: string; id: string });
    const moved = taken.map(({ type, id }) => ({
      type,
      id,
      ...(id === 'kops-dashboard-events' ? { destinationId: 'new' } : {}),
    }));
    const status = { version: { number: '9.4.3' } };
    const result = { success: true, successCount: moved.length, successResults: moved };
    response.end(JSON.stringify(path.endsWith('/api/status') ? status : result));
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server.listen(0, '127.0.0.1'));
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, seen };
}

/** Runs the command as the command line does, without looking for it. */
async function run(...args: string[]) {
  const config = { bin: 'kops', runHook: async () => ({ failures: [], successes: [] }) };
  return new KibanaSetup(args, config as unknown as Config).run();
}

describe('kops kibana setup', () => {
  it('imports with the credentials of the environment, into the space of the flag', async () => {
    const { url, seen } = await fakeKibana();
    vi.stubEnv('KOPS_KIBANA_USERNAME', 'elastic');
    vi.stubEnv('KOPS_KIBANA_PASSWORD', 'canary');
    const result = await run('--kibana-url', url, '--space', 'backup');
    expect(result).toMatchObject({
      imported: true,
      prefix: 'kops',
      url,
      space: 'backup',
      kibanaVersion: '9.4.3',
      output: null,
    });
    expect(result.objects).toHaveLength(50);
    expect(result.objects.at(-1)).toEqual({ type: 'dashboard', id: 'new', title: '[kops] Events' });
    const authorization = `Basic ${Buffer.from('elastic:canary').toString('base64')}`;
    expect(seen).toEqual([
      { path: '/s/backup/api/status', authorization, objects: 0 },
      { path: '/s/backup/api/status', authorization, objects: 0 },
      {
        path: '/s/backup/api/saved_objects/_import?overwrite=true',
        authorization,
        objects: 50,
      },
    ]);
    expect(stdout).toBe(
      [
        'Kibana 9.4.3, space backup: 5 data views, 6 saved searches, 35 panels, 4 dashboards',
        `  ${url}/s/backup/app/dashboards#/view/kops-dashboard-backups  [kops] Backup overview`,
        `  ${url}/s/backup/app/dashboards#/view/kops-dashboard-records  [kops] Archived records`,
        `  ${url}/s/backup/app/dashboards#/view/kops-dashboard-drills  [kops] Drills: RPO and RTO`,
        `  ${url}/s/backup/app/dashboards#/view/new  [kops] Events`,
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('Waiting for Kibana: it is not ready yet.\n');
  });

  it('writes a file and asks nobody', async () => {
    const file = join(folder, 'kops.ndjson');
    const result = await run('--output', file);
    expect(result).toMatchObject({ imported: false, url: null, output: file });
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      result.objects.map(({ id }) => id),
    );
    expect(stdout).toBe(
      `Wrote 5 data views, 6 saved searches, 35 panels, 4 dashboards to ${file}\n`,
    );
  });

  it('replaces a file whole, and leaves nothing beside it', async () => {
    const file = join(folder, 'kops.ndjson');
    await writeFile(file, 'of an earlier release, and longer than what comes\n'.repeat(10_000));
    const { objects } = await run('--output', file);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(objects.length);
    expect(await readdir(folder)).toEqual(['kops.ndjson']);
  });

  it('uses the prefix of the catalog', async () => {
    vi.stubEnv('KOPS_CATALOG_PREFIX', 'kops_two');
    const { prefix, objects } = await run('--dry-run');
    expect(prefix).toBe('kops_two');
    expect(objects.every(({ id }) => id.startsWith('kops_two-'))).toBe(true);
  });

  it('prints what would be imported, and does nothing', async () => {
    const { url, seen } = await fakeKibana();
    await run('--kibana-url', url, '--dry-run');
    const file = join(folder, 'kops.ndjson');
    const result = await run('--output', file, '--dry-run');
    expect(result.imported).toBe(false);
    expect(seen).toEqual([]);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(stdout).toMatch(/^Would import 5 data views.*\n {2}\[kops\] Archives\n/);
  });

  it.each<[string, string[], string]>([
    ['no address', [], 'KOPS_USAGE'],
    ['plain http to another host', ['--kibana-url', 'http://kibana:5601'], 'KOPS_CONFIG'],
    ['a folder that is not there', ['--output', '/nowhere/kops.ndjson'], 'KOPS_USAGE'],
    ['a device', ['--output', '/dev/null'], 'KOPS_USAGE'],
  ])('refuses %s', async (_, args, code) => {
    await expect(run(...args)).rejects.toMatchObject({ code, exitCode: 2 });
  });
});
