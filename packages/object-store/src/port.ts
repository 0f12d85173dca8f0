/** What a store knows of an object without reading it. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The store's own time of writing, ms since the epoch. */
  readonly modifiedMs: number;
}

/** What a store can do beyond the least. */
export interface StoreCapabilities {
  /** Whether {@link ObjectWriter.sync} makes appended bytes durable and findable before the object is published. */
  readonly durableAppend: boolean;
}

/** A half-open range of bytes; `end` omitted means to the end of the object. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** An object under way. Calls on one writer must not overlap, except that a sync may run beside an append; the end waits for it. After its first failure a writer refuses further use. */
export interface ObjectWriter {
  readonly key: string;
  /** Bytes appended so far. */
  readonly size: number;
  /** Appends bytes in order. The arrays may be reused once it resolves. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * Resolves when all that was appended is durable (`durableAppend` stores), including the directory entries that make it findable.
   * On other stores it does nothing: only {@link publish} makes bytes durable.
   */
  sync(): Promise<void>;
  /**
   * Makes the object appear under its key, whole and durable, never replacing another. When it fails for another reason than
   * KOPS_REFUSED, the object may be there or not.
   * @throws KOPS_REFUSED when the key exists already.
   */
  publish(): Promise<ObjectInfo>;
  /** Ends the writer and keeps the part, where the store can keep it. */
  suspend(): Promise<void>;
  /** Ends the writer and removes what was written. */
  discard(): Promise<void>;
}

/**
 * A place for objects that are written once.
 *
 * Keys are relative paths of `[A-Za-z0-9._-]` segments joined by `/`, no segment being empty, `.` or `..`, none ending in `.part`
 * (kept for objects under way); other keys are refused with KOPS_USAGE. No key is the directory of another (`a` beside `a/b`):
 * stores may refuse the second with KOPS_REFUSED. Every method may be called concurrently.
 * All throw KOPS_STORAGE_UNREACHABLE, KOPS_ACCESS_DENIED or KOPS_NO_SPACE with the object's key where the store says so.
 */
export interface ObjectStore {
  /** For messages and for copies' names, e.g. `file:///backups`. */
  readonly url: string;
  /** The same for stores of one place, whatever their URLs; undefined where that is not known. */
  readonly place?: string;
  readonly capabilities: StoreCapabilities;

  /**
   * Reads an object or a range of it into memory.
   * @throws KOPS_OBJECT_NOT_FOUND; KOPS_OBJECT_CORRUPT when it holds more than `maxBytes` (default 64 MiB) or less than the range asks for.
   */
  get(
    key: string,
    options?: { range?: ByteRange; maxBytes?: number; signal?: AbortSignal },
  ): Promise<Uint8Array>;

  /**
   * Streams an object in pieces of at most `pieceBytes` (default 1 MiB). Each piece is valid until the next is asked for
   * (an implementation may reuse the memory): copy what must live longer.
   * @throws KOPS_OBJECT_NOT_FOUND; KOPS_OBJECT_CORRUPT when it holds less than the range asks for.
   */
  read(
    key: string,
    options?: { range?: ByteRange; pieceBytes?: number; signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;

  /** What is known of an object; undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * Writes a whole object unless the key exists; it is durable when this resolves.
   * Of several concurrent puts of one key exactly one is told `created`.
   */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>;

  /**
   * Starts a new object. The key must be new.
   * @throws KOPS_REFUSED when there is an object or a part of that key.
   */
  openWriter(key: string): Promise<ObjectWriter>;

  /** Published objects whose key starts with `prefix`, in key order, after `startAfter` if given. */
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ObjectInfo>;

  /**
   * Objects under way, in no order: of open writers, and those that suspended or dead writers left. Key without the `.part` ending,
   * size at least what was synced. A killed put may leave one under a key of its own (its key with a suffix); a writer killed while
   * publishing may leave one beside the published object.
   */
  listParts(prefix: string): AsyncIterable<ObjectInfo>;

  /** Streams what an object under way holds. @throws KOPS_OBJECT_NOT_FOUND */
  readPart(
    key: string,
    options?: { pieceBytes?: number; signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;

  /** Removes a part, if it is there. */
  deletePart(key: string): Promise<void>;

  /** Removes an object, if it is there. */
  delete(key: string): Promise<void>;

  /** Bytes free for new objects, where the store knows. */
  freeBytes(): Promise<bigint | undefined>;

  close(): Promise<void>;
}
