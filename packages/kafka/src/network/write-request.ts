import type { Writable } from 'node:stream';
import type { Api } from '../wire/api.ts';
import { Writer } from '../wire/writer.ts';

/** One request, ready to go. */
export interface OutgoingRequest {
  readonly api: Pick<Api<never, unknown>, 'key' | 'version' | 'isFlexible'>;
  readonly correlationId: number;
  readonly clientId: string;
  readonly body: Writer;
}

/*
 * Request => length: INT32, api_key: INT16, api_version: INT16, correlation_id: INT32,
 *   client_id: NULLABLE_STRING, [TAG_BUFFER], body
 *
 * The tagged fields are there in flexible versions only: request header v2, in which client_id stays a plain string (KIP-482).
 */
/** Writes a request as one vectored write, without joining its parts. */
export function writeRequest(socket: Writable, request: OutgoingRequest): void {
  const { api, correlationId, clientId, body } = request;
  const header = new Writer().int16(api.key).int16(api.version).int32(correlationId);
  header.string(clientId);
  if (api.isFlexible) header.noTags();
  const length = new Writer().int32(header.length + body.length);
  socket.cork();
  for (const part of [length, header, body]) for (const chunk of part.chunks()) socket.write(chunk);
  socket.uncork();
}
