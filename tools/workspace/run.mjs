#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { requireNode24, root } from './node-runtime.mjs';
import { runStep } from './step.mjs';
import { lackOfJava } from './java.mjs';
import { besideElasticsearch } from './shared-elasticsearch.mjs';
import { nxArgs, testStages } from './stages.mjs';
import { summarize } from './summary.mjs';
import { clearReports } from './test-reports.mjs';

/*
 * The workspace's commands: `npm run setup|demo|bench|nightly` and `npm test`.
 * Plain JavaScript without dependencies, for it starts on any Node from 20 on and before anything is installed.
 */

const SCRIPTS = { demo: 'tools/demo/src/main.ts', bench: 'tools/bench/src/main.ts' };

/** Installs, then generates code and builds, so that `npx kops` works from the root. */
async function setup() {
  await ensureInstalled();
  requireNode24();
  return runStep('build', 'nx', nxArgs('build'));
}

async function setupOrExit() {
  const build = await setup();
  if (build.code !== 0) process.exit(build.code);
}

/** Sources run as they are: Node 24 strips types, the condition resolves packages to their sources. */
async function runScript(command) {
  await setupOrExit();
  const script = SCRIPTS[command];
  if (!existsSync(join(root, script))) {
    console.error(`Error: ${script} does not exist`);
    return 1;
  }
  const args = ['--conditions=@kops/source', script, ...process.argv.slice(3)];
  return (await runStep(command, 'node', args)).code;
}

/** All stages run, whatever fails: one run shows everything that is wrong. Only a failed build ends it at once. */
async function test() {
  const build = await setup();
  const steps = [build];
  const stages = build.code === 0 ? testStages(process.env.KOPS_TEST_ONLY) : [];
  const lack = stages.some(({ suite }) => suite === 'int') ? lackOfJava() : undefined;
  clearReports();
  for (const stage of stages) {
    const run = () => runStep(stage.name, stage.command, stage.args);
    const step = await (stage.suite === 'int' ? besideElasticsearch(run) : run());
    steps.push({ ...step, suite: stage.suite });
  }
  return summarize(steps, lack);
}

async function nightly() {
  await setupOrExit();
  clearReports();
  const step = await besideElasticsearch(() => runStep('nightly', 'nx', nxArgs('nightly', 1)));
  return summarize([{ ...step, suite: 'nightly' }], lackOfJava());
}

const commands = {
  setup: async () => (await setup()).code,
  demo: () => runScript('demo'),
  bench: () => runScript('bench'),
  test,
  nightly,
};

const command = commands[process.argv[2]];
if (!command) {
  console.error(`Usage: node tools/workspace/run.mjs ${Object.keys(commands).join('|')}`);
  process.exit(2);
}
process.exitCode = await command();
