import { randomBytes } from 'node:crypto';
import { KopsError } from '@kops/core';
import { findOnPath, spawnGuarded, type GuardedProcess } from '@kops/kafka-dist';
import { toBase64, type OracleRecord } from './oracle-record.ts';
import { sortRecords } from './read-java.ts';

/**
 * A record as kcat (librdkafka) prints it. It does not tell the timestamp type, and headers only as one text
 * `name=value,name=value`, with `NULL` for null.
 */
export interface KcatRecord extends Pick<
  OracleRecord,
  'topic' | 'partition' | 'offset' | 'timestamp' | 'key' | 'value'
> {
  readonly headersText: string;
}

/** What to read with kcat. */
export interface KcatOptions {
  readonly topics: readonly string[];
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** librdkafka properties. */
  readonly config?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Records, or why there are none to compare with: say so in the test's skip note. */
export type KcatOutcome = { readonly records: KcatRecord[] } | { readonly skipped: string };

/**
 * Reads all records of topics with kcat, sorted by topic, partition and offset.
 * @throws KOPS_KAFKA_PROTOCOL with what kcat says; KOPS_KAFKA_UNREACHABLE when time runs out.
 */
export async function readWithKcat(
  bootstrapServers: string,
  options: KcatOptions,
): Promise<KcatOutcome> {
  const program = (await findOnPath('kcat')) ?? (await findOnPath('kafkacat'));
  if (program === undefined) return { skipped: 'kcat is not installed (Debian: kcat)' };
  const records: KcatRecord[] = [];
  for (const topic of options.topics)
    records.push(...(await readTopic(program, bootstrapServers, topic, options)));
  return { records: sortRecords(records) };
}

async function readTopic(
  program: string,
  bootstrapServers: string,
  topic: string,
  options: KcatOptions,
): Promise<KcatRecord[]> {
  // Keys and values are raw bytes of stated length; headers have no stated length, so a random word ends a record.
  const end = randomBytes(12).toString('hex');
  const properties = {
    'isolation.level': options.isolation ?? 'read_uncommitted',
    'check.crcs': 'true',
    ...options.config,
  };
  const args = ['-C', '-q', '-e', '-b', bootstrapServers, '-t', topic, '-o', 'beginning'];
  args.push(...Object.entries(properties).flatMap(([name, value]) => ['-X', `${name}=${value}`]));
  args.push('-f', `%p %o %T %K %S %k%s%h${end}`);
  const child = await spawnGuarded(program, args);
  const timeoutMs = options.timeoutMs ?? 60_000;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    child.signal('SIGKILL');
  }, timeoutMs);
  try {
    const [output, complaint, exitCode] = await Promise.all([
      bytesOf(child.stdout),
      bytesOf(child.stderr),
      child.exited,
    ]);
    if (late.signal.aborted)
      throw new KopsError(
        'KOPS_KAFKA_UNREACHABLE',
        `kcat did not exit within ${String(timeoutMs)} ms`,
      );
    if (exitCode !== 0)
      throw new KopsError('KOPS_KAFKA_PROTOCOL', `kcat: ${complaint.toString('utf8').trim()}`);
    return parseKcatOutput(output, topic, end);
  } finally {
    clearTimeout(timer);
  }
}

async function bytesOf(stream: GuardedProcess['stdout']): Promise<Buffer> {
  const pieces: Buffer[] = [];
  if (stream !== null)
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Reads `partition offset timestamp keyLength valueLength key value headers end` after each other; length -1 is null. */
export function parseKcatOutput(output: Buffer, topic: string, end: string): KcatRecord[] {
  const records: KcatRecord[] = [];
  let at = 0;
  const word = (): string => {
    const space = output.indexOf(0x20, at);
    if (space < 0)
      throw new KopsError('KOPS_KAFKA_PROTOCOL', `kcat's output is cut off at byte ${String(at)}`);
    const text = output.toString('latin1', at, space);
    at = space + 1;
    return text;
  };
  const content = (length: number): string | null => {
    if (length < 0) return null;
    at += length;
    return toBase64(output.subarray(at - length, at));
  };
  while (at < output.length) {
    const partition = Number(word());
    const offset = BigInt(word());
    const timestamp = BigInt(word());
    const keyLength = Number(word());
    const valueLength = Number(word());
    const key = content(keyLength);
    const value = content(valueLength);
    const stop = output.indexOf(end, at, 'latin1');
    if (stop < 0)
      throw new KopsError('KOPS_KAFKA_PROTOCOL', `kcat's output is cut off at byte ${String(at)}`);
    records.push({
      topic,
      partition,
      offset,
      timestamp,
      key,
      value,
      headersText: output.toString('utf8', at, stop),
    });
    at = stop + end.length;
  }
  return records;
}
