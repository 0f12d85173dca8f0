/**
 * An Elasticsearch for people: `node --conditions=@kops/source tools/elasticsearch-dist/src/main.ts start`.
 * Prints one line of JSON once it answers; ends on Ctrl-C, on SIGTERM and at the end of standard input.
 */
import { resolve as absolute } from 'node:path';
import { parseArgs } from 'node:util';
import { KopsError } from '@kops/core';
import { printJson, runProgram, untilToldToEnd } from '@kops/kafka-dist';
import { ensureElasticsearch } from './installation.ts';
import { startElasticsearch, type ElasticsearchOptions } from './start-elasticsearch.ts';

const usage =
  'Usage: main.ts start [--security] [--port N] [--heap MIB] [--data FOLDER] [--runtime docker|process] | fetch';

function usageError(message: string): KopsError {
  return new KopsError('KOPS_USAGE', message, { hint: usage });
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw usageError(`${option} takes a whole number, not ${text}`);
  return value;
}

function runtimeName(text: string): 'docker' | 'process' {
  if (text === 'docker' || text === 'process') return text;
  throw usageError(`--runtime is docker or process, not ${text}`);
}

async function start(options: ElasticsearchOptions): Promise<void> {
  await using node = await startElasticsearch(options);
  const told = untilToldToEnd();
  const { url, credentials, version, runtime, pid, logFile, dataDirectory } = node;
  printJson({ url, ...credentials, version, runtime, pid, logFile, dataDirectory });
  await told;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      security: { type: 'boolean', default: false },
      port: { type: 'string' },
      heap: { type: 'string' },
      data: { type: 'string' },
      runtime: { type: 'string' },
    },
  });
  const { port, heap, data, runtime } = values;
  const options: ElasticsearchOptions = {
    security: values.security,
    onProgress: (what) => process.stderr.write(`${what}\n`),
    ...(port === undefined ? {} : { port: wholeNumber('--port', port) }),
    ...(heap === undefined ? {} : { heapMegabytes: wholeNumber('--heap', heap) }),
    ...(data === undefined ? {} : { dataDirectory: absolute(data) }),
    ...(runtime === undefined ? {} : { runtime: runtimeName(runtime) }),
  };
  if (positionals[0] === 'start') await start(options);
  else if (positionals[0] === 'fetch') printJson(await ensureElasticsearch(options));
  else throw usageError('a command is needed');
}

await runProgram(run);
