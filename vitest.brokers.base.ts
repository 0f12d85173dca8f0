import { lackOfJava } from './tools/workspace/java.mjs';

/** Settings of tests on real brokers: where these cannot run, every test is reported as skipped, and no hook runs. */
export function brokerTests(): { testNamePattern?: RegExp } {
  const lack = lackOfJava();
  if (lack === undefined) return {};
  console.error(lack);
  // Fits no name.
  return { testNamePattern: /(?!)/ };
}
