/** Refund lists at the command: bad ones end it with 2 and every problem; odd ones are read, and what is odd is said. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tradeBill } from './bill.ts';
import type { Desk, Said } from './reconcile-run.ts';
import { LIST_COLUMNS, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;
let statement: string;

beforeAll(async () => {
  desk = await openDesk();
  statement = await desk.put('bill.csv', tradeBill([{ refundNo: 'R1' }]));
});

afterAll(() => desk.clear());

async function given(content: string | Buffer): Promise<Said> {
  return reconcile({ statements: [statement], list: await desk.put('list.csv', content), flags: ['--json'] });
}

describe('a list that cannot be read', () => {
  test('ends the command with 2, every problem with its line, the file, and what a list looks like', async () => {
    const said = await given(
      refundList([
        { refund_no: 'R1' },
        { refund_no: 'R 2', amount_minor: '12.5' },
        { refund_no: 'R3', requested_at: 'yesterday' },
      ]),
    );

    expect(said.code).toBe(2);
    expect(said.stdout).toBe('');
    expect(said.stderr.split('\n')).toEqual([
      'refund_list_invalid: The refund list cannot be read.',
      '  - line 3: refund_no "R 2" cannot be a refund number of WeChat Pay: 1 to 64 digits, letters and _-|*@',
      '  - line 3: amount_minor "12.5" is not a whole number of minor units: write 1250 if 12.50 yuan are meant',
      '  - line 4: requested_at "yesterday" is not an RFC 3339 time with its offset, such as 2026-11-24T10:00:00+08:00',
      `  file: ${desk.path('list.csv')}`,
      'Give a UTF-8 CSV with refund_no, channel, amount_minor, currency and requested_at.',
      '',
    ]);
  });

  test('is refused as a whole also when it is too long to be checked before a Postgres is there', async () => {
    const good = Array.from({ length: 80_000 }, (_, index) => ({ refund_no: `R${String(index)}` }));
    const said = await given(`${refundList(good)}R1,wechat\n`);

    expect(said.code).toBe(2);
    expect(said.stderr).toContain(
      `- line 80002: has 2 fields, the header has ${String(LIST_COLUMNS.length)}`,
    );
  });

  test('because it is the statement is told apart from one that is merely wrong', async () => {
    const said = await given(tradeBill([{ refundNo: 'R1' }]));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain(
      'this is a statement: give it with --statement, and the list with --refunds',
    );
  });
});

describe('a list with more in it than this run is about', () => {
  test('has its rows of other channels left out, counted and named', async () => {
    const said = await given(
      refundList([
        { refund_no: 'R1' },
        { refund_no: 'A1', channel: 'alipay' },
        { refund_no: 'A2', channel: 'alipay' },
        { refund_no: 'U1', channel: 'unionpay' },
      ]),
    );

    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      ...{ refunds: 1, matched: { refund_no: 1 }, other_channels: { alipay: 2, unionpay: 1 } },
    });
    expect(said.stderr).toContain(
      'Left out of the list: 3 rows of other channels than wechat (alipay 2, unionpay 1).',
    );
    expect(said.stderr).not.toContain('The list has no refund');
    expect(said.stderr).not.toContain('that Yuanlu knows');
  });

  test('of more other channels than are told apart names three of them once more, and none that nobody wrote', async () => {
    const rows = Array.from({ length: 25 }, (_, n) => ({
      refund_no: `A${String(n)}`,
      channel: `c${String(n + 10)}`,
    }));
    const said = await given(refundList([{ refund_no: 'R1' }, ...rows]));

    expect(said.stderr).toContain('others 5');
    expect(said.stderr).toContain('c10, c11, c12, … are no channels that Yuanlu knows');
  });

  test('of other channels only is no refund of this one, and that is said', async () => {
    const said = await given(refundList([{ refund_no: 'R1', channel: 'wechta' }]));

    expect(JSON.parse(said.stdout)).toMatchObject({ refunds: 0, breaks: { missing_in_books: 1 } });
    expect(said.stderr).toContain('1 row of other channels than wechat (wechta 1)');
    expect(said.stderr).toContain(
      'wechta is no channel that Yuanlu knows (wechat, alipay, unionpay): rows that mean wechat have to say wechat.',
    );
    expect(said.stderr).toContain('The list has no refund of wechat: every refund line');
  });

  test('has its other columns named as not used', async () => {
    const said = await given(
      'refund_no,channel,amount_minor,currency,requested_at,shop,note\nR1,wechat,100,CNY,2026-11-20T10:00:00+08:00,a,b\n',
    );

    expect(said.code).toBe(0);
    expect(said.stderr).toContain('Columns of the list that are not used: shop, note.');
  });
});

describe('a list without refunds', () => {
  test('makes every refund line one that the books miss', async () => {
    const said = await given(refundList([]));

    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ refunds: 0, breaks: { missing_in_books: 1 } });
  });
});
