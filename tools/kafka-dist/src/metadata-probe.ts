import { connect } from 'node:net';

/** Who a broker says belongs to its cluster. */
export interface ClusterView {
  readonly brokerIds: readonly number[];
  /** -1 while there is none. */
  readonly controllerId: number;
}

/**
 * Metadata request, version 1, for no topic (Kafka protocol guide, API key 3):
 * size int32, api_key int16, api_version int16, correlation_id int32, client_id nullable string, topics array.
 */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 14);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(3, 4);
  request.writeInt16BE(1, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(0, 14);
  return request;
}

/** Reads the answer: brokers [node_id int32, host string, port int32, rack nullable string], controller_id int32. */
export function parseMetadataResponse(frame: Buffer): ClusterView {
  let at = 4;
  const int32 = (): number => {
    at += 4;
    return frame.readInt32BE(at - 4);
  };
  const skipString = (): void => {
    at += 2 + Math.max(0, frame.readInt16BE(at));
  };
  const count = int32();
  const brokerIds: number[] = [];
  for (let index = 0; index < count; index++) {
    brokerIds.push(int32());
    skipString();
    int32();
    skipString();
  }
  return { brokerIds: brokerIds.sort((a, b) => a - b), controllerId: int32() };
}

/**
 * Asks a broker for its view of the cluster; undefined when it does not answer in time. An answer is what tells a
 * broker that is ready from one whose port is merely open.
 */
export async function probeMetadata(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<ClusterView | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const finish = (view: ClusterView | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(view);
    };
    const timer = setTimeout(() => {
      finish(undefined);
    }, timeoutMs);
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.once('error', () => {
      finish(undefined);
    });
    socket.once('close', () => {
      finish(undefined);
    });
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        finish(parseMetadataResponse(received.subarray(4)));
      } catch {
        // Something else listens here and does not speak Kafka: as good as no answer.
        finish(undefined);
      }
    });
  });
}
