import type { Config } from '@oclif/core';
import { vi } from 'vitest';
import { commands } from '../src/commands.ts';

/** How a command ended in this process. */
export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What oclif does with the class of a command. */
type Runnable = new (
  args: readonly string[],
  config: Config,
) => { id: string | undefined; _run(): Promise<unknown> };

const exitCode = (): number => Number(process.exitCode ?? 0);

/** Runs one command of kops in this process, as the command line does. For what needs no other process. */
export async function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandRun> {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text, ...rest: unknown[]) => {
      printed[stream] += String(text);
      const written = rest.find((argument) => typeof argument === 'function');
      written?.();
      return true;
    });
  for (const variable of Object.keys(process.env))
    if (variable.startsWith('KOPS_')) vi.stubEnv(variable, undefined);
  for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
  const Command = commands[name] as unknown as Runnable;
  const before = process.exitCode;
  process.exitCode = 0;
  const config = {
    bin: 'kops',
    topicSeparator: ' ',
    runHook: async () => ({ failures: [], successes: [] }),
    scopedEnvVarKey: (key: string) => `KOPS_${key}`,
  };
  try {
    const command = new Command(args, config as unknown as Config);
    command.id = name;
    await command._run();
    return { code: exitCode(), ...printed };
  } catch (thrown) {
    return { code: Number((thrown as { exit?: number }).exit), ...printed };
  } finally {
    process.exitCode = before;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
}
