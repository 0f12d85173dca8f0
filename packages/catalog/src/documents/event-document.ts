import { defined, eventSpan, parseTime, type CatalogDocument } from './catalog-document.ts';
import { makeFlattenable } from './flattenable.ts';

/** What somebody ran: an entry of the audit. */
export interface CatalogEvent {
  /** Unique; writing the event again replaces it. */
  readonly id: string;
  /** What was done, as the command says it: `backup`, `archives prune`. */
  readonly action: string;
  readonly outcome: 'success' | 'failure' | 'unknown';
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Who, and on which host. */
  readonly user?: string;
  readonly host?: string;
  readonly exitCode?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** One sentence for people. */
  readonly message?: string;
  readonly archive?: string;
  readonly cluster?: string;
  readonly repository?: string;
  readonly kopsVersion?: string;
  /** Whatever else the action has to say. Give nothing that is secret: it is searched and shown. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Actions that change nothing outside of kops. */
const readingActions = new Set(['verify', 'search', 'grep', 'cat', 'export', 'estimate', 'doctor']);

const messageCharacters = 10_000;

/** The document of an event, by ECS: `event.*`, `user.name`, `host.name`, `process.exit_code`, `error.*`. */
export function eventDocument(event: CatalogEvent): CatalogDocument {
  const { error, details } = event;
  const text = (value: string | undefined) => value?.slice(0, messageCharacters).toWellFormed();
  return {
    kind: 'events',
    id: event.id,
    fields: defined({
      '@timestamp': parseTime(event.startedAt),
      message: text(event.message),
      event: defined({
        ...eventSpan(event.startedAt, event.endedAt),
        id: event.id,
        kind: 'event',
        category: 'database',
        type: readingActions.has(event.action) ? 'access' : 'change',
        action: event.action,
        outcome: event.outcome,
        reason: error?.code,
      }),
      user: event.user === undefined ? undefined : { name: event.user },
      host: event.host === undefined ? undefined : { name: event.host },
      process: event.exitCode === undefined ? undefined : { exit_code: event.exitCode },
      error: error === undefined ? undefined : { code: error.code, message: text(error.message) },
      kops: defined({
        archive: event.archive,
        cluster: event.cluster,
        repository: event.repository,
        version: event.kopsVersion,
        details: details === undefined ? undefined : makeFlattenable(plain(details)).value,
      }),
    }),
  };
}

/** Details as JSON has them; offsets become decimal strings. */
function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const json = JSON.stringify(details, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return JSON.parse(json) as Readonly<Record<string, unknown>>;
}
