/** F50: what is GB 18030 is told without decoding most of it, and the decoder of the platform is always of the same opinion. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GB18030 } from '../../../channels/alipay/bill-encoding.ts';

function byDecoder(bytes: Buffer): boolean {
  try {
    new TextDecoder('gb18030', { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

describe('F50: whether bytes are GB 18030', () => {
  test('is decided as the decoder does for every pair of bytes, whatever stands around it', () => {
    const different: string[] = [];
    for (let lead = 0; lead <= 0xff; lead += 1) {
      for (let trail = 0; trail <= 0xff; trail += 1) {
        for (const bytes of [
          Buffer.from([lead, trail]),
          Buffer.from([0x41, 0x42, 0x43, 0x44, 0x45, lead, trail, 0x2c, 0x30, 0x31, 0x32]),
          Buffer.from([0xbd, 0xbb, lead, trail, 0xd2, 0xd7]),
        ])
          if (GB18030.isText(bytes) !== byDecoder(bytes)) different.push(bytes.toString('hex'));
      }
    }

    expect(different).toEqual([]);
  });

  test('is decided as the decoder does for characters of four bytes, and for anything cut off', () => {
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 0xff }),
      fc.constantFrom(0x30, 0x39, 0x41, 0x7f, 0x80, 0x81, 0x84, 0x90, 0xfe, 0xff),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), fc.nat({ max: 3 }), (bytes, before) => {
        // Begins anywhere in the memory that it is a part of.
        const part = Buffer.concat([Buffer.alloc(before, 0xff), Buffer.from(bytes)]).subarray(before);

        expect(GB18030.isText(part)).toBe(byDecoder(part));
      }),
      { numRuns: 2_000 },
    );
  });
});
