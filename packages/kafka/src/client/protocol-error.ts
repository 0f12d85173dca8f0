import { KopsError, type Coordinates, type ErrorCode } from '@kops/core';
import { kafkaCode, kafkaErrorKind } from '../error-codes.ts';
import type { Api } from '../wire/api.ts';

/** Where a broker answered with an error code, and what it said besides. */
export interface ProtocolErrorContext {
  readonly at?: Coordinates;
  /** The broker's own words, where the response has them. */
  readonly message?: string | null;
  readonly transactionalId?: string | undefined;
}

const deniedKinds: Readonly<Record<number, 'topic' | 'group' | 'cluster' | 'transactional id'>> = {
  [kafkaCode.topicAuthorizationFailed]: 'topic',
  [kafkaCode.groupAuthorizationFailed]: 'group',
  [kafkaCode.clusterAuthorizationFailed]: 'cluster',
  [kafkaCode.transactionalIdAuthorizationFailed]: 'transactional id',
};

const codes: Readonly<Record<number, ErrorCode>> = {
  [kafkaCode.invalidTopic]: 'KOPS_CONFIG',
  [kafkaCode.invalidPartitions]: 'KOPS_CONFIG',
  [kafkaCode.invalidReplicationFactor]: 'KOPS_CONFIG',
  [kafkaCode.invalidReplicaAssignment]: 'KOPS_CONFIG',
  [kafkaCode.invalidConfig]: 'KOPS_CONFIG',
  [kafkaCode.topicAlreadyExists]: 'KOPS_REFUSED',
  [kafkaCode.policyViolation]: 'KOPS_REFUSED',
  [kafkaCode.topicDeletionDisabled]: 'KOPS_REFUSED',
  [kafkaCode.nonEmptyGroup]: 'KOPS_REFUSED',
  [kafkaCode.groupSubscribedToTopic]: 'KOPS_REFUSED',
  [kafkaCode.groupIdNotFound]: 'KOPS_GROUP_NOT_FOUND',
  [kafkaCode.saslAuthenticationFailed]: 'KOPS_ACCESS_DENIED',
};

function hintOf(code: ErrorCode, isTemporary: boolean): string {
  if (code === 'KOPS_CONFIG') return 'Correct the value that the broker’s message names.';
  return isTemporary
    ? 'Check that all brokers are running and in sync, then try again: Kafka reports this error as temporary.'
    : 'Look up the error name in Kafka’s protocol guide, and check the log of the broker.';
}

function resourceName(
  kind: 'topic' | 'group' | 'cluster' | 'transactional id',
  context: ProtocolErrorContext,
): string {
  const names = {
    topic: context.at?.topic,
    group: context.at?.group,
    cluster: undefined,
    'transactional id': context.transactionalId,
  };
  const name = names[kind];
  return kind === 'cluster'
    ? 'the cluster'
    : name === undefined
      ? `a ${kind}`
      : `${kind} '${name}'`;
}

/**
 * A broker's error code as a KopsError. Codes that Kafka calls retriable become KOPS_KAFKA_UNREACHABLE, the one of these that says
 * "later": with a retry around, it is what remains when the retries ran out.
 */
export function protocolError(
  api: Api<never, unknown>,
  code: number,
  context: ProtocolErrorContext = {},
): KopsError {
  const kind = kafkaErrorKind(code);
  const at = context.at ?? {};
  const denied = deniedKinds[code];
  if (denied !== undefined) {
    const right = api.rights[denied];
    const what = right ?? api.name;
    return new KopsError(
      'KOPS_ACCESS_DENIED',
      `${api.name} is denied: this user does not have the right ${what} on ${resourceName(denied, context)} (${kind.name})`,
      {
        at,
        hint: `Grant this user the operation ${what} on ${resourceName(denied, context)} with an ACL.`,
      },
    );
  }
  const said =
    context.message === undefined || context.message === null || context.message === ''
      ? ''
      : `: ${context.message}`;
  const fallback = kind.retriable ? 'KOPS_KAFKA_UNREACHABLE' : 'KOPS_KAFKA_PROTOCOL';
  const errorCode = codes[code] ?? fallback;
  return new KopsError(errorCode, `${api.name} failed with ${kind.name}${said}`, {
    at,
    hint: hintOf(errorCode, kind.retriable),
  });
}
