import { utf8 } from './byte-cursor.ts';
import type { Decoder } from './decoder.ts';
import { malformed } from './undecodable.ts';

/**
 * Values of a JSON Schema are JSON already, and stay as they were written, digits too. They are not validated: what was stored
 * is what is shown, whether or not the producer kept to the schema.
 */
export const jsonSchemaDecoder: Decoder = {
  format: 'json-schema',
  decode(payload, effort) {
    effort.payFor(payload.length);
    const text = utf8(payload);
    try {
      JSON.parse(text);
    } catch {
      malformed('no JSON');
    }
    return text;
  },
};
