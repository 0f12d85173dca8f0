import {
  Ack as WireAck,
  AgentEvent as WireAgentEvent,
  Assignment as WireAssignment,
  CaptureServiceService,
} from '@kops/proto/capture';
import {
  GetWatermarkRequest,
  GetWatermarkResponse,
  ListBackupsRequest,
  ListBackupsResponse,
  OperatorServiceService,
  StartBackupRequest,
  StartBackupResponse,
  StopBackupRequest,
  StopBackupResponse,
  WatchBackupRequest,
  WatchBackupResponse,
} from '@kops/proto/operator';
import type { Offset } from '@kops/core';
import * as capture from './capture-mapping.ts';
import * as operator from './operator-mapping.ts';
import { codec, type Codec } from './codec.ts';
import { frameCodec } from './frame-codec.ts';
import type { Ack, AgentEvent, Assignment, BackupSummary, Frame } from './port.ts';

/** One call of a service, in domain types. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

/** A {@link Method} of whatever types. */
export interface AnyMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: AnyCodec;
  readonly response: AnyCodec;
}

interface AnyCodec {
  readonly serialize: (value: never) => Buffer;
  readonly deserialize: (bytes: Buffer) => unknown;
}

interface GeneratedMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

function method<Request, Response>(
  { path, requestStream, responseStream }: GeneratedMethod,
  request: Codec<Request>,
  response: Codec<Response>,
): Method<Request, Response> {
  return { path, requestStream, responseStream, request, response };
}

const nothing = (): object => ({});
const withBackupId = codec<string, { backupId: string }>;
const toBackupId = (backupId: string) => ({ backupId });
const fromBackupId = ({ backupId }: { backupId: string }) => backupId;

/** The calls of CaptureService. */
export const captureMethods = {
  join: method<AgentEvent, Assignment>(
    CaptureServiceService.join,
    codec(WireAgentEvent, capture.toWireAgentEvent, capture.fromWireAgentEvent),
    codec(WireAssignment, capture.toWireAssignment, capture.fromWireAssignment),
  ),
  stream: method<Frame, Ack>(
    CaptureServiceService.stream,
    frameCodec,
    codec(WireAck, capture.toWireAck, capture.fromWireAck),
  ),
};

/** The calls of OperatorService. */
export const operatorMethods = {
  startBackup: method(
    OperatorServiceService.startBackup,
    codec(StartBackupRequest, operator.toWireStartBackup, operator.fromWireStartBackup),
    codec(StartBackupResponse, operator.toWireStartedBackup, operator.fromWireStartedBackup),
  ),
  watchBackup: method(
    OperatorServiceService.watchBackup,
    withBackupId(WatchBackupRequest, toBackupId, fromBackupId),
    codec(WatchBackupResponse, operator.toWireBackupEvent, operator.fromWireBackupEvent),
  ),
  stopBackup: method(
    OperatorServiceService.stopBackup,
    withBackupId(StopBackupRequest, toBackupId, fromBackupId),
    codec(StopBackupResponse, nothing, nothing),
  ),
  listBackups: method(
    OperatorServiceService.listBackups,
    codec(ListBackupsRequest, nothing, nothing),
    codec<BackupSummary[], ListBackupsResponse>(
      ListBackupsResponse,
      (backups) => ({ backups: backups.map(operator.toWireBackupSummary) }),
      ({ backups }) => backups.map(operator.fromWireBackupSummary),
    ),
  ),
  watermark: method(
    OperatorServiceService.getWatermark,
    codec(GetWatermarkRequest, operator.toWireWatermarkQuery, operator.fromWireWatermarkQuery),
    codec<Offset, GetWatermarkResponse>(
      GetWatermarkResponse,
      (offset) => ({ offset }),
      ({ offset }) => offset,
    ),
  ),
};
