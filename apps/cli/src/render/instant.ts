/** `2026-03-01 12:30:05 UTC` for an ISO 8601 text; whatever else it is, as it is. */
export function formatInstant(iso: string): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms)
    ? iso
    : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
