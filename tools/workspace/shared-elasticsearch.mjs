import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, stepEnvironment } from './node-runtime.mjs';

const NAME = 'KOPS_TEST_ELASTICSEARCH';
const PROGRAM = ['--conditions=@kops/source', 'tools/elasticsearch-dist/src/main.ts', 'start'];
/** The first start downloads. */
const START_MS = 1_800_000;
const END_MS = 30_000;

/**
 * Runs `work` beside one Elasticsearch for all test files that need no server of their own: a start for each of them takes minutes.
 * Where none starts, or one is named already, `work` runs all the same: the tests say for themselves what they lack.
 * @param {() => Promise<T>} work
 * @template T
 */
export async function besideElasticsearch(work, { env = process.env, args = PROGRAM } = {}) {
  if (env[NAME] || env.KOPS_ELASTICSEARCH_FETCH === 'never') return await work();
  const server = await startServer(args);
  if (server === undefined) return await work();
  env[NAME] = server.url;
  try {
    return await work();
  } finally {
    delete env[NAME];
    await server.end();
  }
}

async function startServer(args) {
  const child = spawn('node', args, {
    cwd: root,
    env: stepEnvironment(),
    // It ends with its standard input, so also when this process is killed.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const gone = new Promise((resolve) => {
    child.once('error', resolve).once('exit', resolve);
  });
  child.stdin.on('error', () => undefined);
  const line = await Promise.race([
    firstLine(child.stdout),
    gone,
    sleep(START_MS, undefined, { ref: false }),
  ]);
  const url = typeof line === 'string' ? urlOf(line) : undefined;
  const end = async () => {
    child.stdin.end();
    await Promise.race([gone, sleep(END_MS, undefined, { ref: false })]);
    child.kill('SIGKILL');
  };
  if (url !== undefined) return { url, end };
  await end();
  return undefined;
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line;
  return undefined;
}

function urlOf(line) {
  try {
    return JSON.parse(line).url;
  } catch {
    return undefined;
  }
}
