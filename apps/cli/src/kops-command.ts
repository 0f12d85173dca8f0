import { Command, Flags, type Interfaces } from '@oclif/core';
import { firstFailure, KopsError, toKopsError, type Logger } from '@kops/core';
import {
  createLogger,
  loadConfig,
  secretsOf,
  withStopSignal,
  type Config,
  type LoadedConfig,
} from '@kops/service';
import type { Archive } from '@kops/repository';
import { terminalView } from './output/terminal-view.ts';
import type { Done } from './catalog/record-event.ts';
import { fitHint } from './output/fit-hint.ts';
import { asUsageError } from './output/usage-error.ts';
import { toJson } from './output/json.ts';
import {
  absolutePlace,
  sameCommand,
  type Continuation,
  type GivenToken,
} from './output/same-command.ts';
import { refuseEmptyWindow } from './settings/windows.ts';
import { coloured } from './output/colour.ts';
import { fitLines } from './output/fit-text.ts';
import { writeNotice } from './output/notice.ts';
import { plainPaths } from './output/plain-paths.ts';
import { clearProgress } from './output/progress.ts';
import { ReportedFailure, reportFailure } from './output/report-failure.ts';

/** Flags of a command class, its own and the common ones. */
export type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<
  (typeof KopsCommand)['baseFlags'] & T['flags']
>;

/** What every command is built on: configuration, a stop signal, results as values, failures with their exit code. */
export abstract class KopsCommand<T extends typeof Command, R = unknown> extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    config: Flags.file({
      summary: 'Configuration file (YAML).',
      helpGroup: 'GLOBAL',
      helpValue: 'FILE',
      env: 'KOPS_CONFIG',
    }),
    'log-level': Flags.option({
      options: ['debug', 'info', 'warn', 'error'] as const,
      summary: 'Level of the log on stderr.',
      helpGroup: 'GLOBAL',
    })(),
  };

  protected flags!: FlagsOf<T>;
  protected loaded!: LoadedConfig;
  #archive: Archive | undefined;
  #given: readonly GivenToken[] = [];

  /** The command's work. What it returns is the `--json` result. */
  protected abstract execute(signal: AbortSignal): Promise<R>;

  /** Settings that flags of this command stand for, by path. */
  protected settingsOf(_flags: FlagsOf<T>): Readonly<Record<string, unknown>> {
    return {};
  }

  /** How long a stopped command may take to end well. */
  protected readonly graceMs: number = 30_000;

  /** What SIGHUP does: a command is stopped by it. */
  protected readonly hangup: 'stop' | (() => void) = 'stop';

  override async run(): Promise<R> {
    const { flags, raw } = await this.parse(
      this.ctor as unknown as Interfaces.Input<
        Interfaces.OutputFlags<T['flags']>,
        Interfaces.OutputFlags<T['baseFlags']>,
        Interfaces.OutputArgs<T['args']>
      >,
    );
    this.flags = flags as unknown as FlagsOf<T>;
    this.#given = raw;
    refuseEmptyWindow(this.flags);
    const base = this.flags as { config?: string; 'log-level'?: string };
    this.loaded = await loadConfig({
      env: process.env,
      file: base.config,
      flags: { 'logging.level': base['log-level'], ...this.settingsOf(this.flags) },
    });
    for (const warning of this.loaded.warnings)
      writeNotice(`${coloured('warning', 'Warning:', process.stderr)} ${warning}`);
    return withStopSignal((signal) => this.#audited(signal), {
      graceMs: this.graceMs,
      hangup: this.hangup,
    });
  }

  /** Commands that change something, or prove it, are written to the catalog's events where there is a catalog. */
  protected readonly isAudited: boolean = false;
  /** What the command was about, as far as it is known by now. */
  protected about: Pick<Done, 'archive' | 'cluster' | 'repository' | 'drill'> = {};

  async #audited(signal: AbortSignal): Promise<R> {
    const { node, cloudId } = this.settings.catalog.elasticsearch;
    if (!this.isAudited || (node === undefined && cloudId === undefined))
      return this.execute(signal);
    const startedAt = new Date();
    try {
      const result = await this.execute(signal);
      await this.#record({ startedAt, exitCode: Number(process.exitCode ?? 0) });
      return result;
    } catch (thrown) {
      const error = toKopsError(thrown);
      await this.#record({ startedAt, exitCode: error.exitCode, error });
      throw thrown;
    }
  }

  /** The command's own result counts, whether or not it can be written down. */
  async #record(done: Pick<Done, 'startedAt' | 'exitCode' | 'error'>): Promise<void> {
    const action = this.#name;
    try {
      const { recordEvent } = await import('./catalog/record-event.ts');
      await recordEvent(this.settings, { ...done, action, ...this.about });
    } catch (thrown) {
      writeNotice(
        `Cannot write the event of this ${action} to the catalog: ${toKopsError(thrown).message}.`,
      );
    }
  }

  protected get settings(): Config {
    return this.loaded.config;
  }

  /** Commands are quiet but for warnings, unless a level was asked for. */
  protected createLogger(): Logger {
    const asked = (this.flags as { 'log-level'?: 'debug' | 'info' | 'warn' | 'error' })[
      'log-level'
    ];
    return createLogger({ level: asked ?? 'warn', secrets: secretsOf(this.loaded) });
  }

  /** Writes result lines to stdout, except with `--json`. Local paths are shown as paths, unless the lines are a configuration. */
  protected print(lines: readonly string[], as: 'report' | 'configuration' = 'report'): void {
    if (this.jsonEnabled()) return;
    clearProgress();
    const text = lines.join('\n');
    process.stdout.write(
      `${as === 'report' ? fitLines(plainPaths(text), terminalView().columns) : text}\n`,
    );
  }

  /** Ends with an exit code although there is a result, e.g. for findings. */
  protected endWith(code: number): void {
    process.exitCode = code;
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${toJson(json)}\n`);
  }

  protected override async catch(thrown: Error): Promise<never> {
    const exit = (thrown as { oclif?: { exit?: number } }).oclif?.exit;
    if (exit === 0) throw thrown;
    const failure = asUsageError(firstFailure(thrown) as Error, {
      name: this.#name,
      flags: this.#flagNames,
    });
    const worded = KopsError.is(failure) ? this.worded(await this.#located(failure)) : failure;
    throw new ReportedFailure(reportFailure(worded, { json: this.jsonEnabled() }));
  }

  /** What a command reads, so that a topic that it lacks can be looked for in others. */
  protected reads(archive: Archive): Archive {
    this.#archive = archive;
    return archive;
  }

  /** A topic that the archive lacks, with the archive that has it. */
  async #located(error: KopsError): Promise<KopsError> {
    const archive = this.#archive;
    if (error.code !== 'KOPS_TOPIC_NOT_FOUND' || archive === undefined) return error;
    const { topic, topics } = this.flags as { topic?: string; topics?: string | readonly string[] };
    const asked: readonly unknown[] = [topic ?? [], topics ?? []].flat();
    if (!asked.includes(error.at.topic)) return error;
    try {
      const { nameHolder } = await import('./archives/name-holder.ts');
      return await nameHolder(error, archive);
    } catch {
      // The repository has become unreachable meanwhile: the failure itself matters more than advice on it.
      return error;
    }
  }

  /** As it is typed. */
  get #name(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  get #flagNames(): string[] {
    // A command without flags of its own has none before they are parsed.
    const flags: object | undefined = this.ctor.flags;
    return Object.keys({ ...this.ctor.baseFlags, ...flags, json: true, help: true });
  }

  /** A failure with its hint in the flags of this command. */
  protected worded(error: KopsError): KopsError {
    const continuation = error.code === 'KOPS_INTERRUPTED' ? this.continuation() : undefined;
    if (continuation === undefined) return fitHint(error, this.#flagNames, this.repositoryHere);
    const { text } = continuation;
    return new KopsError(error.code, error.message, {
      at: error.at,
      hint: `${text}:\n${sameCommand(this.#name, this.#given, this.#booleans, continuation)}`,
      cause: error.cause,
    });
  }

  /** How the command is continued after an interruption; undefined where its failure says that itself, or there is nothing to continue. */
  protected continuation(): Continuation | undefined {
    return undefined;
  }

  get #booleans(): ReadonlySet<string> {
    const all = { ...this.ctor.baseFlags, ...this.ctor.flags };
    const names = Object.entries(all).filter(([, { type }]) => type === 'boolean');
    return new Set(['json', ...names.map(([name]) => name)]);
  }

  /** The first repository, where this command reaches it by its place and not by a name that an archiver knows. */
  protected get repositoryHere(): string | undefined {
    // A command may fail before its settings are loaded.
    const config = (this.loaded as LoadedConfig | undefined)?.config;
    const [first] = config?.archiver.address === undefined ? (config?.repository ?? []) : [];
    return first === undefined ? undefined : absolutePlace(first);
  }

  /** A flag that must be there in the end, from wherever it comes. */
  protected required<V>(value: V | undefined, flag: string, setting: string): V {
    if (value !== undefined) return value;
    throw new KopsError('KOPS_USAGE', `${flag} is missing`, {
      hint: `Use ${flag}, or set ${setting} in the configuration.`,
    });
  }
}
