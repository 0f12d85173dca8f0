import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { KopsError, Semaphore } from '@kops/core';
import { spawnJava, type GuardedProcess, type JavaProgram, type KafkaJars } from '@kops/kafka-dist';

/** A cluster that oracles look at, and the jars whose clients they use. A `KafkaCluster` is one. */
export interface OracleTarget {
  readonly bootstrapServers: string;
  readonly jars: KafkaJars;
  /** Client properties, such as those of SASL. */
  readonly clientConfig?: Readonly<Record<string, string>>;
}

const sources = [
  'Oracle',
  'RecordReader',
  'ProducerSessions',
  'RecordGenerator',
  'Administration',
].map((name) => fileURLToPath(new URL(`../java/${name}.java`, import.meta.url))) as [
  string,
  ...string[],
];
const program: JavaProgram = sources;

const defaultTimeoutMs = 120_000;

type Answer =
  { readonly record: unknown } | { readonly result: unknown } | { readonly error: string };

/** One running Java process and the lines it writes. */
interface Conversation {
  readonly child: GuardedProcess;
  readonly lines: AsyncGenerator<string[], void>;
}

/**
 * A Java process that answers about clusters with Kafka's own clients; see java/Oracle.java. It is started at the first
 * request and kept, since starting a virtual machine takes longer than most answers. It never keeps this process alive.
 */
class JavaOracle {
  readonly #jars: KafkaJars;
  readonly #turn = new Semaphore(1);
  #conversation: Conversation | undefined;

  constructor(jars: KafkaJars) {
    this.#jars = jars;
  }

  /** Asks; yields what is streamed and returns the result. Requests are answered one after the other. */
  async *ask(
    op: string,
    target: OracleTarget,
    parameters: Readonly<Record<string, unknown>>,
    timeoutMs: number,
  ): AsyncGenerator<unknown, unknown> {
    await this.#turn.acquire();
    let timer: NodeJS.Timeout | undefined;
    let isAnswered = false;
    const late = new AbortController();
    try {
      const { child, lines } = await this.#connect();
      timer = setTimeout(() => {
        late.abort();
        child.signal('SIGKILL');
      }, timeoutMs);
      const { bootstrapServers, clientConfig = {} } = target;
      const request = { ...parameters, op, bootstrapServers, clientConfig };
      child.stdin?.write(`${JSON.stringify(request, bigintAsString)}\n`);
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
        for (const line of next.value) {
          const answer = JSON.parse(line) as Answer;
          if ('record' in answer) {
            yield answer.record;
            continue;
          }
          isAnswered = true;
          if ('error' in answer)
            throw new KopsError('KOPS_KAFKA_PROTOCOL', `Java client, ${op}: ${answer.error}`);
          return answer.result;
        }
      }
      throw late.signal.aborted
        ? new KopsError(
            'KOPS_KAFKA_UNREACHABLE',
            `no answer to ${op} from the Java client within ${String(timeoutMs)} ms`,
          )
        : new KopsError(
            'KOPS_UNEXPECTED',
            `the Java client ended during ${op} with ${String(await child.exited)}`,
          );
    } finally {
      clearTimeout(timer);
      // Whoever stops listening in the middle leaves lines behind that belong to nobody.
      if (!isAnswered) await this.#hangUp();
      this.#turn.release();
    }
  }

  async #connect(): Promise<Conversation> {
    if (this.#conversation !== undefined && !this.#conversation.child.hasExited)
      return this.#conversation;
    const child = await spawnJava(this.#jars, program, [], {
      stdin: 'pipe',
      stderr: 'ignore',
      jvmArgs: ['-Xmx512m'],
    });
    child.unref();
    // A write to a process that just ended fails here; the request then sees the end of its output.
    child.stdin?.on('error', () => undefined);
    this.#conversation = { child, lines: linesOf(child) };
    return this.#conversation;
  }

  async #hangUp(): Promise<void> {
    const child = this.#conversation?.child;
    this.#conversation = undefined;
    child?.signal('SIGKILL');
    await child?.exited;
  }
}

function bigintAsString(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

async function* linesOf(child: GuardedProcess): AsyncGenerator<string[], void> {
  if (child.stdout === null) return;
  child.stdout.setEncoding('utf8');
  let rest = '';
  for await (const piece of child.stdout as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
}

/** One per set of jars: it serves any number of clusters. */
const oracles = new Map<string, JavaOracle>();

function oracleOf(jars: KafkaJars): JavaOracle {
  const known = oracles.get(jars.libDir);
  if (known !== undefined) return known;
  const oracle = new JavaOracle(jars);
  oracles.set(jars.libDir, oracle);
  return oracle;
}

/** Asks the Java client and streams what it finds. */
export async function* streamFromJava(
  op: string,
  target: OracleTarget,
  parameters: Readonly<Record<string, unknown>>,
  timeoutMs = defaultTimeoutMs,
): AsyncGenerator<unknown, unknown> {
  return yield* oracleOf(target.jars).ask(op, target, parameters, timeoutMs);
}

/** Asks the Java client for one answer. */
export async function askJava(
  op: string,
  target: OracleTarget,
  parameters: Readonly<Record<string, unknown>> = {},
  timeoutMs = defaultTimeoutMs,
): Promise<unknown> {
  const answer = await oracleOf(target.jars).ask(op, target, parameters, timeoutMs).next();
  return answer.value;
}

/** A name that no other producer session has. */
export function sessionName(): string {
  return randomUUID();
}
