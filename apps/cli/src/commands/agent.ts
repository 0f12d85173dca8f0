import { hostname } from 'node:os';
import { runAgentApp } from '@kops/agent';
import { mapLimit, type Logger } from '@kops/core';
import { connectionOf, createLogger, secretsOf } from '@kops/service';
import { KopsCommand } from '../kops-command.ts';
import { archiverEndpoint } from '../settings/archiver-endpoint.ts';
import { becomeLean } from '../standing/lean-process.ts';
import { kopsVersion } from '../version.ts';

export default class Agent extends KopsCommand<typeof Agent, void> {
  static override summary =
    'Run an agent on the host of Kafka brokers. It connects to an archiver and stops on SIGTERM.';
  static override examples = ['<%= config.bin %> <%= command.id %> --config /etc/kops/agent.yaml'];

  readonly #logger = (): Logger =>
    createLogger({
      level: this.settings.logging.level,
      name: 'agent',
      secrets: secretsOf(this.loaded),
    });

  protected override readonly hangup = (): void =>
    this.#logger().info('SIGHUP is ignored; restart the agent to reload its configuration');

  override run(): Promise<void> {
    becomeLean();
    return super.run();
  }

  protected async execute(signal: AbortSignal): Promise<void> {
    const { agent, archiver, clusters } = this.settings;
    const connections = await mapLimit(
      Object.entries(clusters),
      1,
      async ([name, cluster]) => [name, await connectionOf(cluster)] as const,
    );
    await runAgentApp(
      {
        archiver: await archiverEndpoint(this.settings, agent.archiver ?? archiver.address),
        clusters: Object.fromEntries(connections),
        host: agent.host ?? hostname(),
        rack: agent.rack ?? '',
        brokerIds: agent.brokers ?? [],
        version: kopsVersion,
      },
      signal,
      this.#logger(),
    );
  }
}
