import { createRequire } from 'node:module';
import type registryApi from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import { exchange, type HttpAnswer } from './http-exchange.ts';
import { judgeAnswer, unreachable } from './registry-error.ts';
import type { RegistryPlan } from './settings.ts';

/** A schema as the registry keeps it. */
export interface RegisteredSchema {
  readonly type: string;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** Another schema that a schema uses. */
export interface SchemaReference {
  /** Name that the schema uses: of a type in Avro, of a file in Protobuf. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** Requests of one registry. Each gives undefined for what the registry does not have. */
export interface RegistryClient {
  readonly byId: (id: number, signal: AbortSignal) => Promise<RegisteredSchema | undefined>;
  readonly byVersion: (
    reference: SchemaReference,
    signal: AbortSignal,
  ) => Promise<RegisteredSchema | undefined>;
}

// Required: what an import of its `default` gives differs between Node and tools that look through CommonJS.
const { default: createApi } = createRequire(import.meta.url)(
  '@kafkajs/confluent-schema-registry/dist/api/index.js',
) as typeof registryApi;

/** Bytes of one schema at most. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** What an endpoint of the client library takes and gives, as far as it is used here. */
type Endpoint = (params: Readonly<Record<string, unknown>>) => Promise<{ data(): HttpAnswer }>;

/**
 * The client library says what to ask, where and as whom; the requests are carried here, as one of its middlewares: on its own
 * it has no limit for answers, reports a lost connection as status 400, waits for ever when an answer breaks off, and keeps
 * every schema for ever.
 */
export function createRegistryClient(plan: RegistryPlan): RegistryClient {
  const { url, auth, ca } = plan;
  const api = createApi({
    host: url,
    ...(auth === undefined ? {} : { auth }),
    middlewares: [
      () => ({
        // Without `next`, nothing of the library's own transport and its retries runs.
        response: async (_next, _renew, request) => {
          const user = request.auth();
          const answer = await exchange({
            method: request.method(),
            url: request.url(),
            headers: request.headers() as Record<string, string>,
            auth: user && `${String(user.username)}:${String(user.password)}`,
            ca,
            signal: request.signal() ?? AbortSignal.timeout(plan.requestTimeoutMs),
            maxBytes: maxAnswerBytes,
          });
          return { data: () => answer } as never;
        },
      }),
    ],
  });
  const ask = async (endpoint: Endpoint, params: Readonly<Record<string, unknown>>) => {
    let answer: HttpAnswer;
    try {
      answer = (await endpoint(params)).data();
    } catch (error) {
      throw unreachable(error, url);
    }
    return judgeAnswer(answer, url);
  };
  return {
    byId: (id, signal) => ask(api.Schema.find as Endpoint, { id, signal }),
    byVersion: ({ subject, version }, signal) =>
      ask(api.Subject.version as Endpoint, { subject, version, signal }),
  };
}
