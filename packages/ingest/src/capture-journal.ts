import { pinKey } from '@kops/archive-format';
import { KopsError, mapLimit } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { CapturedTopic, NotedLoss, OpenedSegment, SealedSegment } from './capture-record.ts';
import type { ProcessIdentity } from '@kops/object-store/owner';

/** One thing that a page tells; the pages of a partition are in the order in which things happened to it. */
type JournalEntry =
  | { readonly sealed: SealedSegment }
  | { readonly opened: OpenedSegment }
  | { readonly lost: NotedLoss }
  | { readonly topics: readonly CapturedTopic[] };

const encode = (value: unknown): Uint8Array =>
  Buffer.from(
    `${JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))}\n`,
  );

const pageDigits = 8;
/** Enough for 1,500 years. */
const beatDigits = 10;
const maxDetail = 1024;

/**
 * The durable memory of a running capture: pins that name its owner and the segments it has sealed but no archive names yet.
 * Sealing waits for the page with the segment's entry, so that whatever was acknowledged is found by a successor.
 * Entries that come while a page is written share the next one.
 */
export class CaptureJournal {
  readonly capture: string;
  readonly #stores: readonly ObjectStore[];
  #page = 0;
  #beats = 0;
  #waiting: (JournalEntry & { readonly done: PromiseWithResolvers<void> })[] = [];
  #writing = false;

  private constructor(capture: string, stores: readonly ObjectStore[]) {
    this.capture = capture;
    this.#stores = stores;
  }

  /** Begins a capture's journal in every copy. */
  static async begin(
    stores: readonly ObjectStore[],
    header: { capture: string; cluster: string; startedAtMs: number; owner: ProcessIdentity },
  ): Promise<CaptureJournal> {
    const journal = new CaptureJournal(header.capture, stores);
    await journal.#put(header.capture, { version: 1, kind: 'capture', ...header });
    return journal;
  }

  /** Resolves when the entry is durable in every copy. */
  record(sealed: SealedSegment): Promise<void> {
    return this.#enqueue({ sealed });
  }

  /** The same for a segment that begins behind a hole. */
  recordOpened(opened: OpenedSegment): Promise<void> {
    return this.#enqueue({ opened });
  }

  /** The same for a loss: a successor must tell of it, and the log itself may not show it any more. */
  recordLoss({ loss, ...of }: NotedLoss): Promise<void> {
    // A page that is not of the schema would be nobody's: a text from an agent is the one thing here that could be.
    const detail = loss.detail.slice(0, maxDetail);
    return this.#enqueue({ lost: { ...of, loss: { ...loss, detail } } });
  }

  /** The same for topics that are about to be captured: when one is gone, a successor can ask nobody else what it was. */
  recordTopics(topics: readonly CapturedTopic[]): Promise<void> {
    return this.#enqueue({ topics });
  }

  #enqueue(entry: JournalEntry): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ ...entry, done });
    if (!this.#writing) void this.#write();
    return done.promise;
  }

  /** Takes the store: no other capture was seen. */
  async take(): Promise<void> {
    await this.#put(`${this.capture}-begun`, { version: 1, kind: 'begun' });
  }

  /** Gives a sign of life: a pin with the next number takes the place of the one before. */
  async beat(): Promise<void> {
    const before = this.#beats++;
    await this.#put(beatId(this.capture, this.#beats), { version: 1, kind: 'beat' });
    if (before === 0) return;
    const key = pinKey(beatId(this.capture, before));
    await Promise.all(this.#stores.map((store) => store.delete(key)));
  }

  /** Ends the capture without a commit: a successor may take over at once. */
  async release(): Promise<void> {
    await this.#put(`${this.capture}-released`, { version: 1, kind: 'released' });
    // Taken over and swept meanwhile: without the header what is left is nobody's.
    for (const store of this.#stores)
      if ((await store.head(pinKey(this.capture))) === undefined) await this.#remove([store]);
  }

  /** Removes the journal: an archive names everything now. */
  async remove(): Promise<void> {
    await this.#remove(this.#stores);
  }

  async #remove(stores: readonly ObjectStore[]): Promise<void> {
    const { capture } = this;
    const pages = Array.from({ length: this.#page }, (_, page) => pageId(capture, page));
    // A beat may have failed between its two steps.
    const beats = [this.#beats - 1, this.#beats].map((beat) => beatId(capture, beat));
    await removePins(stores, capture, [...pages, ...beats]);
  }

  /** Writes pages until nobody waits. Never rejects: each waiter is told of its own page. */
  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const page = this.#waiting;
      this.#waiting = [];
      try {
        await this.#put(pageId(this.capture, this.#page++), {
          version: 1,
          kind: 'sealed',
          segments: page.flatMap((entry) => ('sealed' in entry ? [entry.sealed] : [])),
          opened: page.flatMap((entry) => ('opened' in entry ? [entry.opened] : [])),
          lost: page.flatMap((entry) => ('lost' in entry ? [entry.lost] : [])),
          topics: page.flatMap((entry) => ('topics' in entry ? entry.topics : [])),
        });
        for (const { done } of page) done.resolve();
      } catch (error) {
        for (const { done } of page) done.reject(error);
      }
    }
    this.#writing = false;
  }

  async #put(id: string, value: unknown): Promise<void> {
    const bytes = encode(value);
    await Promise.all(
      this.#stores.map(async (store) => {
        if ((await store.putIfAbsent(pinKey(id), bytes)) === 'exists') {
          throw new KopsError('KOPS_HELD', `the pin ${id} already exists`, {
            at: { repository: store.url },
          });
        }
      }),
    );
  }
}

const pageId = (capture: string, page: number): string =>
  `${capture}-${String(page).padStart(pageDigits, '0')}`;

const beatId = (capture: string, beat: number): string =>
  `${capture}-beat-${String(Math.max(0, beat)).padStart(beatDigits, '0')}`;

async function removePins(
  stores: readonly ObjectStore[],
  capture: string,
  ids: readonly string[],
): Promise<void> {
  for (const store of stores) {
    await mapLimit([...ids, `${capture}-released`, `${capture}-begun`], 8, (id) =>
      store.delete(pinKey(id)),
    );
    // The header goes last: without it the pages would be nobody's.
    await store.delete(pinKey(capture));
  }
}
