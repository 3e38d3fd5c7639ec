/** A bill that is read in ranges by readers that know nothing of each other comes to the same as read by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WECHAT_RANGES } from '../../../channels/wechat/bill-ranges.ts';
import { AppError } from '../../../domain/errors.ts';
import type { FileHead, RangeFindings, RangePlace } from '../../../domain/statement/ranges.ts';
import { cutStatement } from '../../../store/statements-cut.ts';
import { BytesSeen } from '../../../store/statements-load.ts';
import { PAYMENT, REFUNDED, billOf } from '../wechat/bills.ts';
import { pieceSizes, someBill } from './any-bill.ts';
import type { Taken } from './readings.ts';
import { cut, readPieces } from './readings.ts';

interface KeptRange {
  readonly place: RangePlace;
  readonly bytes: Buffer;
}

/** What a bill comes to, or the whole text of the error with which it is refused. */
async function outcomeOf(work: () => Taken | Promise<Taken>): Promise<Taken | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

async function* flowing(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

async function cutUp(
  pieces: Iterable<Buffer>,
  rangeBytes: number,
): Promise<{ readonly head: FileHead; readonly ranges: readonly KeptRange[] }> {
  const ranges: KeptRange[] = [];
  const { head, ranges: count } = await cutStatement(
    {
      source: flowing(pieces),
      skimmer: WECHAT_RANGES.skim(flowing([])).skimmer,
      rangeBytes,
      keep: async ({ rangeNo, place, bytes }) => {
        const parts: Buffer[] = [];
        for await (const part of bytes) parts.push(Buffer.from(part));
        expect(rangeNo).toBe(ranges.length + 1);
        ranges.push({ place, bytes: Buffer.concat(parts) });
      },
    },
    new BytesSeen(false),
  );
  expect(count).toBe(ranges.length);
  return { head, ranges };
}

/** Each range by a reader of its own, the last one first; what they found goes through JSON. */
function readRanges(head: FileHead, ranges: readonly KeptRange[]): Taken {
  const read = ranges
    .toReversed()
    .map(({ place, bytes }) => {
      const reader = WECHAT_RANGES.reader(head, place);
      const text = [...cut(bytes, [37])].map((piece) => reader.push(piece));
      text.push(reader.end());
      const findings = JSON.parse(JSON.stringify(reader.findings())) as RangeFindings;
      return { text: Buffer.concat(text), findings };
    })
    .toReversed();
  const joiner = WECHAT_RANGES.joiner(head);
  for (const { findings } of read) joiner.add(findings);
  const summary = joiner.end();
  return { copyText: Buffer.concat(read.map(({ text }) => text)).toString('latin1'), summary };
}

async function inRanges(pieces: Iterable<Buffer>, rangeBytes: number): Promise<Taken> {
  const { head, ranges } = await cutUp(pieces, rangeBytes);
  return readRanges(head, ranges);
}

/** Pieces that are no longer than a range, so that both ways are given the same ones. */
const piecesOf = (bytes: Buffer, sizes: readonly number[], rangeBytes: number): Buffer[] => [
  ...cut(
    bytes,
    sizes.map((size) => Math.min(size, rangeBytes)),
  ),
];

const rangeSize = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2_000 }));

describe('a bill in ranges', () => {
  test('gives the same COPY text, byte for byte, and the same summary, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(someBill, pieceSizes, rangeSize, async ({ text }, sizes, rangeBytes) => {
        const pieces = piecesOf(Buffer.from(text), sizes, rangeBytes);

        const whole = await outcomeOf(() => readPieces(pieces));

        expect(await outcomeOf(() => inRanges(pieces, rangeBytes))).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  test('F42 F43 I9: that is cut short or spoilt is refused with the very words of the one reader', async () => {
    const spoilt = fc.record({
      bill: someBill,
      at: fc.nat(5_000),
      byte: fc.constantFrom(0, 0xff, 0x0a, 0x0d, 0x60, 0x2c, 0x39),
      length: fc.nat(6_000),
    });
    await fc.assert(
      fc.asyncProperty(spoilt, pieceSizes, rangeSize, async (one, sizes, rangeBytes) => {
        const bytes = Buffer.from(one.bill.text).subarray(0, one.length);
        if (bytes.length > 0) bytes[one.at % bytes.length] = one.byte;
        const pieces = piecesOf(bytes, sizes, rangeBytes);

        const whole = await outcomeOf(() => readPieces(pieces));

        expect(await outcomeOf(() => inRanges(pieces, rangeBytes))).toEqual(whole);
      }),
      { numRuns: 600 },
    );
  });

  test('has all of its bytes in its ranges, once and in order, each range of whole lines', async () => {
    await fc.assert(
      fc.asyncProperty(someBill, pieceSizes, rangeSize, async ({ text, parts }, sizes, rangeBytes) => {
        const bytes = Buffer.from(text);

        const { ranges } = await cutUp(piecesOf(bytes, sizes, rangeBytes), rangeBytes);

        expect(Buffer.concat(ranges.map((range) => range.bytes)).equals(bytes)).toBe(true);
        const eol = parts.eol ?? '\r\n';
        for (const { place } of ranges) {
          const before = bytes.subarray(0, place.bytes).toString();
          expect(before === '' || before.endsWith(eol)).toBe(true);
          expect(before.split(eol).length - 1).toBe(place.lines);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('of the smallest size has a range for each row, and the trailer with the last', async () => {
    const bytes = Buffer.from(billOf([PAYMENT, REFUNDED, PAYMENT, REFUNDED]));

    const { ranges } = await cutUp([bytes], 1);

    expect(ranges.map(({ place }) => place.lines)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ranges.at(-1)?.bytes.toString()).toContain('总交易单数');
  });

  test('F81 has a thousand ranges at most: the last takes the rest, for each is a child of one workflow', async () => {
    const bytes = Buffer.from(billOf(Array.from({ length: 1_200 }, () => PAYMENT)));

    const { head, ranges } = await cutUp([bytes], 1);

    expect(ranges).toHaveLength(1_000);
    expect(readRanges(head, ranges)).toEqual(readPieces([bytes]));
  });

  test('grows its ranges after each hundred of them, so that the largest file has fewer than there may be', async () => {
    const row = Buffer.byteLength(billOf([PAYMENT, PAYMENT])) - Buffer.byteLength(billOf([PAYMENT]));
    const bytes = Buffer.from(billOf(Array.from({ length: 400 }, () => PAYMENT)));

    const { ranges } = await cutUp([bytes], row);

    const rows = ranges.map((range) => Math.round(range.bytes.length / row));
    expect(rows.slice(1, 100)).toEqual(Array.from({ length: 99 }, () => 1));
    expect(rows.slice(100, 200)).toEqual(Array.from({ length: 100 }, () => 2));
    expect(ranges.length).toBeLessThan(240);
  });

  test('I8: keeps bad rows aside under the line and place that they have in the whole file', async () => {
    const bad = { ...REFUNDED, 手续费: 'none' };
    const good = Array.from({ length: 9 }, () => PAYMENT);
    const bytes = Buffer.from(billOf([bad, ...good, bad, ...good, bad]));

    const taken = await inRanges([bytes], 1);

    expect(taken).toEqual(readPieces([bytes]));
    expect(taken.summary.quarantined.map((one) => one.lineNo)).toEqual([2, 12, 22]);
  });

  test('with too many bad rows is refused in the words of the one reader, though no range has too many', async () => {
    const bad = { ...REFUNDED, 手续费: 'none' };
    const rows = Array.from({ length: 60 }, (_, n) => (n % 5 === 0 ? bad : PAYMENT));
    const bytes = Buffer.from(billOf(rows));

    const whole = await outcomeOf(() => readPieces([bytes]));

    expect(whole).toContain('12 of 60 rows cannot be read');
    expect(await outcomeOf(() => inRanges([bytes], 5_000))).toBe(whole);
  });

  test('whose first line end is a CR is cut at every CR, also where a later range has an LF in a cell', async () => {
    const rows = [PAYMENT, { ...PAYMENT, 商户订单号: 'A\nB' }, REFUNDED];
    const bytes = Buffer.from(billOf(rows, { eol: '\r' }));

    expect(await inRanges([bytes], 1)).toEqual(readPieces([bytes]));
  });
});
