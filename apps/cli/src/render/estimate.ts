import { formatCount } from '@kops/core';
import { formatBytes, formatDuration } from '@kops/service';
import type { CopyEstimate, Estimate } from '../estimate/estimate.ts';
import { coloured } from '../output/colour.ts';
import { formatPairs, formatTable, type Column } from '../output/table.ts';

const maxTopics = 30;
const right = 'right' as const;
const columns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITIONS', align: right },
  { title: 'OFFSETS', align: right },
  { title: 'SIZE', align: right },
];

/** An estimate as lines: volume, size, time, space, and the largest topics. */
export function renderEstimate(estimate: Estimate): string[] {
  const { partitions, copies, partitionCopies } = estimate;
  return [
    ...formatPairs([
      [
        'Volume',
        `${formatCount(partitions)} partitions x ${formatCount(copies)} ${copies === 1 ? 'copy' : 'copies'} = ${formatCount(partitionCopies)} partition copies`,
      ],
      ...sizePairs(estimate),
      ...timePairs(estimate),
      ...estimate.places.map((place): [string, string] => ['Repository', placeText(place)]),
    ]),
    ...verdict(estimate),
    ...topicLines(estimate),
  ];
}

function sizePairs({
  offsets,
  bytes,
  totalBytes,
  newBytes,
  bytesPerOffset,
  sampledBytes,
  copies,
}: Estimate): [string, string][] {
  const pairs: [string, string][] = [];
  if (offsets !== null) pairs.push(['Offsets', `${formatCount(offsets)}, at most as many records`]);
  if (bytes === null || totalBytes === null || newBytes === null) return pairs;
  const about = offsets === null ? '' : 'about ';
  const sampled =
    bytesPerOffset === null
      ? ''
      : ` (${formatBytes(bytesPerOffset)} a record, from a sample of ${formatBytes(sampledBytes)})`;
  pairs.push(['Size', `${about}${formatBytes(bytes)} a copy${sampled}`]);
  if (copies > 1) pairs.push(['All copies', `${about}${formatBytes(totalBytes)}`]);
  if (newBytes !== totalBytes)
    pairs.push(['To store', `${about}${formatBytes(newBytes)}: the rest is already archived`]);
  return pairs;
}

function timePairs({ rate, durationMs, offsets, bytes }: Estimate): [string, string][] {
  if (bytes === null) return [];
  if (rate === null || durationMs === null) {
    return [
      ['Time', offsets === null ? 'use --rate' : 'too little data to measure a rate: use --rate'],
    ];
  }
  const how =
    rate.from === 'given'
      ? 'as given'
      : 'measured with a short read (at most 200 MiB/s); the disk of the repository may be slower';
  return [
    [
      'Time',
      `about ${formatDuration(durationMs)} at ${formatBytes(rate.bytesPerSecond)}/s, ${how}`,
    ],
  ];
}

function placeText({
  repository,
  archivedOffsets,
  newBytes,
  freeBytes,
  fits,
}: CopyEstimate): string {
  const free = freeBytes === null ? 'free space unknown' : `${formatBytes(freeBytes)} free`;
  const verdict = fits === null ? '' : fits ? ': fits' : `: ${coloured('failure', 'DOES NOT FIT')}`;
  const archived =
    archivedOffsets === 0n ? '' : `, ${formatCount(archivedOffsets)} offsets already archived`;
  return `${repository}: needs ${formatBytes(newBytes)} with ${free}${archived}${verdict}`;
}

function verdict({ fits }: Estimate): string[] {
  if (fits === null) return [];
  return [
    '',
    fits
      ? 'It fits, with a reserve of 10 %.'
      : 'It does not fit with a reserve of 10 %: add space, or select fewer topics.',
  ];
}

function topicLines({ topics }: Estimate): string[] {
  if (topics.length === 0) return [];
  const rows = topics
    .slice(0, maxTopics)
    .map(({ topic, partitions, offsets, bytes }) => [
      topic,
      formatCount(partitions),
      formatCount(offsets),
      `~${formatBytes(bytes)}`,
    ]);
  const rest = topics.length - rows.length;
  return [
    '',
    ...formatTable(columns, rows),
    ...(rest > 0 ? [`… and ${String(rest)} smaller topics: see --json`] : []),
  ];
}
