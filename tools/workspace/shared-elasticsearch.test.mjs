import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { besideElasticsearch } from './shared-elasticsearch.mjs';

const url = 'http://127.0.0.1:1';
const stands = (line) => ['-e', `console.log(${JSON.stringify(line)}); process.stdin.resume();`];

/** What the work saw in its environment, and whether the server was there. */
async function runBeside(args, env = {}) {
  const seen = await besideElasticsearch(
    () => Promise.resolve({ named: env.KOPS_TEST_ELASTICSEARCH }),
    { env, args },
  );
  return { ...seen, after: env.KOPS_TEST_ELASTICSEARCH };
}

describe('tests beside one Elasticsearch', () => {
  it('are told where it is, for as long as they run', async () => {
    const json = JSON.stringify({ url, version: '9' });
    expect(await runBeside(stands(json))).toEqual({ named: url, after: undefined });
  });

  it.each([
    ['ends', ['-e', 'process.exit(3)']],
    ['says something else', stands('Listening.')],
    ['cannot be started', ['--no-such-option']],
  ])('run without one that %s', async (_what, args) => {
    expect(await runBeside(args)).toEqual({ named: undefined, after: undefined });
  });

  it('use the one that is named, and start none', async () => {
    const named = 'http://elsewhere:9200';
    const env = { KOPS_TEST_ELASTICSEARCH: named };
    expect(await runBeside(['--no-such-option'], env)).toEqual({ named, after: named });
  });

  it('start none where none may be fetched', async () => {
    const env = { KOPS_ELASTICSEARCH_FETCH: 'never' };
    const args = stands(JSON.stringify({ url }));
    expect(await runBeside(args, env)).toEqual({ named: undefined, after: undefined });
  });

  it('end it when they fail, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kops-shared-'));
    const mark = join(folder, 'ended');
    const onEnd = `process.stdin.on('end', () => require('node:fs').writeFileSync(${JSON.stringify(mark)}, ''))`;
    const [flag, program] = stands(JSON.stringify({ url }));
    const env = {};
    const work = () => Promise.reject(new Error('red'));
    const beside = besideElasticsearch(work, { env, args: [flag, `${program} ${onEnd}`] });
    await expect(beside).rejects.toThrow('red');
    expect(env).toEqual({});
    expect(existsSync(mark)).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
