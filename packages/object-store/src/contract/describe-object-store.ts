import { afterEach, beforeEach, describe, it } from 'vitest';
import type { ObjectStore } from '../port.ts';
import type { ContractCase } from './contract-case.ts';
import { listCases } from './list-cases.ts';
import { rangeCases } from './range-cases.ts';
import { wholeObjectCases } from './whole-object-cases.ts';
import { writerCases } from './writer-cases.ts';

/** An empty store for one case. */
export interface StoreFixture {
  readonly store: ObjectStore;
  /** Removes what the case left. */
  readonly dispose?: () => Promise<void>;
}

/** Every case of the contract. */
export const contractCases: readonly ContractCase[] = [
  ...wholeObjectCases,
  ...rangeCases,
  ...writerCases,
  ...listCases,
];

/**
 * Declares the vitest suite that every object store must pass.
 * @param factory - Called before each case: makes an empty store.
 */
export function describeObjectStore(name: string, factory: () => Promise<StoreFixture>): void {
  describe(`object store contract: ${name}`, () => {
    let fixture: StoreFixture;
    beforeEach(async () => {
      fixture = await factory();
    });
    afterEach(async () => {
      await fixture.store.close();
      await fixture.dispose?.();
    });
    for (const contractCase of contractCases) {
      it(contractCase.name, () => contractCase.run(fixture.store));
    }
  });
}
