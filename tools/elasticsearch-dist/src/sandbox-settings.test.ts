import { describe, expect, it } from 'vitest';
import { createArguments } from './docker-runtime.ts';
import { formatJvmOptions, formatSettings, sandboxSettings } from './sandbox-settings.ts';

const choice = {
  security: false,
  threadPoolWriteQueueSize: undefined,
  hasGeoip: false,
  settings: {},
};

describe('sandboxSettings', () => {
  it('name no module that a build lacks, and no queue unless asked for', () => {
    const plain = sandboxSettings(choice);
    expect(plain).toMatchObject({
      'discovery.type': 'single-node',
      'cluster.routing.allocation.disk.threshold_enabled': false,
      'xpack.security.enabled': false,
    });
    expect(Object.keys(plain)).not.toContain('ingest.geoip.downloader.enabled');
    expect(Object.keys(plain)).not.toContain('thread_pool.write.queue_size');
    expect(
      sandboxSettings({ ...choice, hasGeoip: true, threadPoolWriteQueueSize: 3 }),
    ).toMatchObject({
      'ingest.geoip.downloader.enabled': false,
      'thread_pool.write.queue_size': 3,
    });
  });

  it('give way to what the user says', () => {
    const settings = { 'xpack.ml.enabled': true, 'thread_pool.write.queue_size': 7 };
    expect(sandboxSettings({ ...choice, threadPoolWriteQueueSize: 3, settings })).toMatchObject(
      settings,
    );
  });
});

it('formatSettings quotes what YAML would read as something else', () => {
  expect(formatSettings({ a: 'no: #yes "x"', b: false, c: 12 })).toBe(
    'a: "no: #yes \\"x\\""\nb: false\nc: 12\n',
  );
});

it('formatJvmOptions puts the options of the user last', () => {
  const lines = formatJvmOptions(300, ['-XX:+UseParallelGC']).trimEnd().split('\n');
  expect(lines.slice(0, 2)).toEqual(['-Xms300m', '-Xmx300m']);
  expect(lines.at(-1)).toBe('-XX:+UseParallelGC');
  expect(lines).toContain('-Djava.io.tmpdir=${ES_TMPDIR}');
});

describe('createArguments', () => {
  const plan = {
    host: '127.0.0.1',
    port: 19_201,
    password: undefined,
    heapMegabytes: 256,
    jvmArgs: ['-Dx=y'],
    threadPoolWriteQueueSize: 2,
    settings: { 'action.auto_create_index': 'a-*' },
    dataDirectory: '/data of mine',
    signal: undefined,
  };

  it('publish on the loopback interface alone and pass settings as variables', () => {
    const args = createArguments('image', 'name', plan, 1000);
    expect(args.slice(0, 9)).toEqual([
      ...['create', '--name', 'name', '--publish', '127.0.0.1:19201:9200'],
      ...['--user', '1000:0', '--volume', '/data of mine:/usr/share/elasticsearch/data'],
    ]);
    expect(args.at(-1)).toBe('image');
    expect(args).toContain('xpack.security.enabled=false');
    expect(args).toContain('action.auto_create_index=a-*');
    expect(args).toContain('thread_pool.write.queue_size=2');
    expect(args).toContain(
      'ES_JAVA_OPTS=-Xms256m -Xmx256m -XX:-AlwaysPreTouch -Des.queryable_built_in_roles_enabled=false -Dx=y',
    );
    expect(args.join(' ')).not.toContain('ELASTIC_PASSWORD');
  });

  it('hand over the password where security is asked for', () => {
    const args = createArguments('image', 'name', { ...plan, password: 'p' }, 1000);
    expect(args).toContain('ELASTIC_PASSWORD=p');
    expect(args).toContain('xpack.security.enabled=true');
  });
});
