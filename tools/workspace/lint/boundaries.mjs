/*
 * What may import what, for eslint.config.mjs. The picture is in CONTRIBUTING.md; each rule carries its reason.
 */

/** Per layer: the layers that it may import, and why no others. Nx has no message per constraint; the reason is for readers. */
const LAYERS = {
  core: [[], 'core is the vocabulary that everything shares: it depends on nothing'],
  codec: [
    ['core', 'codec'],
    'codecs turn bytes into values without any I/O, so that they can be tested on bytes alone',
  ],
  adapter: [
    ['core', 'codec'],
    'an adapter wraps one outside system; what needs two of them is composed above',
  ],
  repository: [
    ['core', 'codec', 'adapter'],
    'the one reading and committing path of archives serves all engines',
  ],
  engine: [
    ['core', 'codec', 'adapter', 'repository'],
    'engines do not import each other: what needs several is composed in the apps',
  ],
  service: [
    ['core'],
    'config, logging and endpoints of a process know nothing of what the process does',
  ],
  dist: [
    ['core', 'dist'],
    'it fetches and starts outside parts; drills ship it, so it must not pull in the product',
  ],
  app: [
    ['core', 'codec', 'adapter', 'repository', 'engine', 'service', 'app', 'dist'],
    'apps compose the layers; tools are for development and are not shipped',
  ],
};

const tagsOf = (names) => names.map((name) => `layer:${name}`);

function constraints(extra) {
  const layered = Object.entries(LAYERS).map(([name, [allowed]]) => ({
    sourceTag: `layer:${name}`,
    onlyDependOnLibsWithTags: tagsOf([...allowed, ...extra]),
  }));
  return [...layered, { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] }];
}

function boundaries(extra) {
  return {
    // The shared vitest settings lie in the root, which is no package.
    allow: [String.raw`^(\.\./)+vitest(\.int|\.nightly)?\.base\.ts$`],
    // Else one `await import()` of a package would forbid every static import of it.
    checkDynamicDependenciesExceptions: ['.*'],
    enforceBuildableLibDependency: false,
    banTransitiveDependencies: true,
    depConstraints: constraints(extra),
  };
}

/** Options of `@nx/enforce-module-boundaries`; it also reports cycles and relative imports across packages. */
export const layers = boundaries([]);

/** Tests may also use the tools: fixtures, damage corpus and the sandbox Kafka. */
export const testLayers = boundaries(['tool', 'dist']);

const deepImport = {
  regex: '^@kops/[^/]+/(src|dist)(/|$)',
  message: 'A package is its exports: an import of its files breaks when they move.',
};

/** Third-party packages that one place wraps: [pattern, folders that may import it, reason]. */
const CONFINED = [
  [
    '^kafkajs',
    ['packages/kafka/**'],
    'kafkajs is frozen since 2023: behind the port of @kops/kafka another client can take its place.',
  ],
  [
    '^@grpc/grpc-js',
    ['packages/transport/**', 'proto/**'],
    'gRPC is confined to @kops/transport, which turns statuses into KopsErrors.',
  ],
  [
    '^@kops/proto',
    ['packages/transport/**'],
    'Generated code ends at @kops/transport, so that the wire can change without the engines.',
  ],
  [
    '^@elastic/',
    ['packages/catalog/**', 'tools/bench/src/stages/bulk-helper.ts'],
    'The catalog is a projection that can be dropped: everything that needs Elasticsearch goes through @kops/catalog.',
  ],
  [
    '^(@kafkajs/confluent-schema-registry|protobufjs|avsc)',
    ['packages/schema-registry/**'],
    'Bytes of a schema registry become JSON in @kops/schema-registry, within limits; elsewhere they are bytes.',
  ],
  ['^testcontainers', ['apps/drill/**'], 'Only a drill starts containers.'],
  [
    '^pino',
    ['packages/service/**'],
    'Log lines have one shape and one list of redactions, in @kops/service; elsewhere take a Logger of @kops/core.',
  ],
  ['^yaml$', ['packages/service/**'], 'Configuration is parsed in one pass, in @kops/service.'],
  ['^@oclif/', ['apps/cli/**'], 'The command line is a view: what it does lives in the engines.'],
];

function restrictImports(exempt) {
  const patterns = CONFINED.filter((rule) => !exempt.includes(rule)).map(([regex, , message]) => ({
    regex,
    message,
  }));
  return ['error', { patterns: [deepImport, ...patterns] }];
}

function confinementBlocks() {
  const folders = [...new Set(CONFINED.flatMap(([, allowed]) => allowed))];
  return [
    {
      name: 'kops/confinement',
      files: ['**/*.{ts,js,mjs}'],
      rules: { 'no-restricted-imports': restrictImports([]) },
    },
    ...folders.map((folder) => ({
      name: `kops/confinement/${folder}`,
      files: [folder],
      rules: {
        'no-restricted-imports': restrictImports(
          CONFINED.filter(([, allowed]) => allowed.includes(folder)),
        ),
      },
    })),
  ];
}

/** Confinement of third-party packages, and no imports of other packages' files. */
export const confinement = confinementBlocks();

const CLOCK = 'Take a Clock of @kops/core: clocks are advisory, and tests set them.';
const forbidCall = (object, property, message) => ({
  selector: `CallExpression[callee.object.name="${object}"][callee.property.name="${property}"]`,
  message,
});

const codecs = ['packages/record-batch/src/**', 'packages/archive-format/src/**'];
const engines = ['capture', 'indexer', 'ingest', 'restore', 'verify', 'repository'].map(
  (name) => `packages/${name}/src/**`,
);
const IO_MODULES = [
  'fs',
  'fs/promises',
  'net',
  'http',
  'https',
  'tls',
  'dgram',
  'child_process',
  'worker_threads',
];

/** Codecs and engines have neither a clock, chance nor a console of their own; codecs no I/O either. */
export const purity = [
  {
    name: 'kops/purity',
    files: ['packages/core/src/**', ...codecs, ...engines],
    ignores: ['packages/core/src/clock.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        forbidCall('Date', 'now', CLOCK),
        forbidCall('performance', 'now', CLOCK),
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
        forbidCall(
          'Math',
          'random',
          'Have ids and jitter passed in: a failing run must be repeatable.',
        ),
      ],
    },
  },
  {
    name: 'kops/sans-io',
    files: codecs,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(node:)?(${IO_MODULES.join('|')})$`,
              message:
                'Codecs do no I/O: bytes come in as arguments, so that every damage can be tested.',
            },
          ],
        },
      ],
    },
  },
];
