import { describe, expect, it } from 'vitest';
import type { BackupEvent } from '@kops/transport';
import { EventLog } from './event-log.ts';

const progress = {
  partitions: 1,
  partitionsDone: 0,
  offsets: 1n,
  offsetsDone: 0n,
  bytes: 0n,
  agents: 1,
  losses: 0,
};
const notice = (index: number): BackupEvent => ({
  type: 'notice',
  kind: 'other',
  text: String(index),
});

async function textsOf(events: AsyncIterable<BackupEvent>): Promise<string[]> {
  const texts: string[] = [];
  for await (const event of events) {
    if (event.type === 'notice') texts.push(event.text);
    else if (event.type !== 'progress') texts.push(event.type);
  }
  return texts;
}

describe('EventLog', () => {
  it('gives every watcher everything, also what was before, and ends with the last event', async () => {
    const log = new EventLog(() => progress);
    log.add(notice(1));
    const early = textsOf(log.watch());
    log.add(notice(2));
    await Promise.resolve();
    log.add(notice(3));
    log.add({ type: 'finished' });
    expect(await early).toEqual(['1', '2', '3', 'finished']);
    expect(await textsOf(log.watch())).toEqual(['1', '2', '3', 'finished']);
  });

  it('shows progress while nothing happens', async () => {
    const log = new EventLog(() => progress);
    const watch = log.watch();
    expect((await watch.next()).value).toEqual({ type: 'progress', ...progress });
    log.add(notice(1));
    expect((await watch.next()).value).toEqual(notice(1));
    await watch.return(undefined);
  });

  it('drops the oldest for a slow watcher, and shows none twice', async () => {
    const log = new EventLog(() => progress);
    log.add(notice(0));
    const watch = log.watch();
    expect((await watch.next()).value).toEqual(notice(0));
    for (let index = 1; index <= 25_000; index++) log.add(notice(index));
    log.add({ type: 'finished' });
    const texts = await textsOf(watch);
    expect(texts.at(-1)).toBe('finished');
    expect(texts).toHaveLength(10_000);
    expect(new Set(texts).size).toBe(10_000);
    expect(texts[0]).toBe('15002');
  });

  it('ends a watcher that goes away', async () => {
    const log = new EventLog(() => progress);
    const stop = new AbortController();
    const watch = log.watch(stop.signal);
    await watch.next();
    const next = watch.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
