import type { CatalogPrefix } from '../indices/index-names.ts';
import { referenceTo, storedQuery, versioned, type SavedObject } from './saved-object.ts';

/** Panels side by side. Kibana's grid has 48 columns; a row of it is 20 pixels high. */
export interface DashboardRow {
  readonly height: number;
  /** They share the width equally. */
  readonly panels: readonly SavedObject[];
}

/** What a dashboard shows. */
export interface DashboardContent {
  /** Short name; the id is made of it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks when it is opened: `now-30d`. */
  readonly from: string;
  readonly rows: readonly DashboardRow[];
}

const gridColumns = 48;

/** Refreshes nothing until somebody switches it on. */
const refreshInterval = { pause: true, value: 60_000 };

const options = {
  useMargins: true,
  syncColors: true,
  syncCursor: true,
  syncTooltips: false,
  hidePanelTitles: false,
};

interface PlacedPanel {
  readonly object: SavedObject;
  readonly index: string;
  readonly gridData: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
}

function place(rows: readonly DashboardRow[]): PlacedPanel[] {
  const placed: PlacedPanel[] = [];
  let y = 0;
  for (const { height: h, panels } of rows) {
    const w = Math.floor(gridColumns / panels.length);
    for (const [at, object] of panels.entries())
      placed.push({
        object,
        index: `p${String(placed.length + 1)}`,
        gridData: { x: at * w, y, w, h },
      });
    y += h;
  }
  return placed;
}

/** A dashboard whose panels are saved objects of their own, so that they can be used in other dashboards too. */
export function dashboardObject(content: DashboardContent, prefix: CatalogPrefix): SavedObject {
  const placed = place(content.rows);
  const panels = placed.map(({ object, index, gridData }) => ({
    type: object.type,
    panelIndex: index,
    gridData: { ...gridData, i: index },
    embeddableConfig: {},
    panelRefName: `panel_${index}`,
  }));
  return versioned({
    type: 'dashboard',
    id: `${prefix}-dashboard-${content.name}`,
    attributes: {
      title: `[${prefix}] ${content.title}`,
      description: content.description,
      panelsJSON: JSON.stringify(panels),
      optionsJSON: JSON.stringify(options),
      timeRestore: true,
      timeFrom: content.from,
      timeTo: 'now',
      refreshInterval,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: storedQuery(''), filter: [] }),
      },
    },
    // The part before the colon is the panel that the reference belongs to.
    references: placed.map(({ object, index }) => referenceTo(object, `${index}:panel_${index}`)),
  });
}
