import { Flags } from '@oclif/core';
import { archiverCheck } from '../doctor/archiver-check.ts';
import { doctorExitCode, skipped, type CheckResult } from '../doctor/check.ts';
import { drillCheck } from '../doctor/drill-check.ts';
import { kafkaChecks } from '../doctor/kafka-checks.ts';
import { copyChecks } from '../doctor/repository-checks.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { renderCheck, renderVerdict } from '../render/doctor.ts';
import { archiverEndpoint } from '../settings/archiver-endpoint.ts';
import { kafkaOptions } from '../settings/connection-settings.ts';
import { bootstrapServer, repositories } from '../settings/flags.ts';

interface DoctorResult {
  readonly checks: readonly CheckResult[];
}

export default class Doctor extends KopsCommand<typeof Doctor, DoctorResult> {
  static override summary =
    'Check what a backup depends on: brokers, permissions, repository, archiver, tools.';
  static override description =
    'Connects to every broker (not only the given one), compares request versions, finds partitions that cannot be read, checks each permission that a backup needs by reading, writes and deletes a small object in the repository, and checks what drills need. Changes nothing in Kafka. ' +
    'Each finding includes an instruction.\n\n' +
    'Exit codes: 0 all ok or warnings only, otherwise that of the first failed check: 2 usage or configuration, 10 not found, 12 repository of a newer format or a directory with other files, 20 damaged repository, 30 unreachable, 31 denied, 32 no space.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --repository /backups/kafka',
    '<%= config.bin %> <%= command.id %> --config kops.yaml --json',
  ];
  static override flags = {
    'bootstrap-server': bootstrapServer,
    repository: repositories,
    archiver: Flags.string({ summary: 'Address of a running archiver.', helpValue: 'HOST:PORT' }),
  };

  protected override settingsOf(flags: FlagsOf<typeof Doctor>): Record<string, unknown> {
    return {
      'cluster.bootstrapServers': flags['bootstrap-server'],
      repository: flags.repository,
      'archiver.address': flags.archiver,
    };
  }

  protected async execute(signal: AbortSignal): Promise<DoctorResult> {
    const checks: CheckResult[] = [];
    for await (const result of this.#checks(signal)) {
      checks.push(result);
      // At once: some checks take seconds.
      this.print(renderCheck(result));
    }
    this.print(['', renderVerdict(checks)]);
    this.endWith(doctorExitCode(checks));
    return { checks };
  }

  async *#checks(signal: AbortSignal): AsyncGenerator<CheckResult> {
    const { cluster, repository = [], archiver } = this.settings;
    const kafka =
      cluster === undefined
        ? undefined
        : { ...(await kafkaOptions(this.settings)), logger: this.createLogger() };
    yield* kafkaChecks(kafka, signal);
    if (repository.length === 0)
      yield skipped('repository', 'not checked: use --repository DIRECTORY');
    yield* copyChecks(repository, signal);
    if (archiver.address !== undefined)
      yield await archiverCheck(() => archiverEndpoint(this.settings), signal);
    yield await drillCheck(signal);
  }
}
