import type { CatalogPrefix } from '../../indices/index-names.ts';
import type { DashboardContent } from '../dashboard-object.ts';
import { timeField } from '../data-views.ts';
import { count, latest, max, overTime, terms, uniqueCount } from '../lens-columns.ts';
import { chartPanel, donutPanel, metricPanel, tablePanel } from '../lens-object.ts';
import { savedSearch } from '../saved-searches.ts';

const failed = 'event.outcome:failure';

function totals(prefix: CatalogPrefix) {
  return [
    metricPanel({ name: 'events', title: 'Commands', of: 'events' }, count('Commands'), prefix),
    metricPanel(
      { name: 'events-failed', title: 'Failed', of: 'events', query: failed },
      count('Failed commands'),
      prefix,
    ),
    metricPanel(
      { name: 'events-users', title: 'People', of: 'events' },
      uniqueCount('user.name', 'People'),
      prefix,
    ),
    metricPanel(
      { name: 'events-longest', title: 'Longest', of: 'events' },
      max('event.duration', 'Longest'),
      prefix,
    ),
  ];
}

function charts(prefix: CatalogPrefix) {
  const started = overTime(timeField, 'Started', { withEmpty: true });
  const metrics = { commands: count('Commands') };
  return [
    chartPanel(
      { name: 'events-over-time', title: 'Commands by result', of: 'events' },
      {
        series: 'bar_stacked',
        x: started,
        split: terms('event.outcome', 'Result', { orderedBy: 'commands' }),
        metrics,
      },
      prefix,
    ),
    chartPanel(
      { name: 'events-actions', title: 'Commands', of: 'events' },
      {
        series: 'bar_horizontal',
        x: terms('event.action', 'Command', { orderedBy: 'commands' }),
        metrics,
      },
      prefix,
    ),
  ];
}

function failuresAndPeople(prefix: CatalogPrefix) {
  return [
    donutPanel(
      { name: 'events-reasons', title: 'Why commands failed', of: 'events', query: failed },
      {
        slices: terms('event.reason', 'Code', { orderedBy: 'metric' }),
        metric: count('Failed commands'),
      },
      prefix,
    ),
    tablePanel(
      { name: 'events-people', title: 'Who ran what', of: 'events' },
      {
        user: terms('user.name', 'User', { orderedBy: 'commands', size: 50 }),
        action: terms('event.action', 'Command', { orderedBy: 'commands', size: 20 }),
        commands: count('Times'),
        newest: latest(timeField, 'Newest'),
      },
      prefix,
    ),
  ];
}

/** The audit: who ran what, when, with which result. */
export function eventDashboard(prefix: CatalogPrefix): DashboardContent {
  return {
    name: 'events',
    title: 'Events',
    description: 'What was run, by whom, and how it ended.',
    from: 'now-30d',
    rows: [
      { height: 6, panels: totals(prefix) },
      { height: 12, panels: charts(prefix) },
      { height: 12, panels: failuresAndPeople(prefix) },
      { height: 15, panels: [savedSearch('events', prefix)] },
    ],
  };
}
