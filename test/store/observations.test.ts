/** Evidence in the database: appended once, never changed, and the refund's row follows from it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { nextAttempt, observationsOf, observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  MERCHANT,
  countOf,
  fresh,
  minute,
  openAccounts,
  pay,
  refundOf,
  said,
  sent,
  sumsOf,
  turnedDown,
} from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

function unknownAnswer(attempt: number, minutes: number): Observation {
  const ref = `attempt-${String(attempt)}`;
  return {
    kind: 'attempt_unknown',
    source: 'submit',
    ref,
    at: minute(minutes).toISOString(),
    attempt,
    why: 'time-out',
  };
}

describe('a channel that tells when the payer’s bank has it', () => {
  test('has a card refund at the bank from its success on, also where the notice of that said nothing of the bank', async () => {
    await syncAccounts(db.pool, [
      { id: 'shop-alipay', merchantId: MERCHANT, channel: 'alipay', externalId: '2088' },
    ]);
    const payment = await pay(db.pool, 500n, { accountId: 'shop-alipay' });
    await db.owner.query(`update payments set funding_source = 'debit_card' where id = $1`, [payment.id]);
    const refund = await refundOf(db.pool, 500n, payment);
    const legs: unknown[] = [];
    for (const word of [
      said('processing', 2),
      { ...said('success', 3), source: 'callback' } as const,
      said('success', 4, { bankLeg: 'arrived' }),
    ]) {
      await observe(db.pool, refund.id, [word]);
      legs.push((await getRefundById(db.pool, refund.id))?.bankLeg);
    }

    expect(legs).toEqual([null, 'pending', 'arrived']);
  });
});

describe('evidence about a refund', () => {
  test('keeps the flaw and the clearing day, whichever word of the channel brought them', async () => {
    const flaw = 'A6 有缺陷的成功[9000A6]';
    const words = [
      said('success', 4, { ref: 'query', flaw }),
      said('success', 5, { ref: 'notice' }),
      said('processing', 3, { clearingDate: '1124' }),
    ];
    for (const order of [words, words.toReversed()]) {
      const refund = await refundOf(db.pool, 500n);
      await observe(db.pool, refund.id, [sent(1, 2)]);
      for (const word of order) await observe(db.pool, refund.id, [word]);

      expect(await getRefundById(db.pool, refund.id)).toMatchObject({
        state: 'succeeded',
        flaw,
        clearingDate: '1124',
      });
    }
  });

  test('moves its row in the same step, with the facts that the channel named', async () => {
    const refund = await refundOf(db.pool, 500n);
    const acceptedAt = '2026-11-24T02:02:00.000Z';
    const succeededAt = '2026-11-24T02:04:00.000Z';

    await observe(db.pool, refund.id, [sent(1, 2), said('processing', 3, { acceptedAt })]);
    const row = await observe(db.pool, refund.id, [
      said('success', 5, {
        channelRefundNo: fresh('5030'),
        succeededAt,
        landsIn: '招商银行信用卡0403',
        payerAmountMinor: '480',
        amountMinor: '500',
      }),
    ]);

    expect(row).toMatchObject({
      state: 'succeeded',
      stateReason: null,
      acceptedAt: new Date(acceptedAt),
      succeededAt: new Date(succeededAt),
      landsIn: '招商银行信用卡0403',
      lastAnswer: 'success',
      lastAskedAt: minute(5),
    });
    expect(await getRefundById(db.pool, refund.id)).toEqual(row);
    const { rows } = await db.owner.query<{ payer: bigint }>(
      'select payer_amount_minor as payer from refunds where id = $1',
      [refund.id],
    );
    expect(rows[0]?.payer).toBe(480n);
  });

  test('F29 given again adds no row and moves nothing, but says that the channel was asked', async () => {
    const refund = await refundOf(db.pool, 500n);
    const evidence = [sent(1, 2), said('processing', 3)];
    await observe(db.pool, refund.id, evidence);

    const askedLater = { ...said('processing', 3), at: minute(9).toISOString() };
    const again = await observe(db.pool, refund.id, [...evidence, askedLater]);

    expect(again).toMatchObject({ state: 'processing', lastAskedAt: minute(9) });
    expect(await countOf(db, 'observations where refund_id = $1', [refund.id])).toBe(2);
    expect(await countOf(db, 'audit where refund_id = $1', [refund.id])).toBe(2);
  });

  test('F32 that comes late neither steps back nor hides a newer answer', async () => {
    const refund = await refundOf(db.pool, 500n);
    await observe(db.pool, refund.id, [said('success', 9)]);

    const late = await observe(db.pool, refund.id, [said('processing', 4)]);

    expect(late).toMatchObject({ state: 'succeeded', lastAnswer: 'success', lastAskedAt: minute(9) });
  });

  test('F33 that names another amount stops the refund for a person', async () => {
    const refund = await refundOf(db.pool, 500n);
    const row = await observe(db.pool, refund.id, [said('success', 9, { amountMinor: '499' })]);
    expect(row).toMatchObject({ state: 'needs_action', stateReason: 'amount_mismatch' });
  });

  test('F40 of the bank leg is kept: the end of the way beats its beginning, whichever came first', async () => {
    const refund = await refundOf(db.pool, 500n);
    await observe(db.pool, refund.id, [
      said('success', 30, { bankLeg: 'returned_to_wallet', ref: 'end', landsIn: '零钱' }),
    ]);
    const row = await observe(db.pool, refund.id, [
      said('success', 31, { bankLeg: 'pending', ref: 'begin' }),
    ]);
    expect(row).toMatchObject({ state: 'succeeded', bankLeg: 'returned_to_wallet', landsIn: '零钱' });
  });

  test('of fifty callers at the same instant is all there, once, and the row is what all of it says', async () => {
    const refund = await refundOf(db.pool, 500n);
    const answers = Array.from({ length: 25 }, (_, n) => said('processing', n, { ref: `poll-${String(n)}` }));
    const all = [...answers, ...answers, said('success', 40)];

    await Promise.all(all.map((one) => observe(db.pool, refund.id, [one])));

    expect(await countOf(db, 'observations where refund_id = $1', [refund.id])).toBe(26);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      state: 'succeeded',
      lastAnswer: 'success',
    });
  });

  test('of no refund is refused and leaves nothing', async () => {
    const before = await countOf(db, 'observations');
    await expect(observe(db.pool, '999999999', [said('success', 1)])).rejects.toMatchObject({
      code: 'refund_unknown',
    });
    expect(await countOf(db, 'observations')).toBe(before);
  });

  test('that breaks off in the middle leaves neither evidence nor state', async () => {
    const refund = await refundOf(db.pool, 500n);
    const broken = { ...said('success', 5), at: 'no time at all' };

    await expect(observe(db.pool, refund.id, [said('processing', 4), broken])).rejects.toThrow();

    expect(await countOf(db, 'observations where refund_id = $1', [refund.id])).toBe(0);
    expect(await getRefundById(db.pool, refund.id)).toEqual(refund);
  });

  test('with characters that Postgres cannot hold is kept all the same, the characters replaced', async () => {
    const refund = await refundOf(db.pool, 500n);
    const landsIn = `卡\0号${'\ud83d'}0403`;
    const refusal = { ...turnedDown(1, 2), channelCode: 'A\0B' } as Observation;

    await observe(db.pool, refund.id, [sent(1, 1), refusal]);
    const row = await observe(db.pool, refund.id, [said('processing', 3, { landsIn, ref: 'odd\0ref' })]);

    expect(row).toMatchObject({ landsIn: '卡␀号\ufffd0403' });
    expect((await observationsOf(db.pool, refund.id)).map((one) => one.ref)).toContain('odd␀ref');
  });
});

describe("the channel's number of a refund", () => {
  test('F70 that another refund of the account holds is left out; the evidence itself is kept', async () => {
    const channelRefundNo = fresh('5030');
    const first = await refundOf(db.pool, 100n);
    const second = await refundOf(db.pool, 100n);
    await observe(db.pool, first.id, [said('processing', 3, { channelRefundNo })]);

    const row = await observe(db.pool, second.id, [said('success', 4, { channelRefundNo })]);

    expect(row).toMatchObject({ state: 'succeeded', channelRefundNo: null });
    expect(await observationsOf(db.pool, second.id)).toEqual([said('success', 4, { channelRefundNo })]);
    expect(await getRefundById(db.pool, first.id)).toMatchObject({ channelRefundNo });
  });

  test('that two refunds are told at the same instant goes to one of them, and no evidence is lost', async () => {
    for (let round = 0; round < 20; round += 1) {
      const channelRefundNo = fresh('5030');
      const refunds = [await refundOf(db.pool, 100n), await refundOf(db.pool, 100n)];

      const rows = await Promise.all(
        refunds.map((refund) => observe(db.pool, refund.id, [said('success', 4, { channelRefundNo })])),
      );

      expect(rows.map((row) => row.state)).toEqual(['succeeded', 'succeeded']);
      expect(rows.map((row) => row.channelRefundNo).filter((no) => no !== null)).toEqual([channelRefundNo]);
    }
  });
});

describe('I6 an attempt', () => {
  test('is counted from one, and written down before anything is sent', async () => {
    const refund = await refundOf(db.pool, 500n);

    expect(await nextAttempt(db.pool, refund.id, minute(2))).toEqual({ attempt: 1 });
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'unknown', lastAnswer: null });
    await observe(db.pool, refund.id, [unknownAnswer(1, 3)]);
    expect(await nextAttempt(db.pool, refund.id, minute(4))).toEqual({ attempt: 2 });

    expect(await observationsOf(db.pool, refund.id)).toMatchObject([
      { kind: 'attempt_started', ref: 'attempt-1', attempt: 1, at: minute(2).toISOString() },
      { kind: 'attempt_unknown', attempt: 1 },
      { kind: 'attempt_started', ref: 'attempt-2', attempt: 2 },
    ]);
  });

  test('F25 I6 begun by many at the same instant has a number of its own each time', async () => {
    const refund = await refundOf(db.pool, 500n);
    const attempts = await Promise.all(
      Array.from({ length: 12 }, () => nextAttempt(db.pool, refund.id, minute(2))),
    );
    expect(attempts.map(({ attempt }) => attempt).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
  });

  test('of no refund is refused', async () => {
    await expect(nextAttempt(db.pool, '999999999', minute(2))).rejects.toMatchObject({
      code: 'refund_unknown',
    });
  });
});

describe('the answer that people are shown', () => {
  const cases: readonly (readonly [Partial<Observation>, string])[] = [
    [{ kind: 'channel_absent', source: 'query', graceMs: 1000 }, 'no such refund'],
    [
      {
        kind: 'attempt_held',
        source: 'submit',
        attempt: 1,
        reason: 'short_balance',
        channelCode: 'NOT_ENOUGH',
      },
      'NOT_ENOUGH',
    ],
    [
      { kind: 'attempt_refused', source: 'submit', attempt: 1, channelCode: 'USER_ACCOUNT_ABNORMAL' },
      'USER_ACCOUNT_ABNORMAL',
    ],
    [
      { kind: 'attempt_unknown', source: 'submit', attempt: 1, why: 'HTTP 502' },
      'no trustworthy answer: HTTP 502',
    ],
    [{ kind: 'channel_report', source: 'submit', status: 'processing' }, 'processing'],
  ];

  test.each(cases)('of %o is "%s"', async (content, answer) => {
    const refund = await refundOf(db.pool, 500n);
    const observation = { ref: 'one', at: minute(7).toISOString(), ...content } as Observation;
    const row = await observe(db.pool, refund.id, [observation]);
    expect(row).toMatchObject({ lastAnswer: answer, lastAskedAt: minute(7) });
  });

  test('is not what a callback, the start of an attempt or the payment says: nobody was asked', async () => {
    const refund = await refundOf(db.pool, 500n);
    const row = await observe(db.pool, refund.id, [
      sent(1, 2),
      said('success', 3, { source: 'callback', ref: 'notice-1' }),
      { kind: 'payment_confirmed', source: 'payment', ref: 'p', at: minute(4).toISOString() },
    ]);
    expect(row).toMatchObject({ state: 'succeeded', lastAnswer: null, lastAskedAt: null });
  });

  test('is cut where a reason runs on and on', async () => {
    const refund = await refundOf(db.pool, 500n);
    const why = 'x'.repeat(1000);
    const row = await observe(db.pool, refund.id, [{ ...unknownAnswer(1, 3), why } as Observation]);
    expect(row.lastAnswer).toHaveLength(200);
  });
});

describe('append-only', () => {
  test.each([
    `update observations set body = '{}'`,
    'delete from observations',
    'truncate observations cascade',
    `update audit set actor = 'nobody'`,
    'delete from audit',
    'truncate audit',
  ])('holds against the owner, too: %s', async (sql) => {
    await refundOf(db.pool, 500n);
    await expect(db.owner.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('a state cannot change without evidence of the same transaction, whoever writes it', async () => {
    const refund = await refundOf(db.pool, 500n);
    await observe(db.pool, refund.id, [said('processing', 3)]);

    for (const pool of [db.pool, db.owner]) {
      const write = pool.query(`update refunds set state = 'succeeded' where id = $1`, [refund.id]);
      await expect(write).rejects.toThrow(/cannot change from processing to succeeded without evidence/);
    }
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'processing' });
  });

  test('only a refund that has failed gives its amount back', async () => {
    const refund = await refundOf(db.pool, 500n);
    for (const state of ['requested', 'processing'] as const) {
      if (state === 'processing') await observe(db.pool, refund.id, [said(state, 3)]);
      const release = db.pool.query('update refunds set counted = false where id = $1', [refund.id]);
      await expect(release).rejects.toThrow(/has not failed: its amount stays reserved/);
    }
    expect(await sumsOf(db, refund.payment.id)).toMatchObject({ reserved: 500n, counted: 500n });
  });
});
