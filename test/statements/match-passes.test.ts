/** The passes of matching, one by one: our number, the channel's number, transaction and amount inside a window. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noBreaks } from '../../store/match.ts';
import { matchStatement } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { recordRefund } from '../../store/record-refund.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { RULES, claimOf, fresh, minute, openAccounts, pay, requestFor, said } from '../store/books.ts';
import { DAY, DAY_AFTER, DAY_BEFORE, bring, importPlain, lineOf, shortFates, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

// Every test has the account to itself: what others matched is out of its way.
beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  await openAccounts(db.pool);
});

const bill = async (lines: readonly PlainLine[]) => {
  const { fileId, result } = await bring(db, { lines });
  return { fates: await shortFates(db, fileId), result, fileId };
};

const without = { refundNo: '', channelRefundNo: '', transactionId: '' };

describe('pass (a): our number', () => {
  test('is enough by itself, whatever else the line leaves out', async () => {
    const refund = await taken(db, 500n);
    const lines = [lineOf(refund, { channelRefundNo: '', transactionId: '' })];
    const { fates, fileId, result } = await bill(lines);
    expect(fates).toEqual([`${refund.refundNo}@1`]);
    expect(result).toEqual({
      ...{ refundNo: 1, channelRefundNo: 0, transactionAmount: 0, byPeople: 0 },
      decisive: { fileId, refunds: 0 },
      breaks: noBreaks(),
    });
  });

  test('where it names a refund within its payment only, is not enough for a line of another payment', async () => {
    const refund = await taken(db, 500n);
    const lines = [lineOf(refund, { channelRefundNo: '', transactionId: 'other' })];
    const { fileId } = await bring(db, { lines }, { numberWithin: 'payment' });

    expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
  });

  test('where it names a refund within its payment only, is enough for a line of that payment', async () => {
    const refund = await taken(db, 500n);
    const { fileId } = await bring(db, { lines: [lineOf(refund)] }, { numberWithin: 'payment' });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
  });

  test('is the account’s: the same number at another account is another refund', async () => {
    const refund = await taken(db, 500n);
    const { fileId } = await bring(
      db,
      { lines: [lineOf(refund, { transactionId: '', channelRefundNo: '' })] },
      {
        accountId: 'stall-wechat',
      },
    );
    expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
  });

  test('F70 with both accounts having the number, each line goes to its own refund', async () => {
    const refundNo = fresh('R');
    const claims = [claimOf(50n), claimOf(50n, { accountId: 'stall-wechat' })];
    for (const [n, merchantId] of ['shop', 'stall'].entries()) {
      const claim = claims[n] ?? claimOf(50n);
      const { refund } = await recordRefund(
        db.pool,
        requestFor({ paymentNo: fresh('P') }, 50n, { merchantId, refundNo, payment: claim }),
        RULES,
      );
      await observe(db.pool, refund.id, [said('processing', 2)]);
    }
    const lines = [{ at: `${DAY} 12:00:00`, refundNo, amount: 50 }];
    const ours = await bring(db, { lines });
    const theirs = await bring(db, { lines }, { accountId: 'stall-wechat' });
    expect([ours.result.refundNo, theirs.result.refundNo]).toEqual([1, 1]);
    const { rows } = await db.owner.query(
      `select count(distinct m.refund_id)::int as refunds, bool_and(m.account_id = r.account_id) as own
         from matches m join refunds r on r.id = m.refund_id`,
    );
    expect(rows).toEqual([{ refunds: 2, own: true }]);
  });

  test('is compared letter by letter', async () => {
    const refund = await taken(db, 500n);
    const { fates } = await bill([
      lineOf(refund, { ...without, refundNo: refund.refundNo.toLowerCase() }),
      lineOf(refund, { ...without, refundNo: `${refund.refundNo} ` }),
    ]);
    expect(fates).toEqual(['missing_in_books', 'missing_in_books']);
  });
});

describe('pass (b): the channel’s number', () => {
  test('finds the refund of a line that does not have ours', async () => {
    const refund = await taken(db, 500n);
    const { fates, result } = await bill([lineOf(refund, { refundNo: '' })]);
    expect(fates).toEqual([`${refund.refundNo}@2`]);
    expect(result).toMatchObject({ refundNo: 0, channelRefundNo: 1 });
  });

  test('finds it also when the line has a number of ours that we do not have', async () => {
    const refund = await taken(db, 500n);
    const { fates } = await bill([lineOf(refund, { refundNo: 'typed-by-hand' })]);
    expect(fates).toEqual([`${refund.refundNo}@2`]);
  });

  test('does not overrule ours: where both name refunds, the line is about ours, and they contradict each other', async () => {
    const [one, other] = [await taken(db, 500n), await taken(db, 500n)];
    const { fates, fileId } = await bill([lineOf(one, { channelRefundNo: other.channelRefundNo ?? '' })]);
    expect(fates).toEqual(['number_differs']);
    const { rows } = await db.owner.query('select refund_no from breaks where file_id = $1', [fileId]);
    expect(rows).toEqual([{ refund_no: one.refundNo }]);
  });
});

describe('pass (c): transaction and amount', () => {
  test('finds the one refund that fits, at its own amount', async () => {
    const payment = await pay(db.pool, 900n, { transactionId: fresh('T') });
    const [small, large] = [await taken(db, 100n, { payment }), await taken(db, 200n, { payment })];
    const { fates, result } = await bill([
      lineOf(large, { refundNo: '', channelRefundNo: '' }),
      lineOf(small, { refundNo: '', channelRefundNo: '' }),
    ]);
    expect(fates).toEqual([`${large.refundNo}@3`, `${small.refundNo}@3`]);
    expect(result).toMatchObject({ transactionAmount: 2 });
  });

  test('never takes another amount for it', async () => {
    const refund = await taken(db, 500n);
    const { fates } = await bill([lineOf(refund, { refundNo: '', channelRefundNo: '', amount: 499 })]);
    expect(fates).toEqual(['missing_in_books']);
  });

  test.each([
    ['three days before', `2026-11-21 10:02:00`, true],
    ['a second more', `2026-11-21 10:01:59`, false],
    ['three days after', `2026-11-27 10:02:00`, true],
    ['a second more than three days after', `2026-11-27 10:02:01`, false],
  ])('looks no further than its window: %s its acceptance', async (_, at, fits) => {
    const refund = await taken(db, 500n, { minutes: 2 }); // accepted 10:02 in Beijing
    const { fileId } = await bring(db, {
      billDate: at.slice(0, 10),
      lines: [lineOf(refund, { refundNo: '', channelRefundNo: '', at })],
    });
    const [fate] = await shortFates(db, fileId);
    expect(fate?.startsWith(`${refund.refundNo}@3`)).toBe(fits);
  });

  test('has the window that it is given', async () => {
    const refund = await taken(db, 500n);
    const { fileId } = await importPlain(db, {
      lines: [lineOf(refund, { refundNo: '', channelRefundNo: '' })],
    });
    const narrow = await matchStatement(db.ingest, fileId, { now: minute(60), windowMs: 60_000 });
    expect(narrow).toMatchObject({ transactionAmount: 0, breaks: { missing_in_books: 1 } });
    const wide = await matchStatement(db.ingest, fileId, { now: minute(60), windowMs: 7_200_000 });
    expect(wide).toMatchObject({ transactionAmount: 1, breaks: { missing_in_books: 0 } });
  });

  test('never touches a refund that a line names by number, in whatever order they stand', async () => {
    const refund = await taken(db, 500n);
    const bare = lineOf(refund, { refundNo: '', channelRefundNo: '' });
    for (const lines of [
      [bare, lineOf(refund)],
      [lineOf(refund), bare],
    ]) {
      const { fates } = await bill(lines);
      expect(fates.toSorted()).toEqual([`${refund.refundNo}@1`, 'missing_in_books'].toSorted());
    }
  });

  test('F69 I8 takes a refund made at the channel’s console for nobody’s: it has a number of its own', async () => {
    const refund = await taken(db, 500n);
    const byHand = lineOf(refund, { refundNo: 'made-at-the-console', channelRefundNo: '' });
    const { fates, result } = await bill([byHand]);
    expect(fates).toEqual(['missing_in_books']);
    expect(result.decisive.refunds).toBe(0);
  });

  test('finds a refund of a list under another number of ours: a list need not have those that the channel was sent', async () => {
    const refund = await taken(db, 500n);
    const lines = [lineOf(refund, { refundNo: 'as-the-channel-has-it', channelRefundNo: '' })];
    const { fileId } = await importPlain(db, { lines });
    await matchStatement(db.ingest, fileId, { now: minute(60), ourNumbers: 'listed' });
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@3`]);
  });

  test('needs a transaction: amount and day alone are no reason', async () => {
    const refund = await taken(db, 500n);
    const { fates } = await bill([lineOf(refund, without)]);
    expect(fates).toEqual(['missing_in_books']);
  });

  test('F73 with two refunds for one line is not guessed: both are named as candidates', async () => {
    const payment = await pay(db.pool, 900n, { transactionId: fresh('T') });
    const refunds = [await taken(db, 100n, { payment }), await taken(db, 100n, { payment })];
    const { fates, fileId, result } = await bill([
      lineOf(refunds[0] ?? (await taken(db, 1n)), { refundNo: '', channelRefundNo: '' }),
    ]);
    expect(fates).toEqual(['ambiguous']);
    expect(result.breaks).toEqual({ ...noBreaks(), ambiguous: 1 });
    const { rows } = await db.pool.query('select detail, refund_id from breaks where file_id = $1', [fileId]);
    expect(rows).toEqual([
      { detail: { candidates: refunds.map(({ refundNo }) => refundNo).toSorted() }, refund_id: null },
    ]);
  });

  test('F73 with two lines for one refund is not guessed either', async () => {
    const refund = await taken(db, 100n);
    const bare = lineOf(refund, { refundNo: '', channelRefundNo: '' });
    const { fates } = await bill([bare, { ...bare, at: `${DAY} 13:00:00` }]);
    expect(fates).toEqual(['ambiguous', 'ambiguous']);
  });

  test('F73 is sure where numbers have taken the other candidates away', async () => {
    const payment = await pay(db.pool, 900n, { transactionId: fresh('T') });
    const [named, bare] = [await taken(db, 100n, { payment }), await taken(db, 100n, { payment })];
    const { fates } = await bill([lineOf(bare, { refundNo: '', channelRefundNo: '' }), lineOf(named)]);
    expect(fates).toEqual([`${bare.refundNo}@3`, `${named.refundNo}@1`]);
  });

  test('F18 never guesses across accounts or currencies', async () => {
    const refund = await taken(db, 500n);
    await syncAccounts(db.pool, [
      { id: 'third', merchantId: 'm3', channel: 'wechat', externalId: '1900000309' },
    ]);
    const { fileId } = await bring(
      db,
      { lines: [lineOf(refund, { refundNo: '', channelRefundNo: '' })] },
      {
        accountId: 'third',
      },
    );
    expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
  });
});

describe('lines that are no refunds', () => {
  test('are left alone: a payment has no match and no break', async () => {
    const refund = await taken(db, 500n);
    const { result, fates } = await bill([lineOf(refund), lineOf(refund, { type: 'payment' })]);
    expect(result).toMatchObject({ refundNo: 1, breaks: noBreaks() });
    expect(fates).toHaveLength(1);
  });

  test('F65 of the fund flow are not matched a second time: the trade statement has the refund, once', async () => {
    const refund = await taken(db, 500n);
    const lines = [lineOf(refund)];
    const flow = await bring(db, { kind: 'fund_flow', lines });
    const trade = await bring(db, { lines });
    const again = await matchStatement(db.ingest, flow.fileId, { now: minute(90) });
    expect(flow.result).toEqual({
      ...{ refundNo: 0, channelRefundNo: 0, transactionAmount: 0, byPeople: 0 },
      decisive: { fileId: flow.fileId, refunds: 0 },
      breaks: noBreaks(),
    });
    expect(again).toEqual(flow.result);
    expect(await shortFates(db, trade.fileId)).toEqual([`${refund.refundNo}@1`]);
    expect(await shortFates(db, flow.fileId)).toEqual(['']);
  });
});

test('F60 I21 a refund of the last tenth of a second of a day is found in the bill of either day', async () => {
  for (const billDate of [DAY, DAY_AFTER, DAY_BEFORE]) {
    const refund = await taken(db, 500n);
    const at = `${billDate} ${billDate === DAY_AFTER ? '00:00:00' : '23:59:59'}`;
    const { fileId } = await bring(db, { billDate, lines: [lineOf(refund, { at })] });
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
  }
});

test('a statement that is not there, was refused, or is no number at all is said to be unknown', async () => {
  await expect(importPlain(db, { text: 'x\n' })).rejects.toMatchObject({ code: 'statement_unrecognised' });
  const { rows } = await db.owner.query<{ id: bigint }>(
    `select id from statement_files where status = 'refused'`,
  );
  for (const id of [String(rows[0]?.id), '999999999', 'x', '-1', '1;', '']) {
    await expect(matchStatement(db.ingest, id, { now: minute(60) })).rejects.toMatchObject({
      code: 'statement_unknown',
    });
  }
});

test.each([1, 0])(
  'a file of which %i of two refund lines is seen is not taken for matched: another try sees both',
  async (seen) => {
    const lines = [lineOf(await taken(db, 100n)), lineOf(await taken(db, 100n))];
    const { fileId } = await importPlain(db, { lines });
    await db.owner.query('delete from statement_lines where line_no > $1', [1 + seen]);

    await expect(matchStatement(db.ingest, fileId, { now: minute(1) })).rejects.toMatchObject({
      code: 'invariant_broken',
    });

    const { rows } = await db.owner.query('select from statement_files where matched_at is not null');
    expect(rows).toEqual([]);
  },
);
