/** The files of --out: every line and refund in them once, amounts twice, serials whole, and nothing that runs. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BillRefund } from './bill.ts';
import { refundRow, serial, tradeBill } from './bill.ts';
import type { CsvRow, Desk, ListRow } from './reconcile-run.ts';
import { csvRows, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

const NAMES = ['breaks.csv', 'matches.csv', 'overdue.csv', 'quarantine.csv', 'summary.json'];

async function exported(
  lines: readonly BillRefund[],
  rows: readonly ListRow[],
): Promise<Readonly<Record<'matches' | 'breaks' | 'overdue' | 'quarantine', CsvRow[]>>> {
  const statement = await desk.put('bill.csv', tradeBill(lines));
  const list = await desk.put('refunds.csv', refundList(rows));
  const out = desk.path('result');
  const said = await reconcile({
    statements: [statement],
    list,
    flags: ['--as-of', '2026-12-31', '--out', out],
  });
  if (said.code !== 0) throw new Error(said.stderr);
  const [matches, breaks, overdue, quarantine] = await Promise.all(
    (['matches', 'breaks', 'overdue', 'quarantine'] as const).map((name) => csvRows(`${out}/${name}.csv`)),
  );
  return {
    matches: matches ?? [],
    breaks: breaks ?? [],
    overdue: overdue ?? [],
    quarantine: quarantine ?? [],
  };
}

describe('the files of --out', () => {
  test('are five, in a folder that is made for them, and none is left half written', async () => {
    const statement = await desk.put('bill.csv', tradeBill([{ refundNo: 'R1' }]));
    const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }]));
    const out = desk.path('made/for/it');
    const said = await reconcile({ statements: [statement], list, flags: ['--out', out] });

    expect((await readdir(out)).toSorted()).toEqual(NAMES);
    expect(said.stdout).toContain(
      `matches.csv, breaks.csv, overdue.csv, quarantine.csv, summary.json: ${out}`,
    );
  });

  test('begin with the mark by which Excel knows UTF-8, and end their lines as RFC 4180 says', async () => {
    await exported([{ refundNo: 'R1' }], [{ refund_no: 'R1' }]);

    for (const name of NAMES.filter((one) => one.endsWith('.csv'))) {
      const bytes = await readFile(desk.path(`result/${name}`));
      expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
      expect(bytes.toString('utf8').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }
  });

  test('of a run before are replaced, and files of others beside them stay', async () => {
    await exported([{ refundNo: 'R1' }, { refundNo: 'R2' }], [{ refund_no: 'R1' }, { refund_no: 'R2' }]);
    await writeFile(desk.path('result/notes.txt'), 'mine');
    const { matches } = await exported([{ refundNo: 'R1' }], [{ refund_no: 'R1' }]);

    expect(matches).toHaveLength(1);
    expect(await readFile(desk.path('result/notes.txt'), 'utf8')).toBe('mine');
  });

  test('cannot be put where a file is: that is said before anything starts', async () => {
    const file = await desk.put('a-file', '');
    const list = await desk.put('refunds.csv', refundList([]));
    const said = await reconcile({ statements: [list], list, flags: ['--out', `${file}/below`] });

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('path_unusable');
    expect(said.stderr).toContain(`--out ${file}/below: a part of the path is a file`);
  });
});

describe('matches.csv', () => {
  test('has one row for each match: which rule made it, both places, the amount in fen and in yuan', async () => {
    const { matches } = await exported(
      [
        { refundNo: 'R1', amount: 12_345, channelRefundNo: serial('5030', 1), paymentNo: 'ORDER-1' },
        { refundNo: 'OTHER', amount: 5, channelRefundNo: serial('5030', 2) },
      ],
      [
        { refund_no: 'R2', amount_minor: 5, channel_refund_no: serial('5030', 2) },
        { refund_no: 'R1', amount_minor: 12_345 },
      ],
    );

    expect(matches).toMatchObject([
      {
        ...{ refund_no: 'R1', matched_by: 'refund_no', amount_minor: '12345', amount_yuan: '123.45' },
        ...{ currency: 'CNY', requested_at: '2026-11-20T09:59:00+08:00', payment_no: 'ORDER-1' },
        ...{ statement_at: '2026-11-20T10:00:00+08:00', statement: desk.path('bill.csv') },
        ...{ statement_line: '2', list_line: '3', statement_refund_no: 'R1' },
      },
      {
        ...{ refund_no: 'R2', matched_by: 'channel_refund_no', amount_minor: '5', amount_yuan: '0.05' },
        ...{ statement_refund_no: 'OTHER', statement_line: '3', list_line: '2' },
      },
    ]);
  });

  test('keeps every digit of a serial: a tab behind it makes it text to a spreadsheet', async () => {
    const { matches } = await exported(
      [{ refundNo: '0012', channelRefundNo: serial('5030', 1), transactionId: serial('4200', 1) }],
      [{ refund_no: '0012' }],
    );

    expect(matches[0]?.['refund_no']).toBe('0012\t');
    expect(matches[0]?.['channel_refund_no']).toBe(`${serial('5030', 1)}\t`);
    expect(matches[0]?.['transaction_id']).toBe(`${serial('4200', 1)}\t`);
  });
});

describe('breaks.csv', () => {
  test('has both sides of each break, each amount in fen and in yuan', async () => {
    const { breaks } = await exported(
      [
        { refundNo: 'DEARER', amount: 250 },
        { refundNo: 'EXTRA', amount: 333 },
      ],
      [
        { refund_no: 'DEARER', amount_minor: 249 },
        { refund_no: 'LOST', amount_minor: 1 },
      ],
    );

    expect(breaks).toMatchObject([
      {
        ...{ kind: 'missing_at_channel', refund_no: 'LOST', amount_minor: '1', amount_yuan: '0.01' },
        ...{ statement: '', statement_line: '', statement_amount_minor: '', list_line: '3' },
        promise_at: '2026-11-26T00:00:00+08:00',
      },
      {
        ...{ kind: 'missing_in_books', refund_no: 'EXTRA', amount_minor: '', list_line: '' },
        ...{ statement_amount_minor: '333', statement_amount_yuan: '3.33', statement_line: '3' },
      },
      {
        ...{ kind: 'amount_differs', refund_no: 'DEARER', amount_minor: '249', amount_yuan: '2.49' },
        ...{ statement_amount_minor: '250', statement_amount_yuan: '2.50', list_line: '2' },
        explanation: 'the list says 2.49 CNY, the statement 2.50 CNY',
      },
    ]);
  });

  test('calls no amount yuan that is in another currency', async () => {
    const { breaks } = await exported([{ refundNo: 'R1' }], [{ refund_no: 'R1', currency: 'JPY' }]);

    expect(breaks).toMatchObject([{ amount_minor: '100', amount_yuan: '', currency: 'JPY' }]);
  });

  test('and matches.csv together have every refund line once and every listed refund once', async () => {
    const lines = [
      ...[{ refundNo: 'A' }, { refundNo: 'B', amount: 2 }, { refundNo: 'C' }, { refundNo: 'C' }],
      ...[{ refundNo: 'D', transactionId: serial('4200', 50) }, { refundNo: 'E' }],
    ];
    const rows = [
      ...[{ refund_no: 'A' }, { refund_no: 'B' }, { refund_no: 'C' }, { refund_no: 'A' }],
      ...[{ refund_no: 'X', transaction_id: serial('4200', 50) }],
      ...[
        { refund_no: 'Y', transaction_id: serial('4200', 50) },
        { refund_no: 'Z', state: 'failed' },
      ],
    ];
    const { matches, breaks } = await exported(lines, rows);

    const places = (column: string): string[] =>
      [...matches, ...breaks]
        .map((row) => row[column] ?? '')
        .filter((place) => place !== '')
        .toSorted();
    expect(places('statement_line')).toEqual(['2', '3', '4', '5', '6', '7']);
    // The failed refund of line 8 is neither: it waits for nothing.
    expect(places('list_line')).toEqual(['2', '3', '4', '5', '6', '7']);
    const numbers = [...matches, ...breaks].map((row) => row['refund_no']).filter((number) => number !== '');
    expect(numbers.toSorted()).toEqual(['A', 'A', 'B', 'C', 'E', 'X', 'Y']);
  });
});

describe('F91: text that a spreadsheet would compute or run', () => {
  const EVIL = '=HYPERLINK("http://evil.example","退款")';

  test('is defused in a refund number that begins like a formula', async () => {
    const { matches, breaks } = await exported(
      [{ refundNo: '-1|cmd' }, { refundNo: '@SUM' }],
      [{ refund_no: '-1|cmd' }],
    );

    expect(matches[0]?.['refund_no']).toBe("'-1|cmd");
    expect(breaks[0]?.['refund_no']).toBe("'@SUM");
  });

  test('is defused in numbers that a list brings along', async () => {
    const { overdue } = await exported(
      [],
      [{ refund_no: 'LOST', payment_no: `"${EVIL.replaceAll('"', '""')}"`, transaction_id: '+1' }],
    );

    expect(overdue).toMatchObject([{ payment_no: `'${EVIL}`, transaction_id: "'+1" }]);
  });

  test('stays where it was in a row set aside, behind the mark of the bill', async () => {
    const raw = `${refundRow({ refundNo: 'R9', goods: EVIL }, 0)},\`too,\`many`;
    const { quarantine } = await exported([{ refundNo: '', raw, amount: 0 }], []);

    expect(quarantine).toMatchObject([{ raw, statement_line: '2' }]);
    expect(quarantine[0]?.['raw']).toMatch(/^`/);
  });

  test('is defused in a row set aside that lost its mark', async () => {
    const { quarantine } = await exported([{ refundNo: '', raw: EVIL, amount: 0 }], []);

    expect(quarantine).toMatchObject([
      { raw: `'${EVIL}`, reason: 'a row without its first backtick', code: 'line_columns_differ' },
    ]);
  });
});

describe('overdue.csv', () => {
  test('has the longest overdue first, with whom to ask and what to quote', async () => {
    const { overdue } = await exported(
      [],
      [
        { refund_no: 'LATER', requested_at: '2026-11-20T10:00:00+08:00', source: 'debit_card' },
        {
          ...{ refund_no: 'SOONER', requested_at: '2026-11-19T10:00:00+08:00', source: 'debit_card' },
          channel_refund_no: serial('5030', 3),
        },
      ],
    );

    expect(overdue).toMatchObject([
      {
        ...{ refund_no: 'SOONER', level: 'alarm', amount_minor: '100', amount_yuan: '1.00' },
        ...{ promise_at: '2026-11-25T00:00:00+08:00', alarm_at: '2026-11-27T00:00:00+08:00' },
        next_action: `ask WeChat Pay about refund SOONER; the payer can quote 微信退款单号 ${serial('5030', 3)} to the bank`,
      },
      { refund_no: 'LATER', next_action: 'ask WeChat Pay about refund LATER' },
    ]);
  });
});
