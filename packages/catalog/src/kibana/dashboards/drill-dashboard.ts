import type { CatalogPrefix } from '../../indices/index-names.ts';
import type { DashboardContent } from '../dashboard-object.ts';
import { timeField } from '../data-views.ts';
import { average, count, latest, max, overTime, sum, terms } from '../lens-columns.ts';
import { chartPanel, metricPanel, tablePanel } from '../lens-object.ts';
import { savedSearch } from '../saved-searches.ts';

const drilled = (withEmpty: boolean) => overTime(timeField, 'Started', { withEmpty });

function totals(prefix: CatalogPrefix) {
  return [
    metricPanel({ name: 'drills', title: 'Drills', of: 'drills' }, count('Drills'), prefix),
    metricPanel(
      { name: 'drills-failed', title: 'Not ok', of: 'drills', query: 'event.outcome:failure' },
      count('Drills not ok'),
      prefix,
    ),
    metricPanel(
      { name: 'drills-rpo', title: 'Longest RPO', of: 'drills' },
      max('kops.drill.rpo_ms', 'Longest RPO'),
      prefix,
    ),
    metricPanel(
      { name: 'drills-rto', title: 'Longest RTO', of: 'drills' },
      max('kops.drill.rto_ms', 'Longest RTO'),
      prefix,
    ),
  ];
}

/** What was measured beside its objective. */
function objective(name: 'rpo' | 'rto', description: string, prefix: CatalogPrefix) {
  const title = name.toUpperCase();
  return chartPanel(
    {
      name: `drills-${name}-over-time`,
      title: `${title} and its objective`,
      description,
      of: 'drills',
    },
    {
      series: 'line',
      x: drilled(false),
      metrics: {
        measured: max(`kops.drill.${name}_ms`, title),
        objective: max(`kops.drill.${name}_objective_ms`, 'Objective'),
      },
    },
    prefix,
  );
}

function stages(prefix: CatalogPrefix) {
  return chartPanel(
    { name: 'drills-stages', title: 'Where the time goes', of: 'drills' },
    {
      series: 'bar_stacked',
      x: drilled(false),
      metrics: {
        sandbox: average('kops.drill.sandbox_ms', 'Sandbox'),
        restore: average('kops.drill.restore_ms', 'Restore'),
        compare: average('kops.drill.compare_ms', 'Compare'),
        selfTest: average('kops.drill.self_test_ms', 'Self test'),
      },
    },
    prefix,
  );
}

function results(prefix: CatalogPrefix) {
  return chartPanel(
    { name: 'drills-over-time', title: 'Drills by result', of: 'drills' },
    {
      series: 'bar_stacked',
      x: drilled(true),
      split: terms('kops.drill.status', 'Result', { orderedBy: 'drills' }),
      metrics: { drills: count('Drills') },
    },
    prefix,
  );
}

function clusters(prefix: CatalogPrefix) {
  return tablePanel(
    { name: 'drills-clusters', title: 'Clusters', of: 'drills' },
    {
      cluster: terms('kops.cluster', 'Cluster', { orderedBy: 'drills', size: 100 }),
      drills: count('Drills'),
      newest: latest(timeField, 'Newest'),
      records: sum('kops.drill.records', 'Records compared'),
      errors: sum('kops.drill.errors', 'Differences'),
      rpo: max('kops.drill.rpo_ms', 'Longest RPO'),
      rto: max('kops.drill.rto_ms', 'Longest RTO'),
    },
    prefix,
  );
}

/** Whether archives can be recovered, and how long it takes, against the objectives. */
export function drillDashboard(prefix: CatalogPrefix): DashboardContent {
  return {
    name: 'drills',
    title: 'Drills: RPO and RTO',
    description: 'Restores that were rehearsed: result, recovery point and recovery time.',
    from: 'now-90d',
    rows: [
      { height: 6, panels: totals(prefix) },
      {
        height: 12,
        panels: [
          objective('rpo', 'Age of what the archive lacks, at most.', prefix),
          objective('rto', 'From the start of the restore to readable topics.', prefix),
        ],
      },
      { height: 12, panels: [results(prefix), stages(prefix)] },
      { height: 9, panels: [clusters(prefix)] },
      { height: 15, panels: [savedSearch('drills', prefix)] },
    ],
  };
}
