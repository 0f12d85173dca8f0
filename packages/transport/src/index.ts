/**
 * How agents, archiver and command line speak to each other: the calls of `kops.v1` over gRPC, in domain types.
 *
 * ```ts
 * await using server = await serveArchiver({ address: 'unix:/run/kops.sock', secret }, handlers);
 * await using client = connectCapture({ address: server.address, secret });
 * const stream = client.stream();
 * await stream.send({ type: 'data', bytes });
 * ```
 * @module
 */
export { serveArchiver } from './serve.ts';
export { connectCapture, connectOperator } from './connect.ts';
export { maxFrameBytes } from './frame-codec.ts';
export { RunDigest } from './run-digest.ts';
export type { TransportOptions } from './options.ts';
export type {
  Ack,
  AckMode,
  AgentEvent,
  Throttled,
  ArchiverHandlers,
  ArchiverServer,
  Assignment,
  BackupEvent,
  BackupProgress,
  BackupSummary,
  CaptureClient,
  CommittedArchive,
  Duplex,
  EndReason,
  Endpoint,
  Frame,
  Isolation,
  LossReason,
  NoticeKind,
  OpenFrame,
  OperatorApi,
  PartitionAssignment,
  PlannedPartition,
  StartBackup,
  StartedBackup,
  DeletedTopic,
  WatermarkQuery,
} from './port.ts';
