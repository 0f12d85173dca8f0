import type { DrillProgress } from '@kops/drill';
import type { ProgressLine } from '../output/progress.ts';

/** Shows how far a drill is: a line of its own for each phase, and the records that went through. */
export class DrillObserver {
  readonly #line: ProgressLine;
  #phase = '';

  constructor(line: ProgressLine) {
    this.#line = line;
  }

  readonly onProgress = ({ phase, message, records, totalRecords }: DrillProgress): void => {
    if (phase !== this.#phase && phase !== 'done') this.#line.event(message);
    this.#phase = phase;
    if ((phase !== 'restore' && phase !== 'compare') || records === 0) return;
    this.#line.update({
      label: phase,
      done: BigInt(records),
      total: BigInt(totalRecords),
      records: BigInt(records),
      detail: '',
    });
  };
}
