import { createServer } from 'node:net';
import { inspect } from 'node:util';
import type { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { FakeKibana, type FakeKibanaBehaviour } from '../../test/fake-kibana.ts';
import { importSavedObjects, savedObjects, toNdjson, type KibanaSettings } from './index.ts';

const objects = savedObjects();
const ndjson = toNdjson(objects);
const password = 'canary-S3cret';
const basic = `Basic ${Buffer.from(`u:${password}`).toString('base64')}`;

/** How an import into a fake ends, with what the fake saw. */
async function run(
  behaviour: FakeKibanaBehaviour,
  settings: Partial<KibanaSettings> = {},
  lines = ndjson,
) {
  await using kibana = await FakeKibana.start(behaviour);
  let waits = 0;
  const outcome = await importSavedObjects({ url: kibana.url, ...settings }, lines, {
    onWait: () => (waits += 1),
  }).then(
    (report) => ({ report, error: undefined }),
    (error: unknown) => ({ report: undefined, error: error as KopsError }),
  );
  return { ...outcome, kibana, waits, url: kibana.url };
}

describe('importSavedObjects', () => {
  it('writes all objects, also a second time', async () => {
    await using kibana = await FakeKibana.start();
    for (const _ of [1, 2]) {
      const report = await importSavedObjects({ url: `${kibana.url}/` }, ndjson);
      expect(report).toMatchObject({ url: kibana.url, space: 'default', kibanaVersion: '9.4.3' });
      expect(report.objects).toEqual(objects.map(({ type, id }) => ({ type, id })));
      const there = [...kibana.spaces.get('default')!.values()];
      expect(there).toEqual(JSON.parse(JSON.stringify(objects)));
    }
    expect(kibana.seen.map(({ method, path }) => `${method} ${path}`).slice(0, 2)).toEqual([
      'GET /api/status',
      'POST /api/saved_objects/_import?overwrite=true',
    ]);
    expect(kibana.seen[1]!.headers['kbn-xsrf']).toBe('kops');
  });

  it('writes into a space, and below a base path it asks for there', async () => {
    const { report, kibana } = await run({ spaces: ['default', 'backup'] }, { space: 'backup' });
    expect(report?.space).toBe('backup');
    expect(kibana.spaces.get('backup')!.size).toBe(objects.length);
    expect(kibana.spaces.get('default')!.size).toBe(0);
    expect(kibana.seen.every(({ path }) => path.startsWith('/s/backup/api/'))).toBe(true);
  });

  it.each<[string, Partial<KibanaSettings>, string]>([
    ['user and password', { username: 'u', password }, basic],
    ['an API key', { apiKey: 'a2V5OmNhbmFyeQ==' }, 'ApiKey a2V5OmNhbmFyeQ=='],
  ])('signs in by %s', async (_, settings, authorization) => {
    const { report } = await run({ authorization }, settings);
    expect(report?.objects).toHaveLength(objects.length);
  });

  it('names each object that is not taken, in one error', async () => {
    const { error } = await run({
      refuses: { 'kops-panel-drills-rto': 'a bad state', 'kops-records': 'no' },
    });
    expect(error).toMatchObject({ code: 'KOPS_KIBANA_REFUSED', exitCode: 30 });
    expect(error?.message).toMatch(
      /does not take 2 objects: index-pattern kops-records \(unknown: no\); lens kops-panel-drills-rto \(unknown: a bad state\)$/,
    );
  });

  it('names references that lead nowhere', async () => {
    const without = toNdjson(objects.filter(({ id }) => id !== 'kops-search-drills'));
    const { error } = await run({}, {}, without);
    expect(error?.message).toMatch(
      /1 object: dashboard kops-dashboard-drills \(missing_references: search kops-search-drills\)$/,
    );
  });

  it('does not take it as done when objects are missing in the answer', async () => {
    const { error } = await run({ forgets: ['kops-drills'] });
    expect(error).toMatchObject({ code: 'KOPS_KIBANA_REFUSED' });
    expect(error?.message).toMatch(/imported 49 of 50 objects/);
  });

  it('waits for a Kibana that is not ready, and says so once', async () => {
    const { report, waits, kibana } = await run({ notReady: 2 });
    expect(report?.objects).toHaveLength(objects.length);
    expect([waits, kibana.seen.length]).toEqual([1, 4]);
  });

  it('waits no longer than it may', async () => {
    const { error } = await run({ notReady: 1000 }, { readyTimeoutMs: 600 });
    expect(error).toMatchObject({ code: 'KOPS_KIBANA_UNREACHABLE', exitCode: 30 });
    expect(error?.message).toMatch(/not ready yet/);
  });

  it.each(['/api/status', '_import'])('does not wait for ever where %s hangs', async (hangsAt) => {
    const { error, waits } = await run({ hangsAt }, { requestTimeoutMs: 200 });
    expect(error).toMatchObject({ code: 'KOPS_KIBANA_UNREACHABLE' });
    expect(error?.message).toMatch(/no answer within 200 ms/);
    expect(waits).toBe(0);
  });

  it.each(['/api/status', '_import'])('ends at once when it is stopped, at %s', async (hangsAt) => {
    await using kibana = await FakeKibana.start({ hangsAt });
    const work = importSavedObjects({ url: kibana.url }, ndjson, {
      signal: AbortSignal.timeout(100),
    });
    await expect(work).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
  });

  it('says where nothing answers, without waiting', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const work = importSavedObjects({ url: `http://127.0.0.1:${String(port)}` }, ndjson);
    await expect(work).rejects.toMatchObject({
      code: 'KOPS_KIBANA_UNREACHABLE',
      exitCode: 30,
      at: { object: `http://127.0.0.1:${String(port)}` },
    });
  });
});

describe('rights', () => {
  it.each<[string, FakeKibanaBehaviour, Partial<KibanaSettings>, RegExp]>([
    ['nobody', { authorization: basic }, {}, /KOPS_KIBANA_PASSWORD/],
    [
      'a wrong password',
      { authorization: 'x' },
      { username: 'u', password },
      /KOPS_KIBANA_PASSWORD/,
    ],
    ['somebody who may only read', { mayWrite: false }, {}, /right to manage saved objects/],
  ])('of %s end with what to do', async (_, behaviour, settings, hint) => {
    const { error } = await run(behaviour, settings);
    expect(error).toMatchObject({ code: 'KOPS_ACCESS_DENIED', exitCode: 31 });
    expect(error?.hint).toMatch(hint);
    // The fake repeats the header.
    const shown = inspect(error, { depth: 20, showHidden: true });
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(basic.slice(6));
  });
});

describe('other servers', () => {
  it.each<[string, FakeKibanaBehaviour, string, RegExp]>([
    ['an old Kibana', { version: '8.19.2' }, 'KOPS_REFUSED', /version 8\.19\.2; .* 9 or later/],
    ['a page', { says: { status: 200, text: '<html>' } }, 'KOPS_KIBANA_REFUSED', /is not Kibana/],
    ['a broken one', { says: { status: 500, text: 'x' } }, 'KOPS_KIBANA_REFUSED', /status 500/],
    [
      'one that answers imports strangely',
      { says: { status: 200, text: '{"success":1}' } },
      'KOPS_KIBANA_REFUSED',
      /cannot be read/,
    ],
  ])('are told apart: %s', async (_, behaviour, code, message) => {
    const { error } = await run(behaviour);
    expect(error).toMatchObject({ code });
    expect(error?.message).toMatch(message);
  });

  it('are asked for the space', async () => {
    const { error } = await run({}, { space: 'nowhere' });
    expect(error).toMatchObject({ code: 'KOPS_KIBANA_REFUSED' });
    expect(error?.hint).toMatch(/space 'nowhere' exists/);
  });
});

describe('settings', () => {
  it.each<[string, KibanaSettings, RegExp]>([
    ['plain http elsewhere', { url: 'http://kibana:5601' }, /plain http/],
    ['no URL', { url: 'kibana:5601' }, /no URL/],
    ['a password in the URL', { url: `https://u:${password}@kibana` }, /holds a user/],
    ['half a user', { url: 'https://kibana', username: 'u' }, /name and a password/],
    ['two ways to sign in', { url: 'https://k', username: 'u', apiKey: 'k' }, /not both/],
    ['a space that is none', { url: 'https://k', space: '../x' }, /no id of a space/],
    ['no such file', { url: 'https://k', caFile: '/nowhere.pem' }, /cannot read/],
  ])('that do not fit are refused: %s', async (_, settings, message) => {
    const error = await importSavedObjects(settings, ndjson).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KOPS_CONFIG', exitCode: 2 });
    expect((error as KopsError).message).toMatch(message);
    expect(inspect(error)).not.toContain(password);
  });

  it('allow plain http elsewhere on demand', async () => {
    const settings = {
      url: 'http://kibana.invalid:1',
      allowInsecure: true,
      requestTimeoutMs: 2000,
    };
    await expect(importSavedObjects(settings, ndjson)).rejects.toMatchObject({
      code: 'KOPS_KIBANA_UNREACHABLE',
    });
  });
});
