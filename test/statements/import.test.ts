/** A statement that is right: every row of it is kept, with its file's own account of itself. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatementReader } from '../../domain/statement/statement.ts';
import { getStatementFile, importStatement } from '../../store/statements.ts';
import type { Progress } from '../../store/statements-load.ts';
import { listQuarantined, listStatementFiles } from '../../store/statements-files.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, countOf, minute, openAccounts } from '../store/books.ts';
import { importOptions, importPlain, manyLines } from './bills.ts';
import { MERCHANT_NO, chunksOf, plainReader, plainStatement } from './plain-statement.ts';
import { watchedPool } from './watched-pool.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');

describe('an imported statement', () => {
  test('has every line as it was read, in the order and under the numbers of the file', async () => {
    const { fileId } = await importPlain(db, {
      billDate: '2026-11-01',
      lines: [
        {
          at: '2026-11-01 00:00:00',
          transactionId: 'T1',
          channelRefundNo: '50301',
          refundNo: 'R1',
          amount: 1,
        },
        { type: 'payment', at: '2026-11-01 23:59:59', transactionId: 'T2', amount: 900_719_925_474 },
        { at: '2026-11-02 00:00:01', refundNo: 'R=1|2@*', amount: 0 },
      ],
    });

    const { rows } = await db.pool.query(
      `select line_no, line_type, occurred_at, transaction_id, channel_refund_no, refund_no, amount_minor, currency,
              account_id, bill_date from statement_lines where file_id = $1 order by line_no`,
      [fileId],
    );
    const whole = { account_id: ACCOUNT, bill_date: '2026-11-01', currency: 'CNY' };
    expect(rows).toEqual([
      {
        ...{ ...whole, line_no: 2, line_type: 'refund', occurred_at: new Date('2026-10-31T16:00:00Z') },
        ...{ transaction_id: 'T1', channel_refund_no: '50301', refund_no: 'R1', amount_minor: 1n },
      },
      {
        ...{ ...whole, line_no: 3, line_type: 'payment', occurred_at: new Date('2026-11-01T15:59:59Z') },
        ...{ transaction_id: 'T2', channel_refund_no: null, refund_no: null, amount_minor: 900_719_925_474n },
      },
      {
        ...{ ...whole, line_no: 4, line_type: 'refund', occurred_at: new Date('2026-11-01T16:00:01Z') },
        ...{ transaction_id: null, channel_refund_no: null, refund_no: 'R=1|2@*', amount_minor: 0n },
      },
    ]);
  });

  test('tells what was delivered: hash, size, totals, merchants, days', async () => {
    const text = plainStatement([
      { at: '2026-11-02 12:00:00', refundNo: 'R1', amount: 5 },
      { type: 'payment', at: '2026-11-03 00:00:00', amount: 7 },
    ]);

    const { fileId, ...result } = await importPlain(
      db,
      { billDate: '2026-11-02', text },
      { uri: 'file:x/y', expectHash: { algorithm: 'sha1', hex: digest('sha1', text).toUpperCase() } },
    );

    expect(result).toMatchObject({
      outcome: 'loaded',
      revision: 1,
      billDate: '2026-11-02',
      sha256: digest('sha256', text),
      summary: { kind: 'trade', lines: 2, refundLines: 1, quarantinedCount: 0 },
    });
    expect(await getStatementFile(db.pool, fileId)).toEqual({
      id: fileId,
      accountId: ACCOUNT,
      kind: 'trade',
      billDate: '2026-11-02',
      part: '',
      revision: 1,
      status: 'loaded',
      sha256: digest('sha256', text),
      uri: 'file:x/y',
      variant: 'plain',
      currency: 'CNY',
      lines: 2,
      refundLines: 1,
      quarantined: 0,
      totals: { declared: { rows: 2n, amount_minor: 12n }, computed: { rows: 2n, amount_minor: 12n } },
      merchantNos: [MERCHANT_NO],
      firstDate: '2026-11-02',
      lastDate: '2026-11-03',
      proves: 'acceptance',
      refusalCode: null,
      refusedCount: 0,
      detail: {},
      supersedes: null,
      receivedAt: minute(60),
      matchedAt: null,
    });
  });

  test.each([1, 7, 1 << 20])('is the same however its bytes are cut: pieces of %i', async (size) => {
    const billDate = `2026-10-${String(10 + (size % 9))}`;
    const text = plainStatement(manyLines(40, billDate));
    const options = importOptions({ billDate, text }, { source: chunksOf(text, size) });
    const { fileId, sha256 } = await importStatement(db.ingest, options);
    expect(sha256).toBe(digest('sha256', text));
    const { rows } = await db.pool.query<{ n: bigint; sum: bigint; last: number }>(
      'select count(*) as n, sum(amount_minor)::bigint as sum, max(line_no) as last from statement_lines where file_id = $1',
      [fileId],
    );
    expect(rows).toEqual([{ n: 40n, sum: 820n, last: 41 }]);
  });

  test('of no rows is loaded as such: a day on which nothing was written is a day', async () => {
    const { fileId, summary } = await importPlain(db, { billDate: '2026-11-03', lines: [] });
    expect(summary).toMatchObject({ lines: 0, firstDate: null });
    expect(await getStatementFile(db.pool, fileId)).toMatchObject({ status: 'loaded', lines: 0 });
  });

  test('shows its kind and day itself where nobody says them', async () => {
    const lines = [{ at: '2026-11-04 00:00:01', amount: 5 }];
    const trade = await importPlain(db, { lines }, { kind: null, billDate: null });
    const flow = await importPlain(db, { lines, kind: 'fund_flow' }, { kind: null, billDate: null });
    expect([trade.billDate, trade.summary.kind]).toEqual(['2026-11-04', 'trade']);
    expect([flow.billDate, flow.summary.kind, flow.outcome]).toEqual(['2026-11-04', 'fund_flow', 'loaded']);
  });

  test('I21 without any line is of the Beijing day of its import where nobody says another', async () => {
    const now = new Date('2026-11-04T16:30:00Z'); // half past midnight of the fifth in Beijing
    expect(await importPlain(db, {}, { billDate: null, now })).toMatchObject({ billDate: '2026-11-05' });
  });

  test.each([
    ['2026-11-06 23:59:59', '2026-11-07 12:00:00'],
    ['2026-11-07 12:00:00', '2026-11-08 00:00:00'],
  ])('F60 may have lines of the days beside its own: %s and %s', async (first, last) => {
    const part = first;
    const lines = [first, last].map((at) => ({ at, amount: 1 }));
    await expect(importPlain(db, { billDate: '2026-11-07', lines }, { part })).resolves.toMatchObject({
      outcome: 'loaded',
    });
  });
});

test('what its reader remarked is kept with a file, beside the rows that came with a new revision', async () => {
  const billDate = '2026-11-19';
  const remarking = (): StatementReader => {
    const reader = plainReader();
    return {
      push: (chunk) => reader.push(chunk),
      end: () => reader.end(),
      summary: () => ({ ...reader.summary(), remarks: ['2 rows unlike the others'] }),
    };
  };
  const bring = (amount: number) =>
    importPlain(
      db,
      { billDate, lines: [{ at: `${billDate} 12:00:00`, refundNo: 'R1', amount }] },
      { reader: remarking() },
    );

  await bring(5);
  const { fileId } = await bring(6);
  const again = await bring(6);

  const file = await getStatementFile(db.pool, fileId);
  expect(file?.detail).toMatchObject({ diff: {}, remarks: ['2 rows unlike the others'] });
  expect(again).toMatchObject({ outcome: 'same', summary: { remarks: ['2 rows unlike the others'] } });
});

describe('F48 rows that cannot be read', () => {
  const withBadRows = (rows: readonly string[]): string => {
    const good = plainStatement([{ at: '2026-11-09 12:00:00', refundNo: 'R1', amount: 5 }]).split('\n');
    const count = 1 + rows.length;
    return [good[0], good[1], ...rows, `total,${String(count)},5`, ''].join('\n');
  };

  test('are kept aside with their place, reason and text, and the file goes on around them', async () => {
    const text = withBadRows(['refund,too,few', 'refund,2026-11-09 12:00:00,,,R2,12.34', `a\0b,退款`]);

    const { fileId, summary } = await importPlain(db, { billDate: '2026-11-09', text });

    expect(summary).toMatchObject({ lines: 4, quarantinedCount: 3 });
    const aside = await listQuarantined(db.pool, fileId);
    expect(aside.map(({ lineNo, reason, raw }) => [lineNo, reason, raw])).toEqual([
      [3, 'row has another shape', 'refund,too,few'],
      [4, 'row has another shape', 'refund,2026-11-09 12:00:00,,,R2,12.34'],
      [5, 'row has another shape', 'a␀b,退款'],
    ]);
    for (const { lineNo, byteOffset } of aside) {
      const before = text
        .split('\n')
        .slice(0, lineNo - 1)
        .join('\n');
      expect(byteOffset).toBe(Buffer.byteLength(before) + 1);
    }
    expect(await countOf(db, 'statement_lines where file_id = $1', [fileId])).toBe(1);
    expect(await getStatementFile(db.pool, fileId)).toMatchObject({ lines: 4, quarantined: 3 });
  });

  test('I8 must be counted: a reader that loses a row is not believed', async () => {
    const text = plainStatement([{ at: '2026-11-10 12:00:00', amount: 5 }]);
    const honest = plainReader();
    const reader: StatementReader = {
      push: (chunk) => honest.push(chunk),
      end: () => honest.end(),
      summary: () => ({ ...honest.summary(), lines: 2 }),
    };
    const options = importOptions({ billDate: '2026-11-10', text }, { reader });
    await expect(importStatement(db.ingest, options)).rejects.toMatchObject({ code: 'invariant_broken' });
    expect(await countOf(db, `statement_files where bill_date = '2026-11-10'`)).toBe(0);
  });
});

describe('while a statement comes in', () => {
  test('F87 others get their turn: progress is told, with bytes and lines that only grow', async () => {
    const told: Progress[] = [];
    const text = plainStatement(manyLines(300, '2026-11-11'));
    let enough = (): void => undefined;
    const toldTwice = new Promise<void>((resolve) => {
      enough = resolve;
    });
    async function* slowly(): AsyncGenerator<Buffer> {
      for await (const chunk of chunksOf(text, 4000)) yield chunk;
      // The rest of the file is on its way; the story goes on once it was told twice how far it is.
      await toldTwice;
    }

    await importStatement(
      db.ingest,
      importOptions(
        { billDate: '2026-11-11' },
        {
          source: slowly(),
          onProgress: (progress) => {
            told.push(progress);
            if (told.length === 2) enough();
          },
        },
      ),
    );

    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told.at(-1)).toEqual({ bytes: Buffer.byteLength(text), lines: 301 });
    expect(told.every((one, n) => n === 0 || one.bytes >= (told[n - 1]?.bytes ?? 0))).toBe(true);
  });

  test('the number of statements sent does not grow with its lines', async () => {
    const { pool, sent } = watchedPool(db.url, 'yuanlu_ingest');
    const counts: number[] = [];
    for (const [day, lines] of [
      ['2026-11-12', 3],
      ['2026-11-13', 3_000],
    ] as const) {
      await importStatement(pool, importOptions({ billDate: day, lines: manyLines(lines, day) }));
      counts.push(sent().length);
    }
    expect(counts[1]).toBe(counts[0]);
    await pool.end();
  });
});

test('statements are listed in the order of their arrival, by account and days, in pages', async () => {
  const accountId = 'stall-wechat';
  const days = ['2026-09-01', '2026-09-03', '2026-09-02'];
  const ids: string[] = [];
  for (const billDate of days) {
    ids.push((await importPlain(db, { billDate }, { accountId, expectMerchantNo: null })).fileId);
  }
  const list = (o: object) => listStatementFiles(db.pool, { accountId, limit: 10, ...o });

  expect((await list({})).map((one) => one.id)).toEqual(ids);
  expect((await list({ from: '2026-09-02', to: '2026-09-02' })).map((one) => one.id)).toEqual([ids[2]]);
  expect((await list({ limit: 2 })).map((one) => one.id)).toEqual(ids.slice(0, 2));
  expect((await list({ after: ids[1] })).map((one) => one.id)).toEqual([ids[2]]);
  expect((await listStatementFiles(db.pool, { limit: 1000 })).length).toBeGreaterThan(3);
  expect(await getStatementFile(db.pool, 'x')).toBeNull();
  expect(await getStatementFile(db.pool, '999999999')).toBeNull();
});
