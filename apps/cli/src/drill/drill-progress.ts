import type { DrillProgress } from '@kops/drill';
import type { ProgressLine } from '../output/progress.ts';

/** Shows how far a drill is: a line of its own for each new phase, and the records of the phase. */
export class DrillObserver {
  readonly #line: ProgressLine;
  #said = '';

  constructor(line: ProgressLine) {
    this.#line = line;
  }

  readonly onProgress = ({ phase, message, records, totalRecords }: DrillProgress): void => {
    if (message !== this.#said && phase !== 'done') this.#line.note(message);
    this.#said = message;
    if (phase !== 'restore' && phase !== 'compare') return;
    this.#line.update({ label: phase, done: BigInt(records), total: BigInt(totalRecords), records: BigInt(records), detail: '' });
  };
}
