/** Payments: one per number, described once, confirmed by the channel, never rewritten by a contradiction. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syncAccounts } from '../../store/accounts.ts';
import { observationsOf } from '../../store/observations.ts';
import type { ConfirmedPayment } from '../../store/payments.ts';
import { confirmPayment, getPayment, registerPayment } from '../../store/payments.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  ACCOUNT,
  MERCHANT,
  claimOf,
  countOf,
  fresh,
  minute,
  openAccounts,
  pay,
  refundOf,
  sumsOf,
} from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const register = (paymentNo: string, claim = claimOf(100n), merchantId = MERCHANT) =>
  registerPayment(db.pool, { merchantId, paymentNo, claim }, minute(0));

describe('a payment', () => {
  test('is registered as it is described, with nothing reserved and nothing confirmed', async () => {
    const paymentNo = fresh('P');
    const transactionId = fresh('T');
    const { payment, created } = await register(paymentNo, claimOf(12_345n, { transactionId }));
    expect(created).toBe(true);
    expect(payment).toEqual({
      id: payment.id,
      merchantId: MERCHANT,
      accountId: ACCOUNT,
      paymentNo,
      transactionId,
      capturedMinor: 12_345n,
      reservedMinor: 0n,
      currency: 'CNY',
      paidAt: new Date('2026-11-20T02:00:00Z'),
      fundingSource: 'unknown',
      confirmedAt: null,
    });
    expect(await getPayment(db.pool, MERCHANT, paymentNo)).toEqual(payment);
    expect(await getPayment(db.pool, 'stall', paymentNo)).toBeNull();
  });

  test('described again in the same words, or the same instant in others, is the same payment', async () => {
    const paymentNo = fresh('P');
    const first = await register(paymentNo);
    for (const paidAt of ['2026-11-20T02:00:00Z', '2026-11-20T10:00:00+08:00', '2026-11-20T02:00:00.000Z']) {
      const again = await register(paymentNo, claimOf(100n, { paidAt }));
      expect(again).toEqual({ payment: first.payment, created: false });
    }
  });

  test.each([
    ['captured amount', claimOf(101n)],
    ['transaction', claimOf(100n, { transactionId: 'T-other' })],
    ['time', claimOf(100n, { paidAt: '2026-11-20T02:00:01Z' })],
  ])('I5 described again with another %s is a conflict and stays as it was', async (_, claim) => {
    const paymentNo = fresh('P');
    const { payment } = await register(paymentNo);
    await expect(register(paymentNo, claim)).rejects.toMatchObject({ code: 'payment_conflict' });
    expect(await getPayment(db.pool, MERCHANT, paymentNo)).toEqual(payment);
  });

  test('F70 whose transaction is another payment’s of the account is a conflict; at another account it is not', async () => {
    const transactionId = fresh('T');
    await register(fresh('P'), claimOf(100n, { transactionId }));
    await expect(register(fresh('P'), claimOf(100n, { transactionId }))).rejects.toMatchObject({
      code: 'payment_conflict',
    });
    const elsewhere = claimOf(100n, { transactionId, accountId: 'stall-wechat' });
    expect((await register(fresh('P'), elsewhere, 'stall')).created).toBe(true);
  });

  test.each([
    ['of nobody', 'shop', 'no-such-account'],
    ['of another merchant', 'shop', 'stall-wechat'],
  ])('at an account %s is refused', async (_, merchantId, accountId) => {
    await expect(register(fresh('P'), claimOf(100n, { accountId }), merchantId)).rejects.toMatchObject({
      code: 'account_unknown',
    });
  });

  test.each(['0', '-5', '1.5', '9007199254740992', 'x'])(
    'F15 of "%s" fen is refused',
    async (capturedMinor) => {
      const paymentNo = fresh('P');
      await expect(register(paymentNo, { ...claimOf(1n), capturedMinor })).rejects.toMatchObject({
        code: 'amount_invalid',
      });
      expect(await countOf(db, 'payments where payment_no = $1', [paymentNo])).toBe(0);
    },
  );

  test('paid at no time at all is refused', async () => {
    await expect(register(fresh('P'), claimOf(1n, { paidAt: 'yesterday' }))).rejects.toMatchObject({
      code: 'request_invalid',
    });
  });

  test('registered twenty times at the same instant is one', async () => {
    const paymentNo = fresh('P');
    const ends = await Promise.all(Array.from({ length: 20 }, () => register(paymentNo)));
    expect(new Set(ends.map(({ payment }) => payment.id)).size).toBe(1);
    expect(ends.filter(({ created }) => created)).toHaveLength(1);
  });
});

describe('what the channel says of a payment', () => {
  const story = async (o: { transactionId?: string } = {}) => {
    const payment = await pay(db.pool, 100n, o);
    const refund = await refundOf(db.pool, 40n, payment);
    const report: ConfirmedPayment = {
      paymentNo: payment.paymentNo,
      transactionId: o.transactionId ?? fresh('T'),
      capturedMinor: 100n,
      currency: 'CNY',
      paidAt: new Date('2026-11-20T02:00:07Z'),
      fundingSource: 'credit_card',
    };
    return { payment, refund, report };
  };

  test('fills in what only the channel knows, and counts as evidence', async () => {
    const { payment, refund, report } = await story();

    const verdict = await confirmPayment(db.pool, refund.id, report, minute(2));

    expect(verdict).toEqual({ verdict: 'confirmed' });
    expect(await getPayment(db.pool, MERCHANT, payment.paymentNo)).toMatchObject({
      transactionId: report.transactionId,
      paidAt: report.paidAt,
      fundingSource: 'credit_card',
      confirmedAt: minute(2),
      capturedMinor: 100n,
      reservedMinor: 40n,
    });
    expect(await observationsOf(db.pool, refund.id)).toMatchObject([
      { kind: 'payment_confirmed', source: 'payment' },
    ]);
  });

  test('said again keeps the instant at which it was confirmed first', async () => {
    const { payment, refund, report } = await story();
    await confirmPayment(db.pool, refund.id, report, minute(2));
    await confirmPayment(db.pool, refund.id, report, minute(9));
    expect(await getPayment(db.pool, MERCHANT, payment.paymentNo)).toMatchObject({ confirmedAt: minute(2) });
  });

  test.each([
    ['captured amount', { capturedMinor: 99n }, ['captured_minor']],
    ['currency', { currency: 'HKD' }, ['currency']],
    ['transaction', { transactionId: 'T-other' }, ['transaction_id']],
    ['number', { paymentNo: 'P-other' }, ['payment_no']],
    [
      'amount and transaction',
      { capturedMinor: 1n, transactionId: 'T-x' },
      ['transaction_id', 'captured_minor'],
    ],
  ])('F14 with another %s stops the refund and leaves the payment as it was', async (_, other, fields) => {
    const { payment, refund, report } = await story({ transactionId: fresh('T') });
    const before = await getPayment(db.pool, MERCHANT, payment.paymentNo);

    const verdict = await confirmPayment(db.pool, refund.id, { ...report, ...other }, minute(2));

    expect(verdict).toEqual({ verdict: 'mismatch', fields });
    expect(await getPayment(db.pool, MERCHANT, payment.paymentNo)).toEqual(before);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      state: 'needs_action',
      stateReason: 'payment_mismatch',
    });
  });

  test('F14 a contradiction that was mended lets the refund go on', async () => {
    const { refund, report } = await story();
    await confirmPayment(db.pool, refund.id, { ...report, capturedMinor: 1n }, minute(2));
    await confirmPayment(db.pool, refund.id, report, minute(3));
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'requested', stateReason: null });
  });

  test('with a transaction that is another payment’s is a contradiction', async () => {
    const taken = fresh('T');
    await pay(db.pool, 100n, { transactionId: taken });
    const { payment, refund, report } = await story();

    const verdict = await confirmPayment(db.pool, refund.id, { ...report, transactionId: taken }, minute(2));

    expect(verdict).toEqual({ verdict: 'mismatch', fields: ['transaction_id'] });
    expect(await getPayment(db.pool, MERCHANT, payment.paymentNo)).toMatchObject({
      transactionId: null,
      confirmedAt: null,
    });
  });

  test('that gives two payments one transaction at the same instant: one has it, the other is a contradiction', async () => {
    for (let round = 0; round < 15; round += 1) {
      const transactionId = fresh('T');
      const stories = [await story(), await story()];
      const verdicts = await Promise.all(
        stories.map(({ refund, report }) =>
          confirmPayment(db.pool, refund.id, { ...report, transactionId }, minute(2)),
        ),
      );
      expect(verdicts.map(({ verdict }) => verdict).toSorted()).toEqual(['confirmed', 'mismatch']);
    }
  });

  test('for all refunds of a payment at the same instant neither blocks nor loses any', async () => {
    const { payment, report } = await story();
    const refunds = [];
    for (let n = 0; n < 6; n += 1) refunds.push(await refundOf(db.pool, 10n, payment));

    const verdicts = await Promise.all(
      refunds.map((refund) => confirmPayment(db.pool, refund.id, report, minute(2))),
    );

    expect(verdicts).toEqual(refunds.map(() => ({ verdict: 'confirmed' })));
    expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 100n, counted: 100n });
  });

  test('is carried by all refunds of the payment, also by one that is recorded at the same instant', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { payment, refund, report } = await story();
      const [, second] = await Promise.all([
        confirmPayment(db.pool, refund.id, report, minute(2)),
        refundOf(db.pool, 20n, payment),
      ]);
      const third = await refundOf(db.pool, 30n, payment);

      const { rows } = await db.owner.query(
        'select id, payment_no, transaction_id from yuanlu.refunds where payment_id = $1 order by id',
        [payment.id],
      );
      const { paymentNo: payment_no, transactionId: transaction_id } = report;
      expect(rows).toEqual(
        [refund, second, third].map(({ id }) => ({ id: BigInt(id), payment_no, transaction_id })),
      );
    }
  });

  test('of a refund that nobody knows is refused', async () => {
    const { report } = await story();
    await expect(confirmPayment(db.pool, '999999999', report, minute(2))).rejects.toMatchObject({
      code: 'refund_unknown',
    });
  });
});

describe('accounts', () => {
  const rows = async () =>
    (await db.owner.query<{ id: string }>('select id, merchant_id, external_id from channel_accounts')).rows;

  test('follow their file: new ones come, changed ones change, those that left stay for their refunds', async () => {
    const before = await rows();
    const account = { id: fresh('a'), merchantId: 'm', channel: 'wechat', externalId: fresh('19') } as const;
    await syncAccounts(db.pool, [account]);
    await syncAccounts(db.pool, [{ ...account, externalId: `${account.externalId}9` }]);
    await syncAccounts(db.pool, []);
    const changed = { id: account.id, merchant_id: 'm', external_id: `${account.externalId}9` };
    expect(await rows()).toEqual(expect.arrayContaining([...before, changed]) as unknown);
  });

  test('synchronised by several processes at once neither fail nor double', async () => {
    const accounts = Array.from({ length: 6 }, () => ({
      id: fresh('a'),
      merchantId: 'm',
      channel: 'wechat' as const,
      externalId: fresh('19'),
    }));
    await Promise.all([accounts, accounts.toReversed(), accounts].map((list) => syncAccounts(db.pool, list)));
    expect(await countOf(db, 'channel_accounts where id = any ($1)', [accounts.map(({ id }) => id)])).toBe(6);
  });

  test('F70 two accounts for one number at the channel are refused', async () => {
    await expect(
      syncAccounts(db.pool, [
        { id: fresh('a'), merchantId: 'm', channel: 'wechat', externalId: '1900000109' },
      ]),
    ).rejects.toMatchObject({ code: '23505' });
  });
});
