/** A record's time for people. Timestamps of records may be any 64 bits, dates may not. */
export function describeTime(timestamp: bigint): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? `${String(timestamp)} ms` : date.toISOString();
}
