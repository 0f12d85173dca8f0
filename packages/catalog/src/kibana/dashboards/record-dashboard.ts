import type { CatalogPrefix } from '../../indices/index-names.ts';
import type { DashboardContent } from '../dashboard-object.ts';
import { timeField } from '../data-views.ts';
import { count, latest, overTime, sum, terms, uniqueCount } from '../lens-columns.ts';
import { chartPanel, donutPanel, metricPanel, tablePanel } from '../lens-object.ts';
import { savedSearch } from '../saved-searches.ts';

function totals(prefix: CatalogPrefix) {
  return [
    metricPanel({ name: 'records', title: 'Records', of: 'records' }, count('Records'), prefix),
    metricPanel(
      { name: 'records-topic-count', title: 'Topics', of: 'records' },
      uniqueCount('kafka.topic', 'Topics'),
      prefix,
    ),
    metricPanel(
      { name: 'records-bytes', title: 'Bytes of values', of: 'records' },
      sum('kafka.value_bytes', 'Bytes of values'),
      prefix,
    ),
    metricPanel(
      {
        name: 'records-tombstones',
        title: 'Tombstones',
        of: 'records',
        query: 'kafka.tombstone:true',
      },
      count('Tombstones'),
      prefix,
    ),
  ];
}

function shares(prefix: CatalogPrefix) {
  const records = count('Records');
  return [
    donutPanel(
      {
        name: 'records-levels',
        title: 'What is indexed of them',
        description: 'Level of the policy that the records were indexed with.',
        of: 'records',
      },
      { slices: terms('kops.level', 'Level', { orderedBy: 'metric' }), metric: records },
      prefix,
    ),
    donutPanel(
      {
        name: 'records-formats',
        title: 'Formats of values',
        description: 'Of the records that are indexed in full.',
        of: 'records',
      },
      { slices: terms('kafka.value_format', 'Format', { orderedBy: 'metric' }), metric: records },
      prefix,
    ),
    donutPanel(
      { name: 'records-masked', title: 'Masked parts', of: 'records', query: 'kops.masked:*' },
      { slices: terms('kops.masked', 'Part', { orderedBy: 'metric' }), metric: records },
      prefix,
    ),
  ];
}

function topics(prefix: CatalogPrefix) {
  return tablePanel(
    { name: 'records-topics', title: 'Topics', of: 'records' },
    {
      topic: terms('kafka.topic', 'Topic', { orderedBy: 'records', size: 100 }),
      records: count('Records'),
      keys: uniqueCount('kafka.key_hash', 'Keys, about'),
      bytes: sum('kafka.value_bytes', 'Bytes of values'),
      newest: latest(timeField, 'Newest'),
    },
    prefix,
  );
}

/** Records that are indexed: how many, of which topics, and the records themselves. */
export function recordDashboard(prefix: CatalogPrefix): DashboardContent {
  return {
    name: 'records',
    title: 'Archived records',
    description: 'Records that can be searched: how many, when, of which topics and formats.',
    from: 'now-7d',
    rows: [
      { height: 6, panels: totals(prefix) },
      {
        height: 12,
        panels: [
          chartPanel(
            { name: 'records-over-time', title: 'Records by topic', of: 'records' },
            {
              series: 'bar_stacked',
              x: overTime(timeField, 'Time of the record', { withEmpty: true }),
              split: terms('kafka.topic', 'Topic', {
                orderedBy: 'records',
                size: 5,
                withOther: true,
              }),
              metrics: { records: count('Records') },
            },
            prefix,
          ),
        ],
      },
      { height: 12, panels: shares(prefix) },
      { height: 9, panels: [topics(prefix)] },
      { height: 18, panels: [savedSearch('records', prefix)] },
    ],
  };
}
