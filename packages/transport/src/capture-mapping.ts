import {
  EndReason as WireEndReason,
  LossReason as WireLossReason,
  type Ack as WireAck,
  type AgentEvent as WireAgentEvent,
  type Assignment as WireAssignment,
  type Frame as WireFrame,
  type Heartbeat as WireHeartbeat,
} from '@kops/proto/capture';
import type {
  Ack,
  AgentEvent,
  Assignment,
  EndReason,
  Frame,
  LossReason,
  Throttled,
} from './port.ts';
import { fromWireError, toWireError } from './error-mapping.ts';
import { nameOf, toSafeNumber, toTopicId, unreadable } from './wire-values.ts';

const lossReasons: Readonly<Record<LossReason, WireLossReason>> = {
  retention: WireLossReason.LOSS_REASON_RETENTION,
  truncation: WireLossReason.LOSS_REASON_TRUNCATION,
};

const endReasons: Readonly<Record<EndReason, WireEndReason>> = {
  reached: WireEndReason.END_REASON_REACHED,
  idle: WireEndReason.END_REASON_IDLE,
  revoked: WireEndReason.END_REASON_REVOKED,
};

export function toWireAgentEvent(event: AgentEvent): WireAgentEvent {
  switch (event.type) {
    case 'hello': {
      const { type, brokerIds, ...hello } = event;
      return { event: { $case: type, value: { ...hello, brokerIds: [...brokerIds] } } };
    }
    case 'heartbeat':
      return { event: { $case: 'heartbeat', value: toWireThrottled(event.throttled) } };
    case 'failed': {
      const { type, error, ...failed } = event;
      return { event: { $case: type, value: { ...failed, error: toWireError(error) } } };
    }
  }
}

export function fromWireAgentEvent({ event }: WireAgentEvent): AgentEvent {
  switch (event?.$case) {
    case 'hello':
      return { type: 'hello', ...event.value };
    case 'heartbeat':
      return { type: 'heartbeat', throttled: fromWireThrottled(event.value) };
    case 'failed': {
      const { error, ...failed } = event.value;
      if (error === undefined) throw unreadable('a failure without an error');
      return { type: 'failed', ...failed, error: fromWireError(error) };
    }
    case undefined:
      throw unreadable('agent event');
  }
}

function toWireThrottled(throttled: Throttled | null): WireHeartbeat {
  return { throttledBy: throttled?.broker ?? '', throttleMs: throttled?.throttleMs ?? 0 };
}

function fromWireThrottled({ throttledBy, throttleMs }: WireHeartbeat): Throttled | null {
  return throttledBy === '' ? null : { broker: throttledBy, throttleMs };
}

export function toWireAssignment(assignment: Assignment): WireAssignment {
  switch (assignment.type) {
    case 'welcome': {
      const { type, ...welcome } = assignment;
      return { assignment: { $case: type, value: welcome } };
    }
    case 'assign': {
      const { type, cluster, partitions } = assignment;
      return { assignment: { $case: type, value: { cluster, partitions: [...partitions] } } };
    }
    case 'revoke':
      return { assignment: { $case: 'revoke', value: { partitions: [...assignment.partitions] } } };
  }
}

export function fromWireAssignment({ assignment }: WireAssignment): Assignment {
  switch (assignment?.$case) {
    case 'welcome':
      return { type: 'welcome', ...assignment.value };
    case 'assign': {
      const { cluster, partitions } = assignment.value;
      return {
        type: 'assign',
        cluster,
        partitions: partitions.map((wire) => ({ ...wire, topicId: toTopicId(wire.topicId) })),
      };
    }
    case 'revoke':
      return { type: 'revoke', partitions: assignment.value.partitions };
    case undefined:
      throw unreadable('assignment');
  }
}

export function toWireFrame(frame: Frame): WireFrame {
  switch (frame.type) {
    case 'open': {
      const { type, ...open } = frame;
      return { frame: { $case: type, value: open } };
    }
    case 'data':
      return { frame: { $case: 'data', value: frame.bytes } };
    case 'state': {
      const { type, ...state } = frame;
      return { frame: { $case: type, value: state } };
    }
    case 'loss': {
      const { type, reason, ...loss } = frame;
      return { frame: { $case: type, value: { ...loss, reason: lossReasons[reason] } } };
    }
    case 'end':
      return { frame: { $case: 'end', value: { reason: endReasons[frame.reason] } } };
  }
}

export function fromWireFrame({ frame }: WireFrame): Frame {
  switch (frame?.$case) {
    case 'open':
      return { type: 'open', ...frame.value, topicId: toTopicId(frame.value.topicId) };
    case 'data':
      return { type: 'data', bytes: frame.value };
    case 'state':
      return { type: 'state', ...frame.value };
    case 'loss':
      return {
        type: 'loss',
        ...frame.value,
        reason: nameOf(lossReasons, frame.value.reason, 'loss reason'),
      };
    case 'end':
      return { type: 'end', reason: nameOf(endReasons, frame.value.reason, 'end reason') };
    case undefined:
      throw unreadable('frame');
  }
}

export function toWireAck(ack: Ack): WireAck {
  switch (ack.type) {
    case 'opened': {
      const { type, credit, stateEveryBytes, ...opened } = ack;
      return {
        ack: {
          $case: type,
          value: { ...opened, credit: BigInt(credit), stateEveryBytes: BigInt(stateEveryBytes) },
        },
      };
    }
    case 'credit':
      return { ack: { $case: 'credit', value: { bytes: BigInt(ack.bytes) } } };
    case 'durable':
      return { ack: { $case: 'durable', value: { offset: ack.offset } } };
    case 'fence':
      return { ack: { $case: 'fence', value: { reason: ack.reason } } };
  }
}

export function fromWireAck({ ack }: WireAck): Ack {
  switch (ack?.$case) {
    case 'opened': {
      const { credit, stateEveryBytes, ...opened } = ack.value;
      return {
        type: 'opened',
        ...opened,
        credit: toSafeNumber(credit, 'credit'),
        stateEveryBytes: toSafeNumber(stateEveryBytes, 'state interval'),
      };
    }
    case 'credit':
      return { type: 'credit', bytes: toSafeNumber(ack.value.bytes, 'credit') };
    case 'durable':
      return { type: 'durable', offset: ack.value.offset };
    case 'fence':
      return { type: 'fence', reason: ack.value.reason };
    case undefined:
      throw unreadable('acknowledgement');
  }
}
