/** Questions: what is done is told, what is not is not mentioned; and what a trade was paid with. */
import { describe, expect, test } from 'vitest';
import { DAY, openShop } from './shop.ts';

const REFUND_QUERY = 'alipay.trade.fastpay.refund.query';
const TRADE_QUERY = 'alipay.trade.query';
const GOOD = { code: '10000', msg: 'Success' };

describe('a refund that is done', () => {
  test('is told with its own amount, and with what was asked for', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    const wish = shop.wish(trade, '3.00');
    await shop.refund(wish);
    const told = {
      ...GOOD,
      ...{ trade_no: trade.transaction_id, out_trade_no: trade.payment_no },
      ...{ out_request_no: wish.out_request_no, refund_status: 'REFUND_SUCCESS' },
      ...{ refund_amount: '3.00', total_amount: '10.00' },
    };

    const all = await shop.query(wish);
    const name = { out_trade_no: trade.payment_no, out_request_no: wish.out_request_no };
    const bare = await shop.call(REFUND_QUERY, name);

    expect(all).toEqual({
      ...told,
      gmt_refund_pay: '2026-09-01 10:00:00',
      refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '3.00', real_amount: '3.00' }],
    });
    expect(bare.node).toEqual(told);
  });

  test('to a card is on its way to the bank until the bank has it', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000, { source: 'debit_card' }), '3.00');
    await shop.refund(wish);

    const [view] = shop.sandbox.refunds();
    const first = await shop.query(wish);
    await shop.turnTo(view?.bankEstimateAt?.toISOString() ?? '');
    const arrived = await shop.query(wish);

    expect(first['deposit_back_info']).toEqual({
      ...{ has_deposit_back: 'true', dback_status: 'P' },
      est_bank_receipt_time: expect.stringMatching(/^2026-09-0\d \d\d:\d\d:\d\d$/) as unknown,
    });
    const before = first['deposit_back_info'] as { est_bank_receipt_time: string };
    const after = arrived['deposit_back_info'] as { bank_ack_time: string };
    expect(after).toEqual({
      ...before,
      ...{ dback_status: 'S', dback_amount: '3.00', bank_ack_time: after.bank_ack_time },
    });
    expect(after.bank_ack_time < before.est_bank_receipt_time).toBe(true);
  });

  test.each(['wallet', 'credit_line'])('to %s has no bank on its way', async (source) => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000, { source }), '3.00');
    await shop.refund(wish);

    expect(await shop.query(wish)).not.toHaveProperty('deposit_back_info');
  });
});

describe('a refund that is not', () => {
  test('known is not mentioned: success, and not a word more', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '3.00');

    expect(await shop.query(wish)).toEqual(GOOD);
  });

  test('taken on is not mentioned either', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '30.00');
    await shop.refund(wish);

    expect(await shop.query(wish)).toEqual(GOOD);
  });

  test('named, or of no trade, is a refusal', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);

    const unnamed = await shop.call(REFUND_QUERY, { trade_no: trade.transaction_id });
    const unknown = await shop.call(REFUND_QUERY, { out_trade_no: 'NONE', out_request_no: 'X' });

    expect(unnamed.node).toMatchObject({ code: '40004', sub_code: 'ACQ.INVALID_PARAMETER' });
    expect(unknown.node).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });
  });
});

describe('a trade', () => {
  test('is told with its sums, its time and, asked for, what paid it', async () => {
    const shop = await openShop();
    const paid = { source: 'credit_card', discount_minor: '200', paid_at: '2026-08-31T23:59:59+08:00' };
    const trade = await shop.pay(1_000, paid);
    const name = { trade_no: trade.transaction_id };

    const { node } = await shop.call(TRADE_QUERY, { ...name, query_options: ['fund_bill_list'] });
    const bare = await shop.call(TRADE_QUERY, name);

    const told = {
      ...GOOD,
      ...{ trade_no: trade.transaction_id, out_trade_no: trade.payment_no, trade_status: 'TRADE_SUCCESS' },
      ...{ total_amount: '10.00', receipt_amount: '8.00', buyer_pay_amount: '8.00', invoice_amount: '8.00' },
      ...{ point_amount: '0.00', mdiscount_amount: '2.00', send_pay_date: '2026-08-31 23:59:59' },
      ...{ buyer_user_id: trade['buyer_id'], buyer_logon_id: node['buyer_logon_id'] },
    };
    expect(bare.node).toEqual(told);
    expect(node).toEqual({
      ...told,
      fund_bill_list: [
        { fund_channel: 'BANKCARD', fund_type: 'CREDIT_CARD', amount: '8.00', real_amount: '8.00' },
        { fund_channel: 'MDISCOUNT', amount: '2.00' },
      ],
    });
  });

  test('stays open after a part and is closed after the whole', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    const states: unknown[] = [];

    for (const yuan of ['4.00', '6.00']) {
      await shop.refund(shop.wish(trade, yuan));
      const { node } = await shop.call(TRADE_QUERY, { out_trade_no: trade.payment_no });
      states.push(node['trade_status']);
      await shop.turn(3);
    }

    expect(states).toEqual(['TRADE_SUCCESS', 'TRADE_CLOSED']);
  });

  test('that nobody paid has no time of payment', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000, { trade_status: 'WAIT_BUYER_PAY' });

    const { node } = await shop.call(TRADE_QUERY, { trade_no: trade.transaction_id });

    expect(node).toMatchObject({ trade_status: 'WAIT_BUYER_PAY', total_amount: '10.00' });
    expect(node).not.toHaveProperty('send_pay_date');
    expect(shop.sandbox.ledger().postings).toBe(1);
  });

  test('that does not exist is a refusal', async () => {
    const shop = await openShop();

    const { node } = await shop.call(TRADE_QUERY, { out_trade_no: 'NONE' });

    expect(node).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });
  });
});

test('the same seed and numbers, the same fates, in whatever order', async () => {
  const fates: unknown[] = [];
  for (const seed of [7, 7, 8]) {
    const shop = await openShop({ seed });
    const trade = await shop.pay(1_000, { payment_no: 'SAME', source: 'debit_card' });
    if (fates.length === 1) await shop.refund(shop.wish(await shop.pay(100), '1.00'));
    await shop.refund(shop.wish(trade, '1.00', { out_request_no: 'SAME-RF' }));
    fates.push(shop.sandbox.refunds().find((one) => one.refundNo === 'SAME-RF')?.bankEstimateAt);
    await shop.turn(DAY);
  }

  expect(fates[1]).toEqual(fates[0]);
  expect(fates[2]).not.toEqual(fates[0]);
});
