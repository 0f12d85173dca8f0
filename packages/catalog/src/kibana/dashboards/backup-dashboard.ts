import type { CatalogPrefix } from '../../indices/index-names.ts';
import type { DashboardContent } from '../dashboard-object.ts';
import { timeField } from '../data-views.ts';
import { average, count, latest, max, overTime, sum, terms } from '../lens-columns.ts';
import { chartPanel, metricPanel, tablePanel } from '../lens-object.ts';
import { savedSearch } from '../saved-searches.ts';

const backedUp = (withEmpty: boolean) => overTime(timeField, 'Ended', { withEmpty });

/** Numbers of archives and segments. Bytes and records are those of segments: archives share them, so theirs would count twice. */
function totals(prefix: CatalogPrefix) {
  return [
    metricPanel({ name: 'archives', title: 'Archives', of: 'archives' }, count('Archives'), prefix),
    metricPanel(
      {
        name: 'archives-lossy',
        title: 'With losses',
        of: 'archives',
        query: 'kops.complete:false',
      },
      count('Archives with losses'),
      prefix,
    ),
    metricPanel(
      { name: 'segments-records', title: 'Records', of: 'segments' },
      sum('kops.record_count', 'Records'),
      prefix,
    ),
    metricPanel(
      { name: 'segments-stored', title: 'Stored', of: 'segments' },
      sum('kops.stored_bytes', 'Bytes stored'),
      prefix,
    ),
  ];
}

function charts(prefix: CatalogPrefix) {
  return [
    chartPanel(
      { name: 'archives-over-time', title: 'Archives by kind', of: 'archives' },
      {
        series: 'bar_stacked',
        x: backedUp(true),
        split: terms('kops.kind', 'Kind', { orderedBy: 'archives' }),
        metrics: { archives: count('Archives') },
      },
      prefix,
    ),
    chartPanel(
      {
        name: 'archives-duration',
        title: 'Time per archive',
        description: 'From the start of a backup to its commit.',
        of: 'archives',
      },
      {
        series: 'line',
        x: backedUp(false),
        metrics: {
          mean: average('event.duration', 'Mean'),
          longest: max('event.duration', 'Longest'),
        },
      },
      prefix,
    ),
  ];
}

function topics(prefix: CatalogPrefix) {
  return [
    chartPanel(
      {
        name: 'segments-over-time',
        title: 'Bytes by time of records',
        description: 'A segment counts at the time of its newest record.',
        of: 'segments',
      },
      {
        series: 'area_stacked',
        x: overTime(timeField, 'Newest record', { withEmpty: true }),
        split: terms('kafka.topic', 'Topic', { orderedBy: 'bytes', size: 5, withOther: true }),
        metrics: { bytes: sum('kops.bytes', 'Bytes') },
      },
      prefix,
    ),
    chartPanel(
      { name: 'segments-topics', title: 'Largest topics', of: 'segments' },
      {
        series: 'bar_horizontal',
        x: terms('kafka.topic', 'Topic', { orderedBy: 'bytes' }),
        metrics: { bytes: sum('kops.bytes', 'Bytes') },
      },
      prefix,
    ),
  ];
}

function clusters(prefix: CatalogPrefix) {
  return tablePanel(
    { name: 'archives-clusters', title: 'Clusters', of: 'archives' },
    {
      cluster: terms('kops.cluster', 'Cluster', { orderedBy: 'archives', size: 100 }),
      archives: count('Archives'),
      newest: latest(timeField, 'Newest'),
      topics: max('kops.topic_count', 'Topics, at most'),
      partitions: max('kops.partition_count', 'Partitions, at most'),
      lost: sum('kops.lost_offsets', 'Offsets lost'),
    },
    prefix,
  );
}

/** How many archives there are, what they hold, whether they are complete. */
export function backupDashboard(prefix: CatalogPrefix): DashboardContent {
  return {
    name: 'backups',
    title: 'Backup overview',
    description: 'Archives and segments: how many, how large, how fast, and whether complete.',
    from: 'now-30d',
    rows: [
      { height: 6, panels: totals(prefix) },
      { height: 12, panels: charts(prefix) },
      { height: 12, panels: topics(prefix) },
      { height: 9, panels: [clusters(prefix)] },
      { height: 15, panels: [savedSearch('archives', prefix)] },
    ],
  };
}
