import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBatchView, crc32c, validateBatch } from './index.ts';
import { caseNames, readCase } from '../test/golden-cases.ts';
import { plainBatch } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

/** Changes a sound batch and gives it a CRC that fits, so that the check behind the CRC has to find it. */
function forged(change: (data: DataView) => void, batch = plainBatch(3, 5n)): RecordBatchView {
  const data = new DataView(batch.buffer);
  change(data);
  data.setUint32(17, crc32c(batch.subarray(21)));
  return new RecordBatchView(batch);
}

describe('validateBatch', () => {
  it('lets a forged batch pass that changed nothing', () => {
    expect(
      thrownBy(() => {
        validateBatch(forged(() => undefined));
      }),
    ).toBeUndefined();
  });

  it('finds any changed byte from the CRC field to the end', () => {
    const sound = caseNames('current').map((name) => readCase(name).bytes);
    fc.assert(
      fc.property(
        fc.constantFrom(...sound),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (batch, index, mask) => {
          const bytes = Uint8Array.from(batch);
          const position = 17 + (index % (bytes.byteLength - 17));
          bytes[position] = (bytes[position] ?? 0) ^ mask;
          const error = thrownBy(() => {
            validateBatch(new RecordBatchView(bytes));
          });
          expect(error).toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('finds every changed bit of a small batch from the CRC field to the end', () => {
    const { bytes } = readCase('control-commit');
    for (let bit = 17 * 8; bit < bytes.byteLength * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        thrownBy(() => {
          validateBatch(new RecordBatchView(changed));
        }),
      ).toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
    }
  });

  it('cannot see a changed base offset or leader epoch: the CRC does not cover them', () => {
    const batch = plainBatch(1);
    const data = new DataView(batch.buffer);
    data.setBigInt64(0, 77n);
    data.setInt32(12, 3);
    expect(
      thrownBy(() => {
        validateBatch(new RecordBatchView(batch));
      }),
    ).toBeUndefined();
  });

  it.each([
    [
      'a negative base offset',
      (data: DataView) => {
        data.setBigInt64(0, -1n);
      },
    ],
    [
      'an offset without a next one',
      (data: DataView) => {
        data.setBigInt64(0, 0x7fff_ffff_ffff_fffdn);
      },
    ],
    [
      'a negative last offset delta',
      (data: DataView) => {
        data.setInt32(23, -1);
      },
    ],
    [
      'more records than offsets',
      (data: DataView) => {
        data.setInt32(57, 4);
      },
    ],
    [
      'a negative record count',
      (data: DataView) => {
        data.setInt32(57, -1);
      },
    ],
    [
      'an unknown codec',
      (data: DataView) => {
        data.setInt16(21, 5);
      },
    ],
    [
      'more records than bytes',
      (data: DataView) => {
        data.setInt32(23, 99_999);
        data.setInt32(57, 99_999);
      },
    ],
    [
      'a negative log append time',
      (data: DataView) => {
        data.setInt16(21, 8);
        data.setBigInt64(35, -2n);
      },
    ],
  ])('refuses %s', (_, change) => {
    const view = forged(change);
    expect(
      thrownBy(() => {
        validateBatch(view, { topic: 't' });
      }),
    ).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
      at: { topic: 't', offset: view.baseOffset },
    });
  });

  it('refuses records without bytes, whatever the codec', () => {
    const empty = plainBatch(1).slice(0, 61);
    const view = forged((data) => {
      data.setInt32(8, 49);
      data.setInt16(21, 4);
    }, empty);
    expect(
      thrownBy(() => {
        validateBatch(view);
      }),
    ).toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
  });

  it('takes CreateTime batches whatever their timestamps, as brokers do', () => {
    expect(
      thrownBy(() => {
        validateBatch(
          forged((data) => {
            data.setBigInt64(35, -99n);
          }),
        );
      }),
    ).toBeUndefined();
  });
});

describe('crc32c', () => {
  // Check value of the CRC catalogue and RFC 3720 B.4.
  it('knows the published vectors', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  it('continues over parts', () => {
    const bytes = new TextEncoder().encode('123456789');
    expect(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4)))).toBe(crc32c(bytes));
  });
});
