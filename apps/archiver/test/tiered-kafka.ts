import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileJava, ensureKafkaJars, startKafka, type KafkaCluster } from '@kops/kafka-dist';
import { kafkaAdmin } from '@kops/testkit';

const source = fileURLToPath(new URL('./tiered/FolderStorage.java', import.meta.url));

/** How long the broker gives a read of the remote store before it answers without data. */
const remoteFetchMaxWaitMs = 200;

/** A broker whose remote store is a folder, which can be made too slow for it. */
export class TieredKafka implements AsyncDisposable {
  readonly cluster: KafkaCluster;
  readonly #folder: string;

  private constructor(cluster: KafkaCluster, folder: string) {
    this.cluster = cluster;
    this.#folder = folder;
  }

  static async start(): Promise<TieredKafka> {
    const classes = await compileJava(await ensureKafkaJars(), source);
    const folder = await mkdtemp(join(tmpdir(), 'kops-tiered-'));
    const cluster = await startKafka({
      extraClassPath: [classes],
      config: {
        'remote.log.storage.system.enable': 'true',
        'remote.log.storage.manager.class.name': 'FolderStorage',
        'rsm.config.folder': folder,
        'remote.log.metadata.manager.listener.name': 'PLAINTEXT',
        'rlmm.config.remote.log.metadata.topic.replication.factor': '1',
        'rlmm.config.remote.log.metadata.topic.num.partitions': '1',
        'rlmm.config.remote.log.metadata.initialization.retry.interval.ms': '100',
        'remote.log.manager.task.interval.ms': '300',
        'remote.fetch.max.wait.ms': String(remoteFetchMaxWaitMs),
        'log.initial.task.delay.ms': '300',
        'log.retention.check.interval.ms': '300',
      },
    });
    return new TieredKafka(cluster, folder);
  }

  /** Creates a topic that keeps nothing but its active segment on the broker. */
  async createTiered(topic: string, partitions: number): Promise<void> {
    await kafkaAdmin(this.cluster).createTopic({
      topic,
      partitions,
      configs: {
        'remote.storage.enable': 'true',
        'segment.bytes': String(1024 * 1024),
        'local.retention.bytes': '1',
      },
    });
  }

  /** The first offsets of the segments that lie on the broker. */
  async localSegments(topic: string, partition: number): Promise<bigint[]> {
    const names = await readdir(join(this.cluster.logDirOf(1), `${topic}-${String(partition)}`));
    return names
      .filter((name) => name.endsWith('.log'))
      .map((name) => BigInt(name.slice(0, -'.log'.length)))
      .sort((a, b) => Number(a - b));
  }

  async remoteSegments(): Promise<number> {
    return (await readdir(this.#folder)).filter((name) => name.endsWith('.LOG')).length;
  }

  /** From now on the given number of reads of each remote segment from an offset on come too late for the broker. */
  async slowDown(reads: number, from = 0n): Promise<void> {
    await rm(join(this.#folder, 'slow-reads'), { force: true });
    const slow = [remoteFetchMaxWaitMs * 5, reads, from];
    await writeFile(join(this.#folder, 'slow'), slow.map(String).join(' '));
  }

  async recover(): Promise<void> {
    await rm(join(this.#folder, 'slow'), { force: true });
  }

  /** How many reads were slow since {@link slowDown}. */
  async slowReads(): Promise<number> {
    return (await readFile(join(this.#folder, 'slow-reads'))).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
