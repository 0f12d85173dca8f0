import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The oldest Java that a Kafka 4 broker runs on. */
const NEEDED_VERSION = 17;

/** Programs to try: KOPS_JAVA (a program or a home) alone, else JAVA_HOME, then the PATH; the order of `@kops/kafka-dist`. */
function candidates(env) {
  const { KOPS_JAVA: named, JAVA_HOME: home, PATH: path = '' } = env;
  if (named) return [existsSync(join(named, 'bin', 'java')) ? join(named, 'bin', 'java') : named];
  const folders = [...(home ? [join(home, 'bin')] : []), ...path.split(delimiter).filter(Boolean)];
  return folders.map((folder) => join(folder, 'java')).filter((program) => existsSync(program));
}

/** What keeps a program from being a JDK that is new enough; undefined when nothing does. */
function problemOf(java) {
  const asked = spawnSync(java, ['-XshowSettings:properties', '-version'], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const text = `${asked.stdout ?? ''}${asked.stderr ?? ''}`;
  const version = /java\.specification\.version = (?:1\.)?(\d+)/.exec(text)?.[1];
  const home = /java\.home = (.+)/.exec(text)?.[1]?.trim();
  if (version === undefined || home === undefined) return `${java} does not answer like Java`;
  if (Number(version) < NEEDED_VERSION) return `${java} is Java ${version}`;
  return existsSync(join(home, 'bin', 'javac')) ? undefined : `${home} has no Java compiler`;
}

/**
 * Why tests on real brokers cannot run here, as one line; undefined when they can. Brokers, and the clients that check on kops, are Java
 * programs: a Docker engine alone does not do.
 */
export function lackOfJava(env = process.env) {
  const problems = [];
  for (const java of candidates(env)) {
    const problem = problemOf(java);
    if (problem === undefined) return undefined;
    problems.push(problem);
  }
  const found = problems.length === 0 ? 'no Java was found' : problems.join('; ');
  return (
    `tests on real brokers are skipped: they need a JDK of version ${NEEDED_VERSION} or later, even where there is Docker, and ${found}. ` +
    'Install one (Debian: openjdk-17-jdk-headless), or name it with KOPS_JAVA or JAVA_HOME.'
  );
}
