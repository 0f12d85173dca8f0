import { producedPartition, produceV8, type ProduceV8Request } from '../apis/produce-v8.ts';
import { send } from '../cluster/send.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type { ProduceLaneOptions } from '../port.ts';
import type { Api } from '../wire/api.ts';
import { PartitionLane, type LanePipe } from './produce-lane.ts';

/** A broker serves the requests of a connection one after the other; more under way than it needs to be busy only wait there. */
const maxRequestsUnderWay = 5;
/** Of batches in one request; a larger batch goes alone. */
const maxRequestBytes = 1024 * 1024;

interface PipeRequest extends ProduceV8Request {
  /** Called in the moment that the request goes to the socket. */
  readonly onWritten: () => void;
}

const writtenProduceV8: Api<PipeRequest, ReturnType<typeof produceV8.decode>> = {
  ...produceV8,
  encode: (request, writer) => {
    request.onWritten();
    return produceV8.encode(request, writer);
  },
};

/**
 * All that is produced over one connection. A request takes the next batch of every lane that has one, and several requests are under
 * way at a time: the broker handles them in their order, so the batches of a lane stay in theirs. Nothing is ever sent twice.
 */
export class ProducePipe implements LanePipe {
  readonly #connection: BrokerConnection;
  readonly #timeoutMs: number;
  readonly #onFailure: (topic: string) => void;
  /** In the order in which they are asked: those that were left out last time come first. */
  #lanes: PartitionLane[] = [];
  #underWay = 0;
  #isWaking = false;
  #isWriting = false;

  /** @param timeoutMs how long a broker may wait for its replicas */
  constructor(connection: BrokerConnection, timeoutMs: number, onFailure: (topic: string) => void) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#onFailure = onFailure;
  }

  open(options: ProduceLaneOptions): PartitionLane {
    const lane = new PartitionLane(this, options);
    this.#lanes.push(lane);
    return lane;
  }

  leave(lane: PartitionLane): void {
    this.#lanes = this.#lanes.filter((one) => one !== lane);
    this.wake();
  }

  /** Sends what there is, once the caller is done with handing over batches. */
  wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      this.#sendReady();
    });
  }

  #sendReady(): void {
    // A request that waits for its turn (a throttled client, a login again) must not be overtaken by the next one.
    while (this.#underWay < maxRequestsUnderWay && !this.#isWriting) {
      const lanes = this.#pick();
      if (lanes.length === 0) return;
      this.#send(lanes);
    }
  }

  /** The lanes of the next request; none while waiting for more is better. */
  #pick(): PartitionLane[] {
    const picked: PartitionLane[] = [];
    const rest: PartitionLane[] = [];
    let bytes = 0;
    let isWorthWaiting = this.#underWay > 0;
    let isStarved = false;
    for (const lane of this.#lanes) {
      const ready = lane.readyBytes;
      if (ready === undefined) {
        isStarved ||= lane.isStarved;
        rest.push(lane);
      } else if (picked.length > 0 && bytes + ready > maxRequestBytes) {
        isWorthWaiting = false;
        rest.push(lane);
      } else {
        bytes += ready;
        picked.push(lane);
      }
    }
    if (isWorthWaiting && isStarved) return [];
    if (picked.length > 0) this.#lanes = [...rest, ...picked];
    return picked;
  }

  #send(lanes: readonly PartitionLane[]): void {
    this.#isWriting = true;
    // Each request waits for those before it, which wait for replicas.
    const waitMs = this.#underWay * this.#timeoutMs;
    this.#underWay += 1;
    const request = {
      transactionalId: null,
      timeoutMs: this.#timeoutMs,
      topics: topicsOf(lanes),
      onWritten: () => {
        this.#isWriting = false;
        if (this.#underWay < maxRequestsUnderWay) this.wake();
      },
    };
    send(this.#connection, writtenProduceV8, request, { waitMs }).then(
      ({ response }) => {
        this.#settle(lanes, (lane) => {
          lane.settle(producedPartition(response, lane.topic, lane.partition));
        });
      },
      (error: unknown) => {
        this.#isWriting = false;
        for (const { topic } of lanes) this.#onFailure(topic);
        this.#settle(lanes, (lane) => {
          lane.fail(error);
        });
      },
    );
  }

  #settle(lanes: readonly PartitionLane[], settle: (lane: PartitionLane) => void): void {
    this.#underWay -= 1;
    for (const lane of lanes) settle(lane);
    this.#sendReady();
  }
}

function topicsOf(lanes: readonly PartitionLane[]): ProduceV8Request['topics'] {
  const topics = new Map<string, { partition: number; batch: Uint8Array }[]>();
  for (const lane of lanes) {
    const batch = lane.take();
    if (batch === undefined) continue;
    const batches = topics.get(lane.topic);
    if (batches === undefined) topics.set(lane.topic, [{ partition: lane.partition, batch }]);
    else batches.push({ partition: lane.partition, batch });
  }
  return [...topics].map(([topic, batches]) => ({ topic, batches }));
}
