/** Closing a day of an account whose fund flow is fetched, too: what left the account may be booked on the day after. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { DAY, DAY_AFTER, taken } from '../statements/bills.ts';
import { bringFlow, bringTrade } from '../statements/flow-days.ts';
import { askedAboutDay } from '../support/closed-day.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT, openAccounts } from './books.ts';

/** When both days are over. */
const NOW = new Date('2026-11-26T02:00:00Z');

let db: TestDatabase;
let refundNo: string;

/** Each test has books of its own: a day whose refund left the account nowhere yet, and the trade statement of the day after. */
beforeEach(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
  const refund = await taken(db, 234n);
  refundNo = refund.refundNo;
  await bringTrade(db, DAY, [{ refundNo, transactionId: refund.payment.transactionId ?? '', amount: 234 }]);
  await bringFlow(db, DAY, []);
  await bringTrade(db, DAY_AFTER, []);
});
afterEach(() => db.drop());

function asked(...kinds: readonly ('trade' | 'fund_flow')[]): Promise<Approval> {
  const day = { merchantId: MERCHANT, accountId: ACCOUNT, billDate: DAY };
  return askedAboutDay(db.pool, 'close_day', day, { now: NOW, kinds });
}

const refusedAs = (sentence: unknown): object => ({ code: 'day_not_closable', details: { sentence } });

test('a day is not closed while the movement of its refund may stand in the fund flow of the day after', async () => {
  await expect(asked('trade', 'fund_flow')).rejects.toMatchObject(
    refusedAs(
      `statement_final: the fund_flow statement of ${DAY_AFTER} is not there; the money of a refund of ${DAY} may stand in it`,
    ),
  );

  await bringFlow(db, DAY_AFTER, []);
  await expect(asked('trade', 'fund_flow')).rejects.toMatchObject(
    refusedAs(expect.stringMatching(/^no_open_break: break [0-9]+, missing_in_fund_flow/)),
  );
});

test('a day is closed once the fund flow of the day after has the movement of its refund', async () => {
  await bringFlow(db, DAY_AFTER, [{ word: 'refund', refundNo, amount: 234 }]);

  expect(await asked('trade', 'fund_flow')).toMatchObject({ act: 'close_day', decision: null });
});

test('a day of an account without a fund flow waits for the trade statement of the day after alone', async () => {
  expect(await asked('trade')).toMatchObject({ act: 'close_day', decision: null });
});
