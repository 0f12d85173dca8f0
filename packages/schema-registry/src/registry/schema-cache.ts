import type { Clock } from '@kops/core';
import type { Decoder } from '../decoder.ts';
import type { Undecoded } from './load-schema.ts';

/** Ids without decoder that are remembered at most: bytes that only look like the wire format name any id. */
const maxMissing = 10_000;

/** Decoders by id, of bounded number; ids without one are remembered for a while. */
export class SchemaCache {
  readonly #decoders = new Map<number, Decoder>();
  readonly #missing = new Map<number, { readonly why: Undecoded; readonly until: number }>();
  readonly #maxSchemas: number;
  readonly #unknownForMs: number;
  readonly #clock: Clock;

  constructor(maxSchemas: number, unknownForMs: number, clock: Clock) {
    this.#maxSchemas = maxSchemas;
    this.#unknownForMs = unknownForMs;
    this.#clock = clock;
  }

  /** What is known of an id; undefined when the registry has to be asked. */
  get(id: number): Decoder | Undecoded | undefined {
    const decoder = this.#decoders.get(id);
    if (decoder !== undefined) {
      // To the end: the first one is what was not used for longest.
      this.#decoders.delete(id);
      this.#decoders.set(id, decoder);
      return decoder;
    }
    const missing = this.#missing.get(id);
    if (missing === undefined) return undefined;
    if (missing.until > this.#clock.monotonic()) return missing.why;
    this.#missing.delete(id);
    return undefined;
  }

  set(id: number, found: Decoder | Undecoded): void {
    if (typeof found === 'object') {
      this.#decoders.set(id, found);
      dropFirst(this.#decoders, this.#maxSchemas);
      return;
    }
    const until = this.#clock.monotonic() + this.#unknownForMs;
    this.#missing.delete(id);
    this.#missing.set(id, { why: found, until });
    dropFirst(this.#missing, maxMissing);
  }
}

function dropFirst(map: Map<number, unknown>, max: number): void {
  for (const id of map.keys()) {
    if (map.size <= max) return;
    map.delete(id);
  }
}
