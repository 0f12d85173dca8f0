import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { handlersWith, secret, socketFolder } from '../test/stub-archiver.ts';
import { connectCapture, connectOperator, serveArchiver, type Endpoint } from './index.ts';

const run = promisify(execFile);

const answering = handlersWith({
  operator: { listBackups: () => Promise.resolve([]) },
  stream: () => Promise.resolve(),
});

/** What an operator's and an agent's first call to an endpoint come to. */
async function ask(endpoint: Endpoint): Promise<unknown[]> {
  await using operator = connectOperator(endpoint);
  await using capture = connectCapture(endpoint);
  return await Promise.all([
    operator.listBackups().catch((error: unknown) => error),
    Array.fromAsync(capture.stream().incoming).catch((error: unknown) => error),
  ]);
}

const answered = [[], []];

function both(code: string): object[] {
  return [{ code }, { code }];
}

describe('a unix socket', () => {
  it('is for its owner only, and gone when the archiver has closed', async () => {
    await using folder = await socketFolder();
    const path = join(folder.path, 's');
    const server = await serveArchiver({ address: `unix:${path}`, secret }, answering);
    expect(server.address).toBe(`unix:${path}`);
    const { mode } = await stat(path);
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(await ask({ address: server.address, secret })).toEqual(answered);
    await server[Symbol.asyncDispose]();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('with a path of more than 107 bytes is refused by both sides', async () => {
    const endpoint = { address: `unix:/tmp/${'x'.repeat(103)}`, secret };
    await expect(serveArchiver(endpoint, answering)).rejects.toMatchObject({ code: 'KOPS_CONFIG' });
    expect(() => connectOperator(endpoint)).toThrow('108 bytes');
    await using operator = connectOperator({ address: `unix:/tmp/${'x'.repeat(102)}`, secret });
    await expect(operator.listBackups()).rejects.toMatchObject({
      code: 'KOPS_ARCHIVER_UNREACHABLE',
    });
  });

  it('that somebody listens on is not taken away, one that a killed process left is', async () => {
    await using folder = await socketFolder();
    const path = join(folder.path, 's');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await expect(run(process.execPath, ['-e', script])).rejects.toMatchObject({
      signal: 'SIGKILL',
    });
    expect((await stat(path)).isSocket()).toBe(true);
    await using server = await serveArchiver({ address: `unix:${path}`, secret }, answering);
    await expect(
      serveArchiver({ address: server.address, secret }, answering),
    ).rejects.toMatchObject({
      code: 'KOPS_HELD',
    });
    expect(await ask({ address: server.address, secret })).toEqual(answered);
  });
});

describe('an address', () => {
  it.each(['0.0.0.0:9999', '192.0.2.1:80', 'archiver.example:9999', '[2001:db8::1]:80'])(
    'off loopback needs TLS: %s',
    async (address) => {
      await expect(serveArchiver({ address, secret }, answering)).rejects.toMatchObject({
        code: 'KOPS_CONFIG',
      });
      expect(() => connectCapture({ address, secret })).toThrow('requires TLS');
    },
  );

  it.each(['localhost:0', '127.0.0.1:0', '[::1]:0'])(
    'on loopback does not: %s',
    async (address) => {
      await using server = await serveArchiver({ address, secret }, answering);
      expect(server.address).toMatch(/:[1-9]\d*$/);
      expect(await ask({ address: server.address, secret })).toEqual(answered);
    },
  );

  it.each(['', 'localhost', 'localhost:', ':80', 'http://localhost:80', '127.0.0.1:70000'])(
    'that is none is refused: "%s"',
    (address) => {
      expect(() => connectOperator({ address, secret })).toThrow(KopsError);
    },
  );
});

describe('a secret', () => {
  it.each([['correct hors'], ['correct horse '], ['\u0000']])(
    'that is wrong is refused before a handler runs: %j',
    async (wrong) => {
      let calls = 0;
      const counting = handlersWith({
        stream: () => Promise.resolve(void (calls += 1)),
        operator: { listBackups: () => Promise.resolve(void (calls += 1)).then(() => []) },
      });
      await using server = await serveArchiver({ address: '127.0.0.1:0', secret }, counting);
      expect(await ask({ address: server.address, secret: wrong })).toMatchObject(
        both('KOPS_ACCESS_DENIED'),
      );
      expect(calls).toBe(0);
      expect(await ask({ address: server.address, secret })).toEqual(answered);
      expect(calls).toBe(2);
    },
  );

  it('that is empty is refused', () => {
    expect(() => connectOperator({ address: '127.0.0.1:1', secret: '' })).toThrow(
      'the secret is empty',
    );
  });
});

describe('an archiver that is not there', () => {
  it('is reported with its address when the port is closed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.close();
    await once(server, 'close');
    const errors = await ask({ address, secret });
    expect(errors).toMatchObject(both('KOPS_ARCHIVER_UNREACHABLE'));
    for (const error of errors) expect((error as KopsError).message).toContain(address);
  });

  it('is reported within 5 s when something accepts and never answers', async () => {
    const sockets: { destroy(): void }[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `127.0.0.1:${String((silent.address() as AddressInfo).port)}`;
    const started = performance.now();
    const errors = await ask({ address, secret });
    expect(performance.now() - started).toBeLessThan(7_000);
    expect(errors).toMatchObject(both('KOPS_ARCHIVER_UNREACHABLE'));
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  it('is found again by the same client when it is started anew', async () => {
    await using folder = await socketFolder();
    const endpoint = { address: `unix:${join(folder.path, 's')}`, secret };
    await using operator = connectOperator(endpoint);
    for (let round = 0; round < 2; round += 1) {
      const server = await serveArchiver(endpoint, answering);
      await expect
        .poll(() => operator.listBackups().catch(() => 'not yet'), { timeout: 10_000 })
        .toEqual([]);
      await server[Symbol.asyncDispose]();
      await expect(operator.listBackups()).rejects.toMatchObject({
        code: 'KOPS_ARCHIVER_UNREACHABLE',
      });
    }
  });
});

describe('TLS', () => {
  /** An authority and a certificate for localhost that it signed. */
  async function authority(folder: string, name: string) {
    const file = (suffix: string): string => join(folder, `${name}-${suffix}`);
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await run('openssl', [
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-keyout',
      file('ca.key'),
      '-out',
      file('ca.pem'),
    ]);
    await writeFile(file('ext'), 'subjectAltName=DNS:localhost');
    await run('openssl', [
      'req',
      ...newKey,
      '-subj',
      '/CN=kops',
      '-keyout',
      file('key.pem'),
      '-out',
      file('csr'),
    ]);
    await run('openssl', [
      'x509',
      '-req',
      '-in',
      file('csr'),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file('ext'),
      '-out',
      file('cert.pem'),
    ]);
    const read = (suffix: string): Promise<string> => readFile(file(suffix), 'utf8');
    return { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') };
  }

  it('answers clients that trust the authority, and no others', async () => {
    await using folder = await socketFolder();
    const { ca, cert, key } = await authority(folder.path, 'ours');
    const other = await authority(folder.path, 'other');
    await using server = await serveArchiver(
      { address: 'localhost:0', secret, tls: { cert, key } },
      answering,
    );
    const { address } = server;
    expect(await ask({ address, secret, tls: { ca } })).toEqual(answered);
    for (const endpoint of [
      { address, secret, tls: { ca: other.ca } },
      { address, secret, tls: {} },
      { address, secret },
    ]) {
      expect(await ask(endpoint)).toMatchObject(both('KOPS_ARCHIVER_UNREACHABLE'));
    }
  });

  it('with an authority of clients lets in those with its certificate only', async () => {
    await using folder = await socketFolder();
    const ours = await authority(folder.path, 'ours');
    const other = await authority(folder.path, 'other');
    await using server = await serveArchiver(
      { address: 'localhost:0', secret, tls: ours },
      answering,
    );
    const { address } = server;
    expect(await ask({ address, secret, tls: ours })).toEqual(answered);
    expect(await ask({ address, secret, tls: { ca: ours.ca } })).toMatchObject(
      both('KOPS_ARCHIVER_UNREACHABLE'),
    );
    expect(await ask({ address, secret, tls: { ...other, ca: ours.ca } })).toMatchObject(
      both('KOPS_ARCHIVER_UNREACHABLE'),
    );
  });

  it('that is half configured or unreadable is refused', async () => {
    await using folder = await socketFolder();
    const { ca, cert, key } = await authority(folder.path, 'ours');
    const address = 'localhost:0';
    for (const tls of [{}, { cert }, { key }, { cert: 'no', key: 'pem' }]) {
      await expect(serveArchiver({ address, secret, tls }, answering)).rejects.toMatchObject({
        code: 'KOPS_CONFIG',
      });
    }
    for (const tls of [
      { ca, cert },
      { ca, key },
      { ca, cert: 'no', key: 'pem' },
    ]) {
      expect(() => connectOperator({ address, secret, tls })).toThrow(KopsError);
    }
    expect(() => connectOperator({ address: 'unix:/tmp/s', secret, tls: { ca } })).toThrow(
      'TLS is configured for unix',
    );
  });
});
