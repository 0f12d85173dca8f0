import { KopsError } from '@kops/core';
import type { ProduceLane, ProduceLaneOptions } from '@kops/kafka';

/**
 * A lane as real ones behave: as many batches under way as it may have, each handled in its turn whatever became of those before, and
 * the failure told when all have settled.
 */
export class FakeLane implements ProduceLane {
  readonly #options: ProduceLaneOptions;
  readonly #append: (batch: Uint8Array, underWay: number) => Promise<bigint>;
  readonly #queue: Uint8Array[] = [];
  #underWay = 0;
  #isProven = false;
  #isOpen = true;
  #failure: KopsError | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(
    options: ProduceLaneOptions,
    append: (batch: Uint8Array, underWay: number) => Promise<bigint>,
  ) {
    this.#options = options;
    this.#append = append;
  }

  push(batch: Uint8Array): void {
    if (this.#failure !== undefined || !this.#isOpen) return;
    this.#queue.push(batch);
    this.#send();
  }

  end(): void {
    this.#send();
  }

  close(): void {
    this.#isOpen = false;
    this.#queue.length = 0;
  }

  #send(): void {
    while (this.#underWay < (this.#isProven ? this.#options.maxUnderWay : 1)) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      this.#underWay += 1;
      this.#last = this.#last.then(() => this.#deliver(batch));
    }
  }

  async #deliver(batch: Uint8Array): Promise<void> {
    try {
      const baseOffset = await this.#append(batch, this.#underWay);
      this.#underWay -= 1;
      this.#isProven = true;
      if (this.#failure === undefined && this.#isOpen)
        this.#options.listener.onAppended({ baseOffset, logAppendTime: -1n, logStart: 0n });
    } catch (thrown) {
      this.#underWay -= 1;
      const { topic, partition } = this.#options;
      this.#failure ??= KopsError.locate(thrown, { topic, partition });
      this.#queue.length = 0;
    }
    if (this.#failure === undefined) this.#send();
    else if (this.#underWay === 0 && this.#isOpen) {
      this.#isOpen = false;
      this.#options.listener.onFailed(this.#failure);
    }
  }
}
