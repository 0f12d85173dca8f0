/**
 * A Kafka for people: `node --conditions=@kops/source tools/kafka-dist/src/main.ts start --brokers 1`.
 * Prints one line of JSON once it answers; ends on Ctrl-C, on SIGTERM and at the end of standard input.
 */
import { parseArgs } from 'node:util';
import { KopsError } from '@kops/core';
import { ensureKafkaJars } from './kafka-jars.ts';
import { printJson, runProgram, untilToldToEnd } from './stand.ts';
import { startKafka, type KafkaOptions } from './start-kafka.ts';

const usage =
  'Usage: main.ts start [--brokers 1|3] [--version X.Y.Z] [--config NAME=VALUE …] | jars [--version X.Y.Z]';

function usageError(message: string): KopsError {
  return new KopsError('KOPS_USAGE', message, { hint: usage });
}

function brokerCount(text: string): 1 | 3 {
  if (text === '1') return 1;
  if (text === '3') return 3;
  throw usageError(`--brokers is 1 or 3, not ${text}`);
}

function keyValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`--config takes NAME=VALUE, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function start(options: KafkaOptions): Promise<void> {
  await using kafka = await startKafka(options);
  const told = untilToldToEnd();
  const { bootstrapServers, clusterId, jars, brokers } = kafka;
  printJson({ bootstrapServers, clusterId, version: jars.version, brokers });
  await told;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      brokers: { type: 'string', default: '1' },
      version: { type: 'string' },
      config: { type: 'string', multiple: true, default: [] },
    },
  });
  const options: KafkaOptions = {
    brokers: brokerCount(values.brokers),
    config: Object.fromEntries(values.config.map(keyValue)),
    onProgress: (what) => process.stderr.write(`${what}\n`),
    ...(values.version === undefined ? {} : { version: values.version }),
  };
  if (positionals[0] === 'start') await start(options);
  else if (positionals[0] === 'jars') printJson(await ensureKafkaJars(options));
  else throw usageError('a command is needed');
}

await runProgram(run);
