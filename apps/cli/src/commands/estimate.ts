import { Flags } from '@oclif/core';
import { KopsError, mapLimit } from '@kops/core';
import { copyPlace, type LiveCluster } from '../estimate/copy-places.ts';
import {
  estimateCluster,
  estimateNumbers,
  type CopyPlace,
  type Estimate,
  type Rate,
} from '../estimate/estimate.ts';
import { measureRate } from '../estimate/measure-rate.ts';
import { chooseTopics, locatePartitions, samplePartitions } from '../estimate/sample-cluster.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { renderEstimate } from '../render/estimate.ts';
import { openKafka } from '../settings/connections.ts';
import { bootstrapServer, exclude, repositories, topics } from '../settings/flags.ts';
import { rate, size } from '../settings/value-flags.ts';

const noSpaceExit = 32;

export default class EstimateCommand extends KopsCommand<typeof EstimateCommand, Estimate> {
  static override summary =
    'Estimate the volume, size and duration of a backup, and whether it fits.';
  static override description =
    'The volume is partitions times copies. Offsets come from the brokers, bytes are estimated from a sample of the partitions, and data that is already in the repositories is subtracted. Without a cluster, the estimate uses the given numbers. Writes nothing. ' +
    'A partition that must be captured again from its start (a compacted topic, a truncated log) may need more.\n\n' +
    'Exit codes: 0 it fits or the free space is unknown, 2 usage, 10 topic not found, 30 unreachable, 31 denied, 32 it does not fit.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --repository /backups/kafka',
    "<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --topics 'orders,payments-*' --rate 200MiB/s --json",
    '<%= config.bin %> <%= command.id %> --partitions 5 --copies 1 --size 100GiB --rate 200MiB/s',
  ];
  static override flags = {
    'bootstrap-server': bootstrapServer,
    repository: repositories,
    topics,
    exclude,
    copies: Flags.integer({
      min: 1,
      summary: 'Number of copies. Default: the number of repositories, or 1.',
      helpValue: 'N',
    }),
    partitions: Flags.integer({
      min: 1,
      summary: 'Number of partitions, instead of asking a cluster.',
      helpValue: 'N',
      exclusive: ['bootstrap-server', 'topics', 'exclude'],
    }),
    size: size({
      summary: 'With --partitions: bytes of one copy.',
      helpValue: 'SIZE',
      dependsOn: ['partitions'],
    }),
    rate: rate({
      summary: 'Throughput. Default: measured with a short read.',
      helpValue: 'SIZE/s',
    }),
  };

  protected override settingsOf(flags: FlagsOf<typeof EstimateCommand>): Record<string, unknown> {
    return {
      'cluster.bootstrapServers': flags['bootstrap-server'],
      repository: flags.repository,
      'backup.topics': flags.topics,
      'backup.exclude': flags.exclude,
    };
  }

  protected async execute(signal: AbortSignal): Promise<Estimate> {
    const { partitions } = this.flags;
    if (partitions === undefined && this.settings.cluster === undefined) {
      throw new KopsError('KOPS_USAGE', 'a cluster or --partitions is required', {
        hint: 'Use --bootstrap-server HOST:PORT, or --partitions N with --size and --rate.',
      });
    }
    const estimate =
      partitions === undefined
        ? await this.#fromCluster(signal)
        : await this.#fromNumbers(partitions);
    this.print(renderEstimate(estimate));
    if (estimate.fits === false) this.endWith(noSpaceExit);
    return estimate;
  }

  async #fromNumbers(partitions: number): Promise<Estimate> {
    const { size } = this.flags;
    const places = await this.#places();
    return estimateNumbers({
      partitions,
      copies: this.#copies,
      bytes: size === undefined ? null : BigInt(size),
      rate: this.#givenRate,
      places,
    });
  }

  async #fromCluster(signal: AbortSignal): Promise<Estimate> {
    const { topics = [], exclude = [] } = this.settings.backup;
    await using kafka = await openKafka(this.settings, this.createLogger());
    const chosen = await chooseTopics(kafka, topics, exclude);
    const { clusterId } = await kafka.describeCluster();
    const places = await this.#places({
      clusterId,
      topicIds: new Map(chosen.map(({ name, id }) => [name, id])),
    });
    const located = await locatePartitions(kafka, chosen);
    const partitions = await samplePartitions(kafka, located, signal);
    const rate = this.#givenRate ?? (await measureRate(kafka, located, signal));
    return estimateCluster({ partitions, copies: this.#copies, places, rate });
  }

  #places(cluster?: LiveCluster): Promise<CopyPlace[]> {
    return mapLimit(this.settings.repository ?? [], 1, (url) => copyPlace(url, cluster));
  }

  get #copies(): number {
    return this.flags.copies ?? Math.max(1, this.settings.repository?.length ?? 0);
  }

  get #givenRate(): Rate | null {
    const { rate } = this.flags;
    return rate === undefined ? null : { bytesPerSecond: rate, from: 'given' };
  }
}
