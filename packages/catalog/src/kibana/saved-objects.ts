import { KopsError } from '@kops/core';
import type { IndexKind } from '../indices/index-definition.ts';
import { defaultPrefix, isPrefix, type CatalogPrefix } from '../indices/index-names.ts';
import { dashboardObject, type DashboardContent } from './dashboard-object.ts';
import { backupDashboard } from './dashboards/backup-dashboard.ts';
import { drillDashboard } from './dashboards/drill-dashboard.ts';
import { eventDashboard } from './dashboards/event-dashboard.ts';
import { recordDashboard } from './dashboards/record-dashboard.ts';
import { dataView } from './data-views.ts';
import type { SavedObject } from './saved-object.ts';
import { savedSearches } from './saved-searches.ts';

const kinds: readonly IndexKind[] = ['archives', 'segments', 'drills', 'events', 'records'];

/** The dashboards of a catalog. */
function dashboardContents(prefix: CatalogPrefix): DashboardContent[] {
  return [
    backupDashboard(prefix),
    recordDashboard(prefix),
    drillDashboard(prefix),
    eventDashboard(prefix),
  ];
}

/**
 * Everything that Kibana shows of the catalog with this prefix: data views, saved searches, panels and dashboards; what is
 * referred to comes first. The same prefix gives the same objects with the same ids, so that importing them again replaces them.
 * @throws KOPS_CONFIG for a text that is no prefix of index names
 */
export function savedObjects(prefix: CatalogPrefix = defaultPrefix): SavedObject[] {
  if (!isPrefix(prefix)) {
    throw new KopsError('KOPS_CONFIG', `'${prefix}' is not a valid index name prefix`, {
      hint: 'Use at most 40 characters: lower-case letters, digits, _ and dots.',
    });
  }
  const dashboards = dashboardContents(prefix);
  const panels = dashboards.flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  return [
    ...kinds.map((kind) => dataView(kind, prefix)),
    ...savedSearches(prefix),
    ...panels.filter(({ type }) => type === 'lens'),
    ...dashboards.map((content) => dashboardObject(content, prefix)),
  ];
}
