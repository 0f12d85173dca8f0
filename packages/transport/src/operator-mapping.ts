import {
  AckMode as WireAckMode,
  Isolation as WireIsolation,
  type BackupSummary as WireBackupSummary,
  type Committed as WireCommitted,
  type GetWatermarkRequest,
  type Progress as WireProgress,
  type StartBackupRequest,
  type StartBackupResponse,
  type WatchBackupResponse,
} from '@kops/proto/operator';
import type {
  AckMode,
  BackupEvent,
  BackupProgress,
  BackupSummary,
  CommittedArchive,
  Isolation,
  NoticeKind,
  StartBackup,
  StartedBackup,
  WatermarkQuery,
} from './port.ts';
import { fromWireError, toWireError } from './error-mapping.ts';
import { nameOf, oneOf, toSafeNumber, unreadable } from './wire-values.ts';

const ackModes: Readonly<Record<AckMode, WireAckMode>> = {
  sync: WireAckMode.ACK_MODE_SYNC,
  async: WireAckMode.ACK_MODE_ASYNC,
};

const isolations: Readonly<Record<Isolation, WireIsolation>> = {
  read_committed: WireIsolation.ISOLATION_READ_COMMITTED,
  read_uncommitted: WireIsolation.ISOLATION_READ_UNCOMMITTED,
};

const noticeKinds: ReadonlySet<string> = new Set<NoticeKind>([
  'continued',
  'topic-added',
  'partitions-added',
  'topic-deleted',
  'topic-recreated',
  'topic-not-captured',
  'loss',
  'tombstones-may-be-gone',
  'agent-left',
  'partitions-moved',
  'partition-failed',
  'kafka-lost',
  'kafka-back',
  'agents-lost',
  'agents-back',
  'throttled',
]);

const isNoticeKind = (kind: string): kind is NoticeKind => noticeKinds.has(kind);

const modes = ['baseline', 'extend'] as const;
const states = ['running', 'stopping', 'finished', 'failed'] as const;

export function toWireStartBackup(request: StartBackup): StartBackupRequest {
  return {
    ...request,
    repositories: [...request.repositories],
    topics: [...request.topics],
    exclude: [...request.exclude],
    expectPurge: [...request.expectPurge],
    ack: ackModes[request.ack],
    isolation: isolations[request.isolation],
    generationIntervalMs: BigInt(request.generationIntervalMs),
    outageLimitMs: request.outageLimitMs === null ? undefined : BigInt(request.outageLimitMs),
  };
}

export function fromWireStartBackup(wire: StartBackupRequest): StartBackup {
  return {
    ...wire,
    ack: nameOf(ackModes, wire.ack, 'ack mode'),
    isolation: nameOf(isolations, wire.isolation, 'isolation'),
    generationIntervalMs: toSafeNumber(wire.generationIntervalMs, 'generation interval'),
    outageLimitMs:
      wire.outageLimitMs === undefined ? null : toSafeNumber(wire.outageLimitMs, 'outage limit'),
  };
}

export function toWireStartedBackup(started: StartedBackup): StartBackupResponse {
  return {
    ...started,
    parent: started.parent ?? '',
    partitions: [...started.partitions],
    deletedTopics: [...started.deletedTopics],
  };
}

export function fromWireStartedBackup(wire: StartBackupResponse): StartedBackup {
  return {
    ...wire,
    parent: wire.parent === '' ? null : wire.parent,
    partitions: wire.partitions.map((planned) => ({
      ...planned,
      mode: oneOf(modes, planned.mode, 'mode'),
    })),
  };
}

/** proto3 leaves the progress of a fresh backup out. */
const noProgress: WireProgress = {
  partitions: 0,
  partitionsDone: 0,
  offsets: 0n,
  offsetsDone: 0n,
  bytes: 0n,
  agents: 0,
  losses: 0,
};

function toWireProgress(progress: BackupProgress): WireProgress {
  const { partitions, partitionsDone, offsets, offsetsDone, bytes, agents, losses } = progress;
  return { partitions, partitionsDone, offsets, offsetsDone, bytes, agents, losses };
}

function toWireCommitted(committed: CommittedArchive): WireCommitted {
  return { ...committed, sequence: BigInt(committed.sequence), copies: [...committed.copies] };
}

export function toWireBackupEvent(event: BackupEvent): WatchBackupResponse {
  switch (event.type) {
    case 'progress':
      return { event: { $case: 'progress', value: toWireProgress(event) } };
    case 'committed': {
      const { type, ...committed } = event;
      return { event: { $case: type, value: toWireCommitted(committed) } };
    }
    case 'finished':
      return { event: { $case: 'finished', value: {} } };
    case 'failed':
      return { event: { $case: 'failed', value: toWireError(event.error) } };
    case 'notice':
      return { event: { $case: 'notice', value: { text: event.text, kind: event.kind } } };
  }
}

export function fromWireBackupEvent({ event }: WatchBackupResponse): BackupEvent {
  switch (event?.$case) {
    case 'progress':
      return { type: 'progress', ...event.value };
    case 'committed':
      return {
        type: 'committed',
        ...event.value,
        sequence: toSafeNumber(event.value.sequence, 'sequence'),
      };
    case 'finished':
      return { type: 'finished' };
    case 'failed':
      return { type: 'failed', error: fromWireError(event.value) };
    case 'notice':
      return {
        type: 'notice',
        kind: isNoticeKind(event.value.kind) ? event.value.kind : 'other',
        text: event.value.text,
      };
    case undefined:
      throw unreadable('backup event');
  }
}

export function toWireBackupSummary(summary: BackupSummary): WireBackupSummary {
  return {
    ...summary,
    lastArchive: summary.lastArchive ?? '',
    progress: toWireProgress(summary.progress),
  };
}

export function fromWireBackupSummary(wire: WireBackupSummary): BackupSummary {
  return {
    ...wire,
    state: oneOf(states, wire.state, 'state'),
    lastArchive: wire.lastArchive === '' ? null : wire.lastArchive,
    progress: wire.progress ?? noProgress,
  };
}

export function toWireWatermarkQuery(query: WatermarkQuery): GetWatermarkRequest {
  return { ...query };
}

export function fromWireWatermarkQuery(wire: GetWatermarkRequest): WatermarkQuery {
  return { ...wire };
}
