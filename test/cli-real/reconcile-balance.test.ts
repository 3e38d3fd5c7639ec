/** A run checks its own books: whatever loses a line or a refund, or counts it twice, ends it as a bug. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Books } from '../../cli/reconcile/books.ts';
import { openBooks } from '../../cli/reconcile/books.ts';
import { RECONCILE_CHANNELS } from '../../cli/reconcile/channels.ts';
import type { Judgement } from '../../cli/reconcile/judge.ts';
import { judge } from '../../cli/reconcile/judge.ts';
import { createListedTable, fillListedTable } from '../../cli/reconcile/listed-table.ts';
import type { ReconcilePlan } from '../../cli/reconcile/options.ts';
import { openList } from '../../cli/reconcile/run.ts';
import { loadStatements, matchStatements } from '../../cli/reconcile/statements.ts';
import { required } from '../support/required.ts';
import { tradeBill } from './bill.ts';
import type { Desk } from './reconcile-run.ts';
import { openDesk, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

/** Judges three refunds that agree with their lines, after `meddle` has been at the books. */
async function judged(meddle: (books: Books) => Promise<unknown>): Promise<Judgement> {
  const numbers = ['R1', 'R2', 'R3'];
  const statement = await desk.put('bill.csv', tradeBill(numbers.map((refundNo) => ({ refundNo }))));
  const list = await desk.put('refunds.csv', refundList(numbers.map((refund_no) => ({ refund_no }))));
  const [channel] = RECONCILE_CHANNELS;
  if (channel === undefined) throw new Error('there is a channel');
  const plan: ReconcilePlan = {
    channel,
    statements: [statement],
    list,
    asOf: null,
    out: null,
    database: null,
  };
  const o = { now: new Date(), progress: { update: () => undefined } };

  const opened = await openList(plan);
  const books = await openBooks(required('YUANLU_TEST_DATABASE_URL'), () => undefined);
  try {
    await createListedTable(books.owner, channel.name);
    await fillListedTable(books.owner, opened.copyText);
    const statements = await loadStatements(books, { ...o, files: plan.statements, channel });
    await matchStatements(books, statements, { ...o, channel });
    await meddle(books);
    return await judge(books.owner, { channel, asOf: o.now, statements, refunds: 3, corrections: 0 });
  } finally {
    await books.close();
  }
}

describe('the books of a run', () => {
  test('balance when nobody has meddled with them', async () => {
    const { lines, refunds } = await judged(() => Promise.resolve());

    expect(lines).toEqual({ total: 3, matched: 3, waiting: 0, breaks: 0 });
    expect(refunds).toEqual({ total: 3, matched: 3, waiting: 0, breaks: 0 });
  });

  test('do not balance when a line is lost', async () => {
    const outcome = judged(({ owner }) => owner.query('delete from yuanlu.matches where line_no = 3'));

    await expect(outcome).rejects.toMatchObject({
      code: 'invariant_broken',
      details: { sentence: 'all lines are somewhere: 2 matched, 0 waiting and 0 in breaks are 3' },
    });
  });

  test('do not balance when a refund is lost', async () => {
    const outcome = judged(({ owner }) => owner.query(`delete from reconcile.listed where refund_no = 'R2'`));

    await expect(outcome).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  test('do not balance when one line is counted twice and another not at all, though the counts are right', async () => {
    const outcome = judged(({ owner }) =>
      owner.query('update yuanlu.matches set line_no = 2 where line_no = 3'),
    );

    await expect(outcome).rejects.toMatchObject({
      code: 'invariant_broken',
      details: { sentence: 'no line and no refund is in two places' },
    });
  });

  test('still balance when a break is written about a line: its refund is then without one, and waiting', async () => {
    const { lines, refunds } = await judged(({ owner }) =>
      owner.query(
        `insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, refund_id, currency, opened_at)
         select 'ambiguous', 'x', account_id, file_id, line_no, refund_id, 'CNY', now() from yuanlu.matches where line_no = 2`,
      ),
    );

    expect(lines).toEqual({ total: 3, matched: 2, waiting: 0, breaks: 1 });
    expect(refunds.matched + refunds.waiting + refunds.breaks).toBe(3);
  });
});
