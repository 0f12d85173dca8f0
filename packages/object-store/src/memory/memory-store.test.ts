import { describeObjectStore } from '../contract/index.ts';
import { createMemoryStore } from './index.ts';

describeObjectStore('memory', () => Promise.resolve({ store: createMemoryStore() }));

describeObjectStore('memory without durable appends', () =>
  Promise.resolve({ store: createMemoryStore({ durableAppend: false }) }),
);
