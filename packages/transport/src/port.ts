import type { KopsError, Offset, TopicId, TopicPartition } from '@kops/core';

/** How to listen or connect: `unix:/path/to.sock` or `host:port`. */
export interface Endpoint {
  readonly address: string;
  /** Shared secret, compared in constant time; every call carries it. */
  readonly secret: string;
  /** PEM texts. On a host:port address without it the connection is plain: allowed on loopback only. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** What an agent tells on its Join stream. */
/** A broker whose quota delays fetches. */
export interface Throttled {
  /** `host:port`. */
  readonly broker: string;
  readonly throttleMs: number;
}

export type AgentEvent =
  | {
      readonly type: 'hello';
      readonly agentId: string;
      readonly host: string;
      readonly rack: string;
      readonly brokerIds: readonly number[];
      readonly capacity: number;
      readonly version: string;
    }
  | { readonly type: 'heartbeat'; readonly throttled: Throttled | null }
  | ({
      readonly type: 'failed';
      readonly epoch: bigint;
      readonly error: KopsError;
    } & TopicPartition);

export interface PartitionAssignment extends TopicPartition {
  readonly topicId: TopicId;
  readonly derivedTopicId: boolean;
  /** Grows with every assignment of the partition; a stream with an older one is fenced. */
  readonly epoch: bigint;
  /** Where to stop; -1n follows until revoked. */
  readonly endOffset: Offset;
}

/** What the archiver tells an agent. */
export type Assignment =
  | { readonly type: 'welcome'; readonly heartbeatIntervalMs: number; readonly deadAfterMs: number }
  | {
      readonly type: 'assign';
      readonly cluster: string;
      readonly partitions: readonly PartitionAssignment[];
    }
  | {
      readonly type: 'revoke';
      readonly partitions: readonly (TopicPartition & { readonly epoch: bigint })[];
    };

export interface OpenFrame extends TopicPartition {
  readonly type: 'open';
  readonly agentId: string;
  readonly epoch: bigint;
  readonly cluster: string;
  readonly topicId: TopicId;
  readonly leaderEpoch: number;
  readonly logStart: Offset;
}

export type LossReason = 'retention' | 'truncation';
export type EndReason = 'reached' | 'idle' | 'revoked';

/** What an agent sends on a PartitionStream. Data is at most 256 KiB; a batch may span frames. */
export type Frame =
  | OpenFrame
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | {
      readonly type: 'state';
      readonly highWatermark: Offset;
      readonly lastStableOffset: Offset;
      readonly logStart: Offset;
      /** {@link RunDigest} of the batches since open or the previous state. */
      readonly sha256: Uint8Array;
      readonly nextOffset: Offset;
    }
  | {
      readonly type: 'loss';
      readonly from: Offset;
      readonly to: Offset;
      readonly reason: LossReason;
      readonly detail: string;
    }
  | { readonly type: 'end'; readonly reason: EndReason };

/** What the archiver answers on a PartitionStream. */
export type Ack =
  | {
      readonly type: 'opened';
      readonly resumeOffset: Offset;
      /** -1 when nothing is archived. */
      readonly lastEpoch: number;
      readonly credit: number;
      readonly stateEveryBytes: number;
      readonly baseline: boolean;
    }
  | { readonly type: 'credit'; readonly bytes: number }
  | { readonly type: 'durable'; readonly offset: Offset }
  | { readonly type: 'fence'; readonly reason: string };

/** A two-way stream: what comes in, in order, and what goes out. */
export interface Duplex<In, Out> {
  /** Ends when the peer ends; throws a KopsError when the call fails. To be iterated once. */
  readonly incoming: AsyncIterable<In>;
  /** Resolves when the transport takes more (back-pressure); rejects when the call has failed. Data bytes may be reused once it resolves. */
  send(message: Out): Promise<void>;
  /** Half-closes: no more messages from this side. */
  end(): void;
  /** Fails the call for both sides. */
  abort(error: KopsError): void;
  /** Aborted (reason: KopsError) when the call has failed or was abandoned by the peer. */
  readonly signal: AbortSignal;
}

/** An agent's side of the archiver. */
export interface CaptureClient extends AsyncDisposable {
  /** @throws KOPS_ARCHIVER_UNREACHABLE, KOPS_ACCESS_DENIED (wrong secret) */
  join(): Duplex<Assignment, AgentEvent>;
  stream(): Duplex<Ack, Frame>;
}

export type AckMode = 'sync' | 'async';
export type Isolation = 'read_committed' | 'read_uncommitted';

export interface StartBackup {
  readonly cluster: string;
  readonly repositories: readonly string[];
  readonly topics: readonly string[];
  readonly exclude: readonly string[];
  readonly ack: AckMode;
  readonly isolation: Isolation;
  readonly follow: boolean;
  readonly generationIntervalMs: number;
  /** How long a follow retries while Kafka or all agents are away, in ms; null retries without end. */
  readonly outageLimitMs: number | null;
  readonly dryRun: boolean;
  /** Commit an archive although no topic is selected. */
  readonly allowEmpty: boolean;
  /** Fail at the first partition or group that cannot be captured whole. */
  readonly strict: boolean;
  /** Names and globs of topics whose records are expected to be deleted before they are captured: recorded, and no loss. */
  readonly expectPurge: readonly string[];
}

export interface PlannedPartition extends TopicPartition {
  readonly logStart: Offset;
  readonly resumeOffset: Offset;
  readonly cut: Offset;
  readonly mode: 'baseline' | 'extend';
  readonly reason: string;
}

/** A topic that earlier archives hold and the cluster no longer has. */
export interface DeletedTopic {
  readonly topic: string;
  readonly topicId: TopicId;
  /** The last archive that holds it. */
  readonly archive: string;
}

export interface StartedBackup {
  /** Empty on a dry run. */
  readonly backupId: string;
  readonly clusterId: string;
  readonly parent: string | null;
  readonly partitions: readonly PlannedPartition[];
  readonly groups: number;
  /** Topics that earlier archives hold and the cluster no longer has. */
  readonly deletedTopics: readonly DeletedTopic[];
}

export interface BackupProgress {
  readonly partitions: number;
  readonly partitionsDone: number;
  readonly offsets: bigint;
  readonly offsetsDone: bigint;
  readonly bytes: bigint;
  readonly agents: number;
  readonly losses: number;
}

export interface CommittedArchive {
  readonly archive: string;
  readonly sequence: number;
  readonly generation: number;
  readonly topics: number;
  readonly partitions: number;
  readonly groups: number;
  readonly records: bigint;
  readonly bytes: bigint;
  readonly newBytes: bigint;
  readonly newSegments: number;
  readonly losses: number;
  readonly copies: readonly string[];
}

/** What a notice is about: for programs, which must not read texts. */
export type NoticeKind =
  | 'continued'
  | 'topic-added'
  | 'partitions-added'
  | 'topic-deleted'
  | 'topic-recreated'
  | 'topic-not-captured'
  | 'loss'
  | 'tombstones-may-be-gone'
  | 'agent-left'
  | 'partitions-moved'
  | 'partition-failed'
  | 'kafka-lost'
  | 'kafka-back'
  | 'agents-lost'
  | 'agents-back'
  | 'throttled'
  /** None of these, or one that only a newer archiver knows. */
  | 'other';

export type BackupEvent =
  | ({ readonly type: 'progress' } & BackupProgress)
  | ({ readonly type: 'committed' } & CommittedArchive)
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly error: KopsError }
  | { readonly type: 'notice'; readonly kind: NoticeKind; readonly text: string };

export interface BackupSummary {
  readonly backupId: string;
  readonly cluster: string;
  readonly state: 'running' | 'stopping' | 'finished' | 'failed';
  readonly follow: boolean;
  readonly lastArchive: string | null;
  readonly progress: BackupProgress;
}

export interface WatermarkQuery extends TopicPartition {
  readonly backupId: string;
  /** When above 0: answers once the watermark is at least this, or at the timeout. */
  readonly waitForOffset: Offset;
  readonly timeoutMs: number;
}

/** What an operator can ask of an archiver; the client and the server implement the same. */
export interface OperatorApi {
  startBackup(request: StartBackup, signal?: AbortSignal): Promise<StartedBackup>;
  watchBackup(backupId: string, signal?: AbortSignal): AsyncIterable<BackupEvent>;
  stopBackup(backupId: string, signal?: AbortSignal): Promise<void>;
  listBackups(signal?: AbortSignal): Promise<BackupSummary[]>;
  watermark(query: WatermarkQuery, signal?: AbortSignal): Promise<Offset>;
}

/** What an archiver serves. A handler that throws a KopsError fails the call with it, code and coordinates kept. */
export interface ArchiverHandlers {
  join(agent: Duplex<AgentEvent, Assignment>): Promise<void>;
  stream(stream: Duplex<Frame, Ack>): Promise<void>;
  /** Told of calls that were refused before any of these: a wrong secret, another revision of the protocol. */
  refused?(error: KopsError, caller: 'agent' | 'command line'): void;
  readonly operator: OperatorApi;
}

/** A listening archiver. */
export interface ArchiverServer extends AsyncDisposable {
  /** The address bound, with the real port. */
  readonly address: string;
}
