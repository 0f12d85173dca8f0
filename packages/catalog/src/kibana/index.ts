/**
 * The catalog in Kibana 9: objects that show it, and their import.
 * @module
 */
export { toNdjson, type SavedObject, type SavedObjectReference } from './saved-object.ts';
export { savedObjects } from './saved-objects.ts';
export {
  importSavedObjects,
  type ImportOptions,
  type ImportReport,
} from './import-saved-objects.ts';
export type { ImportedObject } from './kibana-answer.ts';
export type { KibanaSettings } from './kibana-settings.ts';
