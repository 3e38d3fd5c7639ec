/** What comes in a clearing day's zip beside the transactions: corrections of earlier ones, and files with nothing to match. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inGb18030 } from '../gb18030.ts';
import { zipOf } from '../zip.ts';
import {
  MER_ID,
  NAME,
  PAYMENT,
  REFUND,
  SENT_BACK,
  ZME_NAME,
  correction,
  day,
  read,
  record,
  report,
} from './clearing-day.ts';

const TRADES = day(PAYMENT, REFUND);
const RD = `RD201025063001_${MER_ID}`;
const GOOD_REPORT = report('2  23.45 123.45 0.74 0.14 23.31 122.71');

function withCorrections(...records: readonly Buffer[]): Buffer {
  return zipOf({ [NAME]: TRADES, [ZME_NAME]: Buffer.concat(records) });
}

describe('the file of corrections (ZME)', () => {
  test('has records of 339 bytes, as documented', () => {
    expect(correction(SENT_BACK)).toHaveLength(339 + 2);
  });

  test('F66: names the refund that came back by trace and time, inside the number that UnionPay gave it', async () => {
    const { rows, summary } = await read(withCorrections(correction(SENT_BACK)));

    expect(rows.map((row) => row[0])).toEqual(['1', '2', '3']);
    expect(rows[2]).toEqual([
      ...['3', 'adjustment', '2025-07-02 09:30:00+08', '\\N', '\\N', '__250630165842786399_', '\\N'],
      ...['2345', '\\N', '14000', 'CNY', 'in', 'DEBIT'],
    ]);
    const named = new RegExp(`^${rows[2]?.[5]?.replaceAll('_', '.') ?? 'none'}$`);
    expect(rows[1]?.[5]).toMatch(named);
    expect(rows[0]?.[3]).not.toMatch(named);
    expect(summary).toMatchObject({ lines: 3, refundLines: 1, quarantinedCount: 0, totals: { agree: true } });
  });

  test('says what the merchant has to pay as well', async () => {
    const charged = { ...SENT_BACK, fee: 'C000000000000', net: 'D000000002345' };

    expect((await read(withCorrections(correction(charged)))).rows[2]?.slice(7)).toEqual([
      ...['2345', '\\N', '0', 'CNY', 'out', 'DEBIT'],
    ]);
  });

  test('F62: what it corrects lies before its day, so after New Year mostly in the year before', async () => {
    const zip = zipOf({
      [`INN26010388ZM_${MER_ID}`]: Buffer.alloc(0),
      [`INN26010388ZME_${MER_ID}`]: Buffer.concat([
        correction({ ...SENT_BACK, time: '0103093000', previousTime: '1231233001' }),
        correction({ ...SENT_BACK, time: '0103093000', previousTime: '0102000001' }),
        correction({ ...SENT_BACK, time: '0103093000', previousTime: '0215000001' }),
      ]),
    });

    expect((await read(zip)).rows.map((row) => row[5])).toEqual([
      '__251231233001786399_',
      '__260102000001786399_',
      '__250215000001786399_',
    ]);
  });

  test.each<[string, Buffer, string]>([
    ['one byte too short', correction(SENT_BACK).subarray(1), '338 bytes instead of 339'],
    [
      'one byte too long',
      Buffer.concat([Buffer.from(' '), correction(SENT_BACK)]),
      '340 bytes instead of 339',
    ],
    [
      'an amount that is none',
      correction({ ...SENT_BACK, amount: '00000000234x' }),
      'an amount that cannot be read',
    ],
    [
      'a fee without a sign',
      correction({ ...SENT_BACK, fee: '0000000000014' }),
      'an amount that cannot be read',
    ],
    [
      'a net that does not add up',
      correction({ ...SENT_BACK, net: 'C000000002330' }),
      'amount, fee and settlement do not add up',
    ],
    ['a time that is none', correction({ ...SENT_BACK, time: '1301093000' }), 'no time as documented'],
    ['a day that no month has', correction({ ...SENT_BACK, time: '0631093000' }), 'no time as documented'],
    [
      'no real time of what it corrects',
      correction({ ...SENT_BACK, previousTime: '0231165842' }),
      'no trace of the transaction that it corrects',
    ],
    [
      'no trace of what it corrects',
      correction({ ...SENT_BACK, previousTrace: '' }),
      'no trace of the transaction that it corrects',
    ],
  ])('F48 I8: a record with %s is kept aside with its place', async (_what, bad, reason) => {
    const { rows, summary } = await read(withCorrections(correction(SENT_BACK), bad, correction(SENT_BACK)));

    expect(rows.map((row) => row[0])).toEqual(['1', '2', '3', '5']);
    expect(summary.quarantined).toMatchObject([{ lineNo: 4, byteOffset: 2 * 609 + 341, reason }]);
    expect(summary.quarantined[0]?.raw).toContain('发卡行退回');
    expect(summary).toMatchObject({ lines: 5, quarantinedCount: 1 });
  });

  test('whose records are all of another length is kept aside, and the transactions count all the same', async () => {
    const strange = Array.from({ length: 30 }, () => Buffer.from('E80 another layout\r\n'));
    const { rows, summary } = await read(withCorrections(...strange));

    expect(rows).toHaveLength(2);
    expect(summary).toMatchObject({ lines: 32, quarantinedCount: 30, totals: { agree: true } });
  });

  test('F43: that was cut short is a file that did not come whole', async () => {
    await expect(read(withCorrections(correction(SENT_BACK).subarray(0, 200)))).rejects.toMatchObject({
      code: 'statement_truncated',
    });
  });

  test('F59: of another merchant is told by the merchants of the statement', async () => {
    const foreign = correction({ ...SENT_BACK, merId: '802310048999999' });

    expect((await read(withCorrections(foreign))).summary.merchantNos).toEqual([MER_ID, '802310048999999']);
  });
});

describe('I8: files with nothing to match', () => {
  const instalments = Buffer.concat([inGb18030('分期 000000012345\r\n'), Buffer.from('second\r\n')]);

  test.each([`PED_${MER_ID}`, `PEDERR_${MER_ID}`, `INN25063088ERR_${MER_ID}`, 'notes.txt'])(
    '%s is kept aside line by line, with a reason, and counted',
    async (name) => {
      const { rows, summary } = await read(zipOf({ [name]: instalments, [NAME]: TRADES }));

      expect(rows).toHaveLength(2);
      expect(summary).toMatchObject({ lines: 4, quarantinedCount: 2, totals: { agree: true } });
      const reason = `a line of ${name}, which is kept and not matched`;
      expect(summary.quarantined).toEqual([
        { lineNo: 3, byteOffset: 1_218, code: 'line_not_matched', reason, raw: '分期 000000012345' },
        { lineNo: 4, byteOffset: 1_237, code: 'line_not_matched', reason, raw: 'second' },
      ]);
    },
  );

  test('however many lines they have, the transactions count; a thousand are kept with their text', async () => {
    const many = Buffer.from('x\r\n'.repeat(1_500));
    const { rows, summary } = await read(zipOf({ [NAME]: TRADES, PED_1: many }));

    expect(rows).toHaveLength(2);
    expect(summary.quarantined).toHaveLength(1_000);
    expect(summary).toMatchObject({ lines: 1_502, quarantinedCount: 1_500 });
  });

  test('that are empty leave nothing', async () => {
    const zip = zipOf({ [NAME]: TRADES, [ZME_NAME]: Buffer.alloc(0), PED_1: Buffer.alloc(0) });

    expect((await read(zip)).summary).toMatchObject({ lines: 2, quarantinedCount: 0 });
  });

  test('a printed report without totals, or a second one, is kept aside like them', async () => {
    const silent = report('no figures');
    const { summary } = await read(
      zipOf({ [RD]: GOOD_REPORT, [`RD201125063001_${MER_ID}`]: silent, [NAME]: TRADES }),
    );

    expect(summary.totals).toMatchObject({ declared: { orders: 2n }, agree: true });
    expect(summary.quarantined.map(({ raw }) => raw)).toContain('总计  no figures');
  });

  test('the order of the members and the cuts between pieces change nothing', async () => {
    const files: [string, Buffer][] = [
      [NAME, TRADES],
      [ZME_NAME, correction(SENT_BACK)],
      [RD, GOOD_REPORT],
    ];
    const expected = await read(zipOf(Object.fromEntries(files)));

    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(files, { minLength: files.length }),
        fc.integer({ min: 1, max: 700 }),
        async (order, piece) => {
          expect(await read(zipOf(Object.fromEntries(order)), piece)).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });
});

test('F43: transactions that were cut short are refused, also when other files follow', async () => {
  const cut = zipOf({ [NAME]: record(PAYMENT).subarray(0, 300), [ZME_NAME]: correction(SENT_BACK) });

  await expect(read(cut)).rejects.toMatchObject({ code: 'statement_truncated' });
});
