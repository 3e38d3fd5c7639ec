/** What the refund list may look like, and what is made of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEADER, listWith, readList, ROW } from './listing.ts';

const AT = Date.parse('2026-11-20T02:00:00Z');

describe('a refund list', () => {
  test('of required columns only gives refunds of an unknown source and an unsaid state', async () => {
    const { refunds, summary } = await readList(`${HEADER}\n${ROW}\n`);

    expect(refunds).toEqual([
      {
        ...{ listLine: 2, refundNo: 'R1', amountMinor: '100', currency: 'CNY', requestedAtMs: AT },
        ...{ channelRefundNo: null, transactionId: null, paymentNo: null, source: 'unknown', state: null },
      },
    ]);
    expect(summary).toEqual({ refunds: 1, mayNameTwice: false, otherChannels: {}, ignoredColumns: [] });
  });

  test('with all columns in any order, in capitals and with blanks around, says the same', async () => {
    const { refunds } = await readList(
      [
        ' State ,SOURCE,payment_no,transaction_id,channel_refund_no,Requested_At,currency,amount_minor,channel,refund_no',
        'closed, wallet ,P1,T1,C1,2026-11-20T10:00:00+08:00,CNY, 100 ,WeChat,R1',
      ].join('\n'),
    );

    expect(refunds).toEqual([
      {
        ...{ listLine: 2, refundNo: 'R1', amountMinor: '100', currency: 'CNY', requestedAtMs: AT },
        ...{ channelRefundNo: 'C1', transactionId: 'T1', paymentNo: 'P1', source: 'wallet', state: 'failed' },
      },
    ]);
  });

  test.each([
    ['with a BOM', `\uFEFF${HEADER}\n${ROW}\n`],
    ['with CR LF', `${HEADER}\r\n${ROW}\r\n`],
    ['with CR alone', `${HEADER}\r${ROW}\r`],
    ['without an end to its last line', `${HEADER}\n${ROW}`],
    ['with blank lines in it', `${HEADER}\n\n${ROW}\n\n\n`],
    ['with quotes around everything', `${HEADER}\n${ROW.replace(/[^,]+/g, '"$&"')}\n`],
    [
      'with tabs behind its numbers, as our own exports have them',
      `${HEADER}\n${ROW.replace('R1', '"R1\t"')}\n`,
    ],
  ])('%s is read', async (_, content) => {
    const { refunds } = await readList(content);

    expect(refunds).toMatchObject([{ refundNo: 'R1', amountMinor: '100', requestedAtMs: AT }]);
  });

  test('without a single refund is a list: nothing was refunded', async () => {
    const { refunds, summary } = await readList(`${HEADER}\n`);

    expect(refunds).toEqual([]);
    expect(summary.refunds).toBe(0);
  });

  test('keeps quotes and commas inside quoted fields', async () => {
    const { refunds } = await readList(listWith({ payment_no: '"P,""1"""' }));

    expect(refunds[0]?.paymentNo).toBe('P,"1"');
  });

  test('may say its numbers with every character that WeChat Pay takes', async () => {
    const { refunds } = await readList(listWith({ refund_no: '-=R_|*@9'.replace('=', '') }));

    expect(refunds[0]?.refundNo).toBe('-R_|*@9');
  });

  test('counts the rows of other channels by their names and leaves them unread', async () => {
    const { refunds, summary } = await readList(
      [HEADER, ROW, 'A1,alipay,oops,??,never', 'A2,Alipay,1,CNY,x', 'U1,unionpay,1,CNY,x'].join('\n'),
    );

    expect(refunds).toHaveLength(1);
    expect(summary.otherChannels).toEqual({ alipay: 2, unionpay: 1 });
  });

  test('that has something else in its column of channels does not make thousands of names', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `R${String(index)},c${String(index)},1,CNY,x`);
    const { summary } = await readList([HEADER, ...rows].join('\n'));

    expect(Object.keys(summary.otherChannels)).toHaveLength(21);
    expect(summary.otherChannels['others']).toBe(80);
  });

  test('says which of its columns mean nothing', async () => {
    const { summary } = await readList(`${HEADER},Memo,shop\n${ROW},x,y\n`);

    expect(summary.ignoredColumns).toEqual(['memo', 'shop']);
  });

  test('numbers its lines as an editor does, also after quoted line breaks and blank lines', async () => {
    const { refunds } = await readList(
      [`${HEADER},memo`, '', `${ROW},"two\nlines"`, `${ROW.replace('R1', 'R2')},x`].join('\n'),
    );

    expect(refunds.map(({ refundNo, listLine }) => [refundNo, listLine])).toEqual([
      ['R1', 3],
      ['R2', 5],
    ]);
  });

  test('says when a number may be there twice, and never when it is not', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ROW.replace('R1', `R${String(index)}`));

    expect((await readList([HEADER, ...rows].join('\n'))).summary.mayNameTwice).toBe(false);
    expect((await readList([HEADER, ...rows, ROW].join('\n'))).summary.mayNameTwice).toBe(true);
  });

  test('is the same in whatever pieces its bytes come in', async () => {
    const content = `\uFEFF${HEADER},memo\r\n${ROW},"退款，\r\n一笔"\r\n${ROW.replace('R1', 'R2')},零钱\r\n`;
    const whole = await readList(content);

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 64 }), async (size) => {
        expect(await readList(content, size)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
    expect(whole.refunds).toHaveLength(2);
  });
});
