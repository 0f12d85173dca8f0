import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mappingStart, mapOffsets, MappingWriter, readOffsetMapping } from './mapping-file.ts';
import { joinRuns, mapOffset, type MappingRun, type OffsetMapping } from './offset-mapping.ts';

/** Source offsets that have a record: ascending, with holes of any pattern. */
const offsets = fc
  .uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 150 })
  .map((list) => list.sort((a, b) => a - b));

function singleRuns(sources: readonly number[]): MappingRun[] {
  return sources.map((source, index) => ({
    sourceStart: BigInt(source),
    targetStart: BigInt(index),
    count: 1n,
  }));
}

function mappingOf(sources: readonly number[]): OffsetMapping {
  const runs: MappingRun[] = [];
  for (const run of singleRuns(sources)) {
    const joined = joinRuns(runs.at(-1), run);
    if (joined === undefined) runs.push(run);
    else runs[runs.length - 1] = joined;
  }
  return { runs, targetEnd: BigInt(sources.length) };
}

/** Where the first record at or after the offset went. */
function naive(sources: readonly number[], offset: number): bigint {
  const index = sources.findIndex((source) => source >= offset);
  return BigInt(index === -1 ? sources.length : index);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-mapping-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('an offset mapping', () => {
  it('gives the next record for any offset, whatever the holes', () => {
    fc.assert(
      fc.property(offsets, (sources) => {
        const mapping = mappingOf(sources);
        for (let offset = 0; offset <= 302; offset++)
          expect(mapOffset(mapping, BigInt(offset))).toBe(naive(sources, offset));
      }),
    );
  });

  it('needs one run where nothing is missing', () => {
    expect(mappingOf([4, 5, 6, 7]).runs).toEqual([{ sourceStart: 4n, targetStart: 0n, count: 4n }]);
    expect(
      joinRuns(
        { sourceStart: 0n, targetStart: 0n, count: 2n },
        { sourceStart: 2n, targetStart: 3n, count: 1n },
      ),
    ).toBeUndefined();
  });

  it('is the same from a file, also when its writing was interrupted anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(offsets, fc.nat(150), async (sources, interruptAt) => {
        const path = join(folder, 'mapping.csv');
        const runs = singleRuns(sources);
        let position = mappingStart;
        {
          await using writer = await MappingWriter.openAt(path, position);
          for (const [index, run] of runs.entries()) {
            if (index === interruptAt) position = writer.position;
            writer.append(run);
          }
          await writer.flush();
        }
        const kept = interruptAt < runs.length ? interruptAt : 0;
        {
          await using writer = await MappingWriter.openAt(path, position);
          for (const run of runs.slice(kept)) writer.append(run);
          await writer.finish(BigInt(sources.length));
        }
        expect(await readOffsetMapping(path)).toEqual(mappingOf(sources));
        const asked = Array.from({ length: 302 }, (_, offset) => offset);
        const mapped = await mapOffsets(path, asked.map(BigInt).reverse());
        expect(asked.map((offset) => mapped.get(BigInt(offset)))).toEqual(
          asked.map((offset) => naive(sources, offset)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is refused when it is unfinished, damaged, missing, or shorter than the state knows', async () => {
    const path = join(folder, 'bad.csv');
    {
      await using writer = await MappingWriter.openAt(path, mappingStart);
      for (const run of singleRuns([1, 3, 5])) writer.append(run);
      await writer.finish(3n);
    }
    const whole = await readFile(path, 'utf8');
    expect(whole).toBe('source,target,count\n1,0,1\n3,1,1\n5,2,1\nend,3\n');
    const { length } = whole;
    await truncate(path, length - 6);
    await expect(readOffsetMapping(path)).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
    await expect(mapOffsets(path, [9n])).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
    await expect(MappingWriter.openAt(path, { bytes: length, open: null })).rejects.toMatchObject({
      code: 'KOPS_OBJECT_CORRUPT',
    });
    await writeFile(path, whole.replace('3,1,1', '3,1'));
    await expect(readOffsetMapping(path)).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
    await expect(readOffsetMapping(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'KOPS_OBJECT_NOT_FOUND',
    });
  });
});
