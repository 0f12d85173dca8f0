import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as format from '../src/index.ts';
import { sampleCommit, sampleList, sampleManifest, sampleRepository } from './sample.ts';

/* Files of testdata/v1 are what releases have written or met. They are never changed; a new case gets a new name. */

const read = (name: string): Uint8Array =>
  readFileSync(new URL(`../testdata/v1/${name}.json`, import.meta.url));

const documents = {
  manifest: {
    decode: format.decodeManifest,
    encode: format.encodeManifest as (value: never) => Uint8Array,
    sample: sampleManifest,
  },
  'segment-list': {
    decode: format.decodeSegmentList,
    encode: format.encodeSegmentList as (value: never) => Uint8Array,
    sample: sampleList,
  },
  commit: {
    decode: format.decodeCommit,
    encode: format.encodeCommit as (value: never) => Uint8Array,
    sample: sampleCommit,
  },
  repository: {
    decode: format.decodeRepositoryInfo,
    encode: format.encodeRepositoryInfo as (value: never) => Uint8Array,
    sample: sampleRepository,
  },
};

const damaged: Record<string, RegExp> = {
  'manifest/truncated': /not valid JSON/,
  'manifest/bad-sha': /\$\.topics\[0\]\.partitions\[0\]\.list/,
  'manifest/missing-field': /\$\.topics\[0\]\.partitions\[0\]\.cut/,
  'manifest/too-deep': /nested 41 deep/,
  'segment-list/truncated': /not valid JSON/,
  'segment-list/bad-sha': /\$\.segments\[1\]\.plaintextSha256/,
  'segment-list/offset-as-number': /\$\.segments\[0\]\.slice\.end/,
  'segment-list/offset-beyond-64-bits': /\$\.segments\[0\]\.index\[1\]\[0\]/,
  'commit/truncated': /not valid JSON/,
  'commit/version-as-text': /\$\.version/,
  'commit/other-archive': /does not match its own checksum/,
  'repository/truncated': /not valid JSON/,
  'repository/not-utf-8': /not valid JSON in UTF-8/,
  'repository/other-id': /does not match its own checksum/,
  'repository/other-white-space': /does not match its own checksum/,
  'repository/version-flipped': /does not match its own checksum/,
  'repository/no-checksum': /has no checksum/,
};

describe.each(Object.entries(documents))('%s', (kind, { decode, encode, sample }) => {
  it('reads and writes ok.json byte for byte', () => {
    const bytes = read(`${kind}/ok`);
    expect(decode(bytes)).toEqual(sample);
    expect(Buffer.from(encode(sample as never)).equals(bytes)).toBe(true);
  });

  it('keeps fields of later minor versions', () => {
    const bytes = read(`${kind}/unknown-minor-field`);
    expect(Buffer.from(encode(decode(bytes) as never)).equals(bytes)).toBe(true);
    expect(decode(bytes)).not.toEqual(sample);
  });

  it('refuses a later major version by name', () => {
    const attempt = (): unknown => decode(read(`${kind}/newer-major`), { object: 'x' });
    expect(attempt).toThrow(/format version 2; this release supports 1/);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'KOPS_FORMAT_UNSUPPORTED',
        hint: expect.stringMatching(/Upgrade kops/) as string,
      }),
    );
  });

  const cases = Object.entries(damaged).filter(([name]) => name.startsWith(`${kind}/`));
  it.each(cases)('names what is wrong with %s', (name, problem) => {
    expect(() => decode(read(name), { archive: 'a' })).toThrow(problem);
    expect(() => decode(read(name), { archive: 'a' })).toThrow(
      expect.objectContaining({ code: 'KOPS_MANIFEST_INVALID', at: { archive: 'a' } }),
    );
  });

  it('has every file of its folder in a test', () => {
    const files = readdirSync(new URL(`../testdata/v1/${kind}`, import.meta.url)).map((file) =>
      file.replace('.json', ''),
    );
    const tested = [
      ...cases.map(([name]) => name.slice(kind.length + 1)),
      'ok',
      'unknown-minor-field',
      'newer-major',
    ];
    expect(files.sort()).toEqual(tested.sort());
  });
});

describe('limits', () => {
  it('refuses a document above its size before parsing it', () => {
    const bytes = Buffer.concat([
      read('repository/ok'),
      Buffer.alloc(format.documentLimits.repository, ' '),
    ]);
    expect(() => format.decodeRepositoryInfo(bytes)).toThrow(/the limit is 65536/);
  });

  it('does not count brackets inside of strings', () => {
    const deep = { ...sampleRepository, note: `"\\${'['.repeat(100)}` };
    expect(format.decodeRepositoryInfo(format.encodeRepositoryInfo(deep))).toEqual(deep);
  });
});
