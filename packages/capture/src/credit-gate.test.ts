import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { CreditGate } from './credit-gate.ts';

describe('CreditGate', () => {
  it('lets through what is granted, and waits for more', async () => {
    const gate = new CreditGate(new AbortController().signal);
    gate.grant(10);
    await gate.take(4);
    await gate.take(6);
    let isThrough = false;
    const waiting = gate.take(5).then(() => (isThrough = true));
    gate.grant(4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isThrough).toBe(false);
    gate.grant(1);
    await waiting;
    expect(isThrough).toBe(true);
  });

  it('lets nobody through after an abort, also not with credit', async () => {
    const stop = new AbortController();
    const gate = new CreditGate(stop.signal);
    const waiting = gate.take(1);
    stop.abort(new KopsError('KOPS_INTERRUPTED', 'the assignment was revoked'));
    await expect(waiting).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
    gate.grant(10);
    await expect(gate.take(1)).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
  });
});
