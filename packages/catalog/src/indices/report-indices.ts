import { defineIndex } from './index-definition.ts';
import {
  boolean,
  date,
  flattened,
  integer,
  keyword,
  long,
  object,
  text,
  type Properties,
} from './mapping.ts';

/** ECS: when it began and ended, how long it took (ns), how it ended. */
const span: Properties = {
  start: date,
  end: date,
  duration: long,
};

/** Archives: one document each, as its manifest says. */
export const archiveIndex = defineIndex('archives', 1, {
  '@timestamp': date,
  event: object(span),
  kops: object({
    archive: keyword,
    series: keyword,
    parent: keyword,
    kind: keyword,
    generation: long,
    cluster: keyword,
    repository: keyword,
    version: keyword,
    isolation: keyword,
    copies: keyword,
    topics: keyword,
    topic_count: integer,
    partition_count: integer,
    baseline_count: integer,
    segment_count: long,
    // Left out where the manifest does not know.
    record_count: long,
    bytes: long,
    hole_offsets: long,
    group_count: integer,
    open_transactions: integer,
    complete: boolean,
    loss_count: integer,
    lost_offsets: long,
    loss_reasons: keyword,
    losses: flattened,
  }),
});

/** Segments: one document each, as the list entry of the first archive that shows it says. */
export const segmentIndex = defineIndex('segments', 1, {
  // The newest record's time.
  '@timestamp': date,
  kafka: object({ topic: keyword, partition: integer }),
  kops: object({
    archive: keyword,
    cluster: keyword,
    repository: keyword,
    topic_id: keyword,
    lineage: keyword,
    segment: keyword,
    base_offset: long,
    last_offset: long,
    slice: object({ start: long, end: long }),
    min_timestamp: long,
    max_timestamp: long,
    record_count: long,
    batch_count: long,
    // Of the batches: transaction markers and others that no consumer sees.
    control_batch_count: long,
    codecs: keyword,
    transactional: boolean,
    bytes: long,
    stored_bytes: long,
    sha256: keyword,
    leader_epochs: integer,
  }),
});

/** Drills: one document each, as its report says. */
export const drillIndex = defineIndex('drills', 1, {
  '@timestamp': date,
  event: object({ ...span, outcome: keyword }),
  kops: object({
    archive: keyword,
    cluster: keyword,
    repository: keyword,
    drill: object({
      status: keyword,
      sandbox: keyword,
      topics: keyword,
      topic_count: integer,
      partition_count: integer,
      records: long,
      equal_records: long,
      groups: integer,
      group_offsets: integer,
      configs: integer,
      errors: long,
      empty: boolean,
      rpo_ms: long,
      rto_ms: long,
      newest_record_age_ms: long,
      rpo_objective_ms: long,
      rto_objective_ms: long,
      rpo_met: boolean,
      rto_met: boolean,
      self_tests: integer,
      self_tests_passed: integer,
      sandbox_ms: long,
      restore_ms: long,
      compare_ms: long,
      self_test_ms: long,
      differences: text,
      losses: text,
      not_restorable: text,
    }),
  }),
});

/** Audit: who ran what, when, with which result. */
export const eventIndex = defineIndex('events', 1, {
  '@timestamp': date,
  message: text,
  event: object({
    ...span,
    id: keyword,
    kind: keyword,
    category: keyword,
    type: keyword,
    action: keyword,
    outcome: keyword,
    reason: keyword,
  }),
  user: object({ name: keyword }),
  host: object({ name: keyword }),
  process: object({ exit_code: integer }),
  error: object({ code: keyword, message: text }),
  kops: object({
    archive: keyword,
    cluster: keyword,
    repository: keyword,
    version: keyword,
    details: flattened,
  }),
});
