import { Serializer as ClientSerializer, errors } from '@elastic/elasticsearch';
import { parseWithBigints, stringifyWithBigints } from '../documents/exact-json.ts';

/** JSON of requests and answers in which 64-bit numbers keep their digits. */
export class Serializer extends ClientSerializer {
  override serialize(object: Record<string, unknown>): string {
    return stringifyWithBigints(object);
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the client's own signature
  override deserialize<T = unknown>(json: string): T {
    try {
      return parseWithBigints(json) as T;
    } catch (error) {
      throw new errors.DeserializationError((error as Error).message, json);
    }
  }
}
