import type { IndexKind } from '../indices/index-definition.ts';
import type { CatalogPrefix } from '../indices/index-names.ts';
import { dataViewId, timeField } from './data-views.ts';
import { storedQuery, versioned, type SavedObject } from './saved-object.ts';

interface SearchContent {
  readonly title: string;
  readonly description: string;
  readonly of: IndexKind;
  readonly columns: readonly string[];
  readonly query?: string;
}

/** Saved searches by short name. */
const contents = {
  archives: {
    title: 'Archives',
    description: 'Every archive, the newest first.',
    of: 'archives',
    columns: [
      'kops.archive',
      'kops.cluster',
      'kops.kind',
      'kops.topic_count',
      'kops.record_count',
      'kops.bytes',
      'kops.complete',
    ],
  },
  'lossy-archives': {
    title: 'Archives with losses',
    description: 'Archives that lack records which the cluster once had, with the reasons.',
    of: 'archives',
    columns: ['kops.archive', 'kops.cluster', 'kops.lost_offsets', 'kops.loss_reasons'],
    query: 'kops.complete:false',
  },
  segments: {
    title: 'Segments',
    description: 'Segments by the time of their newest record.',
    of: 'segments',
    columns: [
      'kafka.topic',
      'kafka.partition',
      'kops.base_offset',
      'kops.last_offset',
      'kops.record_count',
      'kops.stored_bytes',
    ],
  },
  records: {
    title: 'Archived records',
    description: 'Records as far as the policy of their topic shows them.',
    of: 'records',
    columns: ['kafka.topic', 'kafka.partition', 'kafka.offset', 'kafka.key', 'message'],
  },
  drills: {
    title: 'Drills',
    description: 'Every drill with what it measured, the newest first.',
    of: 'drills',
    columns: [
      'kops.archive',
      'kops.cluster',
      'kops.drill.status',
      'kops.drill.records',
      'kops.drill.rpo_ms',
      'kops.drill.rto_ms',
      'kops.drill.differences',
    ],
  },
  events: {
    title: 'Events',
    description: 'Who ran what, when, with which result.',
    of: 'events',
    columns: ['event.action', 'event.outcome', 'user.name', 'host.name', 'event.reason', 'message'],
  },
} as const satisfies Record<string, SearchContent>;

/** Short name of a saved search. */
export type SearchName = keyof typeof contents;

/** A saved search. */
export function savedSearch(name: SearchName, prefix: CatalogPrefix): SavedObject {
  const content: SearchContent = contents[name];
  const indexRefName = 'kibanaSavedObjectMeta.searchSourceJSON.index';
  return versioned({
    type: 'search',
    id: `${prefix}-search-${name}`,
    attributes: {
      title: `[${prefix}] ${content.title}`,
      description: content.description,
      columns: content.columns,
      sort: [[timeField, 'desc']],
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: storedQuery(content.query ?? ''),
          filter: [],
          highlightAll: true,
          indexRefName,
        }),
      },
    },
    references: [{ type: 'index-pattern', id: dataViewId(content.of, prefix), name: indexRefName }],
  });
}

/** All saved searches. */
export function savedSearches(prefix: CatalogPrefix): SavedObject[] {
  return (Object.keys(contents) as SearchName[]).map((name) => savedSearch(name, prefix));
}
