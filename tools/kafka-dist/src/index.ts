/**
 * Kafka by version on this machine: jars through Maven run by Java, or an image for a Docker engine.
 * Throwaway clusters that never outlive the process that started them.
 * @module
 */
export { cacheEntry, defaultCacheDir, exists, isAlive, type CacheEntryOptions } from './cache.ts';
export { clientPrincipal, type SandboxCertificates } from './certificates.ts';
export { type SaslUser } from './broker-properties.ts';
export {
  findDocker,
  runDocker,
  type DockerEngine,
  type FindDockerOptions,
} from './docker-engine.ts';
export { startDockerd, type DockerdOptions, type OwnDockerEngine } from './dockerd.ts';
export { spawnGuarded, type GuardOptions, type GuardedProcess } from './guarded-process.ts';
export { freePorts } from './free-ports.ts';
export { findJava, findOnPath, minimumJavaVersion, readJava, type JavaRuntime } from './java.ts';
export { compileJava, runJava, spawnJava, type JavaProgram } from './java-source.ts';
export { ensureKafkaImage, type KafkaImage, type KafkaImageOptions } from './kafka-image.ts';
export { KafkaCluster, type SandboxBroker } from './kafka-cluster.ts';
export {
  defaultKafkaVersion,
  ensureKafkaJars,
  type KafkaJars,
  type KafkaJarsOptions,
} from './kafka-jars.ts';
export {
  runKafkaTool,
  spawnKafkaTool,
  type JavaRunOptions,
  type JavaSpawnOptions,
} from './kafka-tool.ts';
export { lastLines, runProcess, type RunOptions, type RunResult } from './run-process.ts';
export { sandboxUnavailable } from './sandbox-error.ts';
export { startKafka, type KafkaOptions } from './start-kafka.ts';
export { printJson, runProgram, untilToldToEnd } from './stand.ts';
