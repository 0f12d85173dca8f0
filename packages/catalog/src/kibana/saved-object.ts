/** Types of Kibana's saved objects that are generated. */
export type SavedObjectType = 'index-pattern' | 'search' | 'lens' | 'dashboard';

/** Points from an object to another; the name says from where in it. */
export interface SavedObjectReference {
  readonly type: SavedObjectType;
  readonly id: string;
  readonly name: string;
}

/** A saved object of Kibana, as a line of an export has it. */
export interface SavedObject {
  readonly type: SavedObjectType;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly SavedObjectReference[];
  readonly coreMigrationVersion: string;
  readonly typeMigrationVersion: string;
}

/** What an object is before its versions are written on it. */
export type UnversionedObject = Omit<SavedObject, 'coreMigrationVersion' | 'typeMigrationVersion'>;

/** Since Kibana 8.8 types are versioned on their own; this says that they are. */
const coreMigrationVersion = '8.8.0';

/**
 * Models of the types that the first Kibana 9 has. A newer Kibana migrates what it imports; an older one refuses what is newer
 * than itself. So these rise only where a field needs it.
 */
const typeMigrationVersions: Readonly<Record<SavedObjectType, string>> = {
  'index-pattern': '8.0.0',
  search: '10.5.0',
  lens: '8.9.0',
  dashboard: '10.2.0',
};

/** Writes the versions of its model on an object. */
export function versioned(object: UnversionedObject): SavedObject {
  return {
    ...object,
    coreMigrationVersion,
    typeMigrationVersion: typeMigrationVersions[object.type],
  };
}

/** A reference to an object. */
export function referenceTo(
  { type, id }: Pick<SavedObject, 'type' | 'id'>,
  name: string,
): SavedObjectReference {
  return { type, id, name };
}

/**
 * A query as Kibana keeps it. In Lucene's syntax: it reaches Elasticsearch as it stands, so that a test can run just what Kibana
 * runs. Empty means everything.
 */
export function storedQuery(query: string): Readonly<Record<string, string>> {
  return { language: 'lucene', query };
}

/** Objects as Kibana's import takes them: one JSON document per line. */
export function toNdjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}
