/**
 * A line that has a number of a refund, and another number, or a state, that contradicts it: it is named with both sides, it
 * proves nothing about the refund, and people say whose it is.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { explainBreak } from '../../store/break-facts.ts';
import { listBreaks } from '../../store/breaks.ts';
import { recordMatchedLine } from '../../store/matched-lines.ts';
import { matchStatement, sweepMissing } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import {
  ACCOUNT,
  DAY_MS,
  MERCHANT,
  fresh,
  minute,
  openAccounts,
  pay,
  refundOf,
  said,
  sent,
} from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { approvedByBob, askedAboutBreaks } from '../support/two-people.ts';
import { DAY, DAY_AFTER, bring, lineOf, shortFates, taken } from './bills.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, forced_matches, quarantined_lines, statement_files cascade',
  );
  await openAccounts(db.pool);
});

async function paid(amountMinor: bigint): Promise<Refund> {
  const refund = await taken(db, amountMinor);
  return observe(db.pool, refund.id, [said('success', 5, { channelRefundNo: refund.channelRefundNo ?? '' })]);
}

const stateOf = async ({ id }: Refund): Promise<string | undefined> =>
  (await getRefundById(db.pool, id))?.state;

const breaksOf = async ({ refundNo }: Refund, status: 'open' | 'closed' = 'open') =>
  (await listBreaks(db.pool, { status, refundNo, limit: 10 })).breaks;

const later = minute(3 * 24 * 60);
const sweep = () =>
  sweepMissing(db.ingest, {
    ...{ accountId: ACCOUNT, asOf: new Date(later.getTime() + 7 * DAY_MS) },
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });

test.each([
  ['in the order of days', [DAY, DAY_AFTER]],
  ['the later day first', [DAY_AFTER, DAY]],
])('I11: it keeps lines of other files from the refund that it names, %s', async (_, days) => {
  const refund = await taken(db, 500n);
  const lines = new Map([
    [DAY, lineOf(refund, { transactionId: 'elsewhere', channelRefundNo: '' })],
    [DAY_AFTER, lineOf(refund, { at: `${DAY_AFTER} 12:00:00`, refundNo: '', channelRefundNo: '' })],
  ]);
  const files = new Map<string, string>();
  for (const billDate of days) {
    const line = lines.get(billDate);
    const { fileId } = await bring(db, { billDate, lines: line === undefined ? [] : [line] });
    files.set(billDate, fileId);
  }

  expect(await shortFates(db, files.get(DAY) ?? '')).toEqual(['number_differs']);
  expect(await shortFates(db, files.get(DAY_AFTER) ?? '')).toEqual(['missing_in_books']);
});

describe('a line with our number of a refund', () => {
  test.each([
    ['another transaction', { transactionId: 'elsewhere' }, 'transaction_id'],
    ['another number of the channel', { channelRefundNo: 'another' }, 'channel_refund_no'],
  ])('and %s is named with both sides, and does not settle the refund', async (_, change, key) => {
    const refund = await paid(500n);
    const { fileId, result } = await bring(db, { lines: [lineOf(refund, change)] });

    expect(await shortFates(db, fileId)).toEqual(['number_differs']);
    expect(result).toMatchObject({ refundNo: 0, breaks: { number_differs: 1 }, decisive: { refunds: 0 } });
    const [one] = await breaksOf(refund);
    const ours = { transaction_id: refund.payment.transactionId, channel_refund_no: refund.channelRefundNo };
    expect(one).toMatchObject({
      kind: 'number_differs',
      refundId: refund.id,
      detail: {
        numbers: { [key]: { ours: ours[key as keyof typeof ours], theirs: Object.values(change)[0] } },
      },
    });
    expect(await stateOf(refund)).toBe('succeeded');
    expect(await recordMatchedLine(db.pool, refund.id, minute(70))).toBeNull();
  });

  test('proves nothing about one without an answer: it stays unknown', async () => {
    const payment = await pay(db.pool, 900n, { transactionId: fresh('T') });
    const refund = await refundOf(db.pool, 500n, payment);
    await observe(db.pool, refund.id, [sent(1, 2)]);
    const { result } = await bring(db, {
      lines: [lineOf({ ...refund, payment }, { transactionId: 'elsewhere' })],
    });

    expect(result).toMatchObject({ breaks: { number_differs: 1 }, decisive: { refunds: 0 } });
    expect(await stateOf(refund)).toBe('unknown');
  });

  test('contradicts nothing by what it does not print, nor by what the books do not know', async () => {
    const [printsLess, knowsLess] = [
      await taken(db, 500n),
      await taken(db, 600n, { payment: await pay(db.pool, 900n) }),
    ];
    const lines = [
      lineOf(printsLess, { transactionId: '', channelRefundNo: '' }),
      lineOf(knowsLess, { transactionId: 'the channel knows it' }),
    ];
    const { fileId } = await bring(db, { lines });

    expect(await shortFates(db, fileId)).toEqual([`${printsLess.refundNo}@1`, `${knowsLess.refundNo}@1`]);
  });

  test('and another amount as well is one difference, with the numbers named', async () => {
    const refund = await paid(500n);
    const { result, fileId } = await bring(db, {
      lines: [lineOf(refund, { transactionId: 'elsewhere', amount: 1 })],
    });

    expect(await shortFates(db, fileId)).toEqual(['number_differs']);
    expect(result).toMatchObject({
      breaks: { number_differs: 1, amount_differs: 0 },
      decisive: { refunds: 0 },
    });
    expect(await stateOf(refund)).toBe('succeeded');
  });

  test('and another line that agrees leave it with the one that agrees, in whatever order they come', async () => {
    for (const agreeing of [0, 1]) {
      const refund = await paid(500n);
      const files = [];
      for (const [index, billDate] of [DAY, DAY_AFTER].entries()) {
        const at = `${billDate} 12:00:00`;
        const line = lineOf(refund, index === agreeing ? { at } : { at, transactionId: 'elsewhere' });
        files.push(await bring(db, { billDate, lines: [line] }, { now: minute(60 + index) }));
      }
      const fates = await Promise.all(files.map(({ fileId }) => shortFates(db, fileId)));

      expect(fates[agreeing]).toEqual([`${refund.refundNo}@1`]);
      expect(fates[1 - agreeing]).toEqual(['duplicate_line']);
      expect(await stateOf(refund)).toBe('settled');
      await db.owner.query('truncate statement_lines, matches, breaks, statement_files cascade');
    }
  });

  test('of swapped numbers is named on both sides of the swap', async () => {
    const [one, other] = [await paid(500n), await paid(500n)];
    const lines = [lineOf(one, { refundNo: other.refundNo }), lineOf(other, { refundNo: one.refundNo })];
    const { fileId } = await bring(db, { lines });

    expect(await shortFates(db, fileId)).toEqual(['number_differs', 'number_differs']);
    expect([await stateOf(one), await stateOf(other)]).toEqual(['succeeded', 'succeeded']);
  });
});

describe('a line with the channel’s number of a refund', () => {
  test('and another transaction is named as well', async () => {
    const refund = await paid(500n);
    const { fileId } = await bring(db, {
      lines: [lineOf(refund, { refundNo: '', transactionId: 'elsewhere' })],
    });

    expect(await shortFates(db, fileId)).toEqual(['number_differs']);
    expect(await stateOf(refund)).toBe('succeeded');
  });

  test('and another number of ours as well has all of them named', async () => {
    const refund = await paid(500n);
    await bring(db, { lines: [lineOf(refund, { refundNo: 'typed-by-hand', transactionId: 'elsewhere' })] });

    const [one] = await breaksOf(refund);
    expect(one?.detail['numbers']).toEqual({
      refund_no: { ours: refund.refundNo, theirs: 'typed-by-hand' },
      transaction_id: { ours: refund.payment.transactionId, theirs: 'elsewhere' },
    });
  });
});

describe('of two lines that claim a refund, the one that contradicts it', () => {
  const mixed = (refund: Refund) => [
    lineOf(refund, { channelRefundNo: 'another', transactionId: 'elsewhere' }),
    lineOf(refund, { refundNo: 'another-of-ours' }),
  ];

  test('is not the other again where they have no number in common', async () => {
    const refund = await paid(500n);
    const { fileId } = await bring(db, { lines: mixed(refund) });

    expect(await shortFates(db, fileId)).toEqual(['number_differs', `${refund.refundNo}@2`]);
    const [one] = await breaksOf(refund);
    expect(one).toMatchObject({ refundId: refund.id, detail: { of_file: fileId, of_line: 3 } });
    expect(Object.keys(one?.detail['numbers'] as object).toSorted()).toEqual([
      'channel_refund_no',
      'transaction_id',
    ]);
    expect(await stateOf(refund)).toBe('settled');
  });

  test('is a duplicate where they have one', async () => {
    const refund = await paid(500n);
    const { fileId } = await bring(db, {
      lines: [lineOf(refund), lineOf(refund, { channelRefundNo: 'another' })],
    });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`, 'duplicate_line']);
  });
});

test('a line with the transaction and the amount of a refund, and another number of the channel, is another refund', async () => {
  const refund = await paid(500n);
  const { fileId } = await bring(db, {
    lines: [lineOf(refund, { refundNo: '', channelRefundNo: 'another' })],
  });

  expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
});

describe('a line that contradicts its refund', () => {
  test('leaves it missing nowhere while that is not answered, whichever came first', async () => {
    const refund = await paid(500n);
    await bring(db, { lines: [] });
    await bring(db, { billDate: DAY_AFTER, lines: [] });
    await sweep();
    expect((await breaksOf(refund)).map(({ kind }) => kind)).toEqual(['missing_at_channel']);

    const billDate = '2026-11-26';
    await bring(
      db,
      { billDate, lines: [lineOf(refund, { at: `${billDate} 12:00:00`, transactionId: 'elsewhere' })] },
      { now: later },
    );
    await sweep();

    expect((await breaksOf(refund)).map(({ kind }) => kind)).toEqual(['number_differs']);
    expect(await breaksOf(refund, 'closed')).toMatchObject([
      { kind: 'missing_at_channel', closedReason: 'line_found' },
    ]);
  });

  test('is its line once two people have said so, and stays it when matched again', async () => {
    const refund = await paid(500n);
    const typed = (refund.payment.transactionId ?? '').replace(/.$/, 'x');
    const { fileId } = await bring(db, { lines: [lineOf(refund, { transactionId: typed })] });
    const [one] = await breaksOf(refund);
    if (one === undefined) throw new Error('no break');
    const told = { refund_no: refund.refundNo, code: 'number_mistyped' };
    const about = {
      merchantId: MERCHANT,
      act: 'force_match',
      breakIds: [one.id],
      told,
      at: minute(80),
    } as const;
    await approvedByBob(db.pool, await askedAboutBreaks(db.pool, about), minute(81));

    expect(await stateOf(refund)).toBe('settled');
    await matchStatement(db.ingest, fileId, { now: minute(90) });
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@9`]);
    expect(await breaksOf(refund)).toEqual([]);
  });

  test('is explained key by key, with what to do and why', async () => {
    const refund = await paid(500n);
    await bring(db, { lines: [lineOf(refund, { transactionId: 'elsewhere' })] });
    const [one] = await breaksOf(refund);
    if (one === undefined) throw new Error('no break');

    expect(await explainBreak(db.pool, one, minute(90))).toMatchObject({
      keys: { refund_no: 'agrees', channel_refund_no: 'agrees', transaction_id: 'differs', amount: 'agrees' },
      candidates: [],
      suggestion: { act: 'ask_channel' },
    });
  });

  test('is no contradiction any more once the books are put right', async () => {
    const refund = await paid(500n);
    const { fileId } = await bring(db, { lines: [lineOf(refund, { transactionId: 'the right one' })] });
    await db.owner.query('update payments set transaction_id = $2 where id = $1', [
      refund.payment.id,
      'the right one',
    ]);
    await matchStatement(db.ingest, fileId, { now: minute(90) });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
    expect(await breaksOf(refund)).toEqual([]);
    expect(await stateOf(refund)).toBe('settled');
  });
});

describe('the state that a line prints', () => {
  test('F67 SUCCESS of a refund that the books hold for abnormal is a conflict; what it proves is recorded as ever', async () => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('abnormal', 5)]);
    const { fileId, result } = await bring(db, { lines: [lineOf(refund, { type: 'refund:SUCCESS' })] });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1+state_conflict`]);
    expect(await breaksOf(refund)).toMatchObject([
      { detail: { state: 'needs_action', line_status: 'SUCCESS' } },
    ]);
    expect(result.decisive.refunds).toBe(1);
  });

  test('F67 SUCCESS of a refund that the books hold for closed is a conflict, where PROCESSING is none', async () => {
    for (const [status, fate] of [
      ['SUCCESS', '+state_conflict'],
      ['PROCESSING', ''],
    ] as const) {
      const refund = await taken(db, 500n);
      await observe(db.pool, refund.id, [said('closed', 5)]);
      const billDate = status === 'SUCCESS' ? DAY : DAY_AFTER;
      const line = lineOf(refund, { at: `${billDate} 12:00:00`, type: `refund:${status}` });
      const { fileId } = await bring(db, { billDate, lines: [line] });
      expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1${fate}`]);
    }
  });

  test('CLOSED of a refund that the books hold for done is a conflict, and does not settle it', async () => {
    const refund = await paid(500n);
    const { fileId } = await bring(db, { lines: [lineOf(refund, { type: 'refund:CLOSED' })] });

    expect(await shortFates(db, fileId)).toEqual(['state_conflict']);
    expect(await stateOf(refund)).toBe('succeeded');
  });

  test.each(['SUCCESS', 'PROCESSING', 'ABNORMAL'])(
    '%s of one that the books hold for done is none: it is printed once',
    async (status) => {
      const refund = await paid(500n);
      const { fileId } = await bring(db, { lines: [lineOf(refund, { type: `refund:${status}` })] });

      expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
      expect(await stateOf(refund)).toBe('settled');
    },
  );
});
