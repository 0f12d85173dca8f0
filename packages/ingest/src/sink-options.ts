import type { Loss } from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';
import type { CaptureJournal } from './capture-journal.ts';
import type { PartitionSink } from './partition-sink.ts';
import type { PartitionPlan } from './plan-backup.ts';

/** What a sink writes to. */
export interface SinkOptions {
  readonly clusterId: string;
  readonly plan: PartitionPlan;
  readonly stores: readonly ObjectStore[];
  readonly journal: CaptureJournal;
  /** A segment is sealed once it holds so many bytes. */
  readonly segmentBytes: number;
  /** The archive's cut is the plan's; a follow's is not known before its generation. */
  readonly fixedCut: boolean;
  /** Whether damaged batches are stored as they are; they are refused otherwise. */
  readonly keepDamaged: boolean;
  /** What retention deletes of it before it is captured is no loss. */
  readonly expectsPurge?: boolean;
  /** Called whenever the archived watermark has moved. */
  readonly onDurable: (sink: PartitionSink) => void;
  /** Called with every loss that is noticed, once a successor would know of it too. */
  readonly onLoss?: (sink: PartitionSink, loss: Loss) => void;
}
