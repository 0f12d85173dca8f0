import {
  Semaphore,
  systemClock,
  throwIfAborted,
  toKopsError,
  withDeadline,
  type Clock,
} from '@kops/core';
import type { Decoder, SchemaFormat } from './decoder.ts';
import { Effort } from './effort.ts';
import { loadSchema, type Undecoded } from './registry/load-schema.ts';
import { createRegistryClient } from './registry/registry-client.ts';
import { SchemaCache } from './registry/schema-cache.ts';
import { planRegistry, type SchemaRegistrySettings } from './registry/settings.ts';
import { Undecodable, type UndecodableReason } from './undecodable.ts';
import { parseWireFormat } from './wire-format.ts';

/** A key or a value that was decoded. */
export interface DecodedBytes {
  /** JSON text; numbers have all of their digits, so read them with care above 2^53. */
  readonly json: string;
  readonly format: SchemaFormat;
  readonly schemaId: number;
}

/** What became of the bytes that {@link SchemaRegistry.decode} got, by number. */
export interface DecodeCounts {
  readonly decoded: number;
  /** Not the wire format: shorter than 5 bytes, or another first byte. */
  readonly notWireFormat: number;
  /** An id that the registry does not know. */
  readonly unknownSchema: number;
  /** A schema that cannot be read, or refers to one that is not there. */
  readonly unusableSchema: number;
  /** Not what the schema says, truncated bytes too. */
  readonly malformed: number;
  /** More than 16 Mi characters of JSON. */
  readonly tooLarge: number;
}

/** Decodes keys and values with the schemas of a registry. */
export interface SchemaRegistry extends AsyncDisposable {
  /**
   * JSON of serialized bytes; undefined for all that is not serialized, or cannot be decoded, which {@link counts} tells apart.
   * No bytes make it fail. Safe to call many times at once; an id that is asked for is asked for once.
   * @throws KOPS_SCHEMA_REGISTRY_UNREACHABLE (retryable), KOPS_ACCESS_DENIED, KOPS_CONFIG (what answers is no registry),
   * KOPS_INTERRUPTED.
   */
  readonly decode: (bytes: Uint8Array) => Promise<DecodedBytes | undefined>;
  readonly counts: DecodeCounts;
  /** Ends the requests under way. */
  readonly close: () => Promise<void>;
}

/** What {@link connectSchemaRegistry} takes besides settings. */
export interface ConnectOptions {
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Prepares the use of a Confluent-compatible schema registry: Confluent's own, Karapace, Apicurio. Nothing is asked until the
 * first record needs a schema, so that a registry that is down does not keep kops from starting.
 * @throws KOPS_CONFIG
 */
export function connectSchemaRegistry(
  settings: SchemaRegistrySettings,
  options: ConnectOptions = {},
): SchemaRegistry {
  return new ConnectedRegistry(settings, options);
}

type Outcome = 'decoded' | 'notWireFormat' | Undecoded | UndecodableReason;

class ConnectedRegistry implements SchemaRegistry {
  readonly counts: Record<Outcome, number> = {
    decoded: 0,
    notWireFormat: 0,
    unknownSchema: 0,
    unusableSchema: 0,
    malformed: 0,
    tooLarge: 0,
  };
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;
  readonly #client;
  readonly #cache: SchemaCache;
  readonly #underWay = new Map<number, Promise<Decoder | Undecoded>>();
  readonly #requests: Semaphore;
  readonly #timeoutMs: number;

  constructor(settings: SchemaRegistrySettings, { signal, clock = systemClock }: ConnectOptions) {
    const plan = planRegistry(settings);
    this.#signal =
      signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    this.#client = createRegistryClient(plan);
    this.#cache = new SchemaCache(plan.maxSchemas, plan.unknownForMs, clock);
    this.#requests = new Semaphore(plan.maxRequests);
    this.#timeoutMs = plan.requestTimeoutMs;
  }

  async decode(bytes: Uint8Array): Promise<DecodedBytes | undefined> {
    throwIfAborted(this.#signal);
    const wire = parseWireFormat(bytes);
    if (wire === undefined) return this.#nothing('notWireFormat');
    const { schemaId, payload } = wire;
    const found = this.#cache.get(schemaId) ?? (await this.#load(schemaId));
    if (typeof found === 'string') return this.#nothing(found);
    const json = decodeSafely(found, payload);
    if (typeof json !== 'string') return this.#nothing(json.reason);
    this.counts.decoded++;
    return { json, format: found.format, schemaId };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#underWay.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #nothing(outcome: Exclude<Outcome, 'decoded'>): DecodedBytes | undefined {
    this.counts[outcome]++;
    return undefined;
  }

  async #load(id: number): Promise<Decoder | Undecoded> {
    // Registries count from 1.
    if (id <= 0) return 'unknownSchema';
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined) return await underWay;
    const asked = this.#ask(id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, asked);
    return await asked;
  }

  async #ask(id: number): Promise<Decoder | Undecoded> {
    return await this.#requests.run(async () => {
      throwIfAborted(this.#signal);
      const late = new AbortController();
      const signal = AbortSignal.any([this.#signal, late.signal]);
      try {
        const found = await withDeadline(loadSchema(this.#client, id, signal), {
          ms: this.#timeoutMs,
          code: 'KOPS_SCHEMA_REGISTRY_UNREACHABLE',
          what: `answer of the schema registry about schema ${id}`,
          hint: 'Check whether it is overloaded. A larger requestTimeoutMs may help.',
        });
        this.#cache.set(id, found);
        return found;
      } catch (error) {
        throwIfAborted(this.#signal);
        throw toKopsError(error);
      } finally {
        late.abort();
      }
    });
  }
}

function decodeSafely(decoder: Decoder, payload: Buffer): string | Undecodable {
  try {
    return decoder.decode(payload, new Effort());
  } catch (error) {
    if (error instanceof Undecodable) return error;
    // The stack's end, or a text longer than texts can be.
    if (error instanceof RangeError) return new Undecodable('tooLarge', error.message);
    throw toKopsError(error);
  }
}
