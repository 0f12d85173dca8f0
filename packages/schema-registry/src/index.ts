/**
 * Keys and values that the serializers of a Confluent-compatible schema registry wrote, as JSON. The only importer of the
 * registry's client library.
 * @module
 */
export {
  connectSchemaRegistry,
  type ConnectOptions,
  type DecodeCounts,
  type DecodedBytes,
  type SchemaRegistry,
} from './schema-registry.ts';
export { checkRegistrySettings, type SchemaRegistrySettings } from './registry/settings.ts';
export type { SchemaFormat } from './decoder.ts';
