/** Refunds by the documented rules: what is taken, what is refused and in which words, and what a repeat gets. */
import { describe, expect, test } from 'vitest';
import { makeAlipayKeys } from '../../../sandbox/alipay/keys.ts';
import type { Fields } from '../exchange.ts';
import { DAY, openShop } from './shop.ts';

function refusal(reason: string): Fields {
  return { code: '40004', msg: 'Business Failed', sub_code: `ACQ.${reason}` };
}

describe('a refund', () => {
  test('is done at once, and answered with every documented field', async () => {
    const shop = await openShop();
    const trade = await shop.pay(10_000);
    await shop.refund(shop.wish(trade, '1.00'));
    await shop.turn(3);
    const wish = shop.wish(trade, '33.30');

    const node = await shop.refund(wish);

    expect(node).toEqual({
      ...{ code: '10000', msg: 'Success', fund_change: 'Y' },
      ...{ trade_no: trade.transaction_id, out_trade_no: trade.payment_no },
      buyer_logon_id: expect.stringMatching(/^138\*{6}\d\d$/) as unknown,
      buyer_user_id: trade['buyer_id'],
      gmt_refund_pay: '2026-09-01 10:00:03',
      // Of the trade, and of this refund.
      ...{ refund_fee: '34.30', send_back_fee: '33.30' },
      refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '33.30', real_amount: '33.30' }],
    });
    expect(shop.sandbox.ledger().paidOut).toMatchObject([
      { amountMinor: 100n },
      { refundNo: wish.out_request_no, amountMinor: 3_330n, count: 1 },
    ]);
  });

  test('that asks for nothing is not told where the money went', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(100), '1', { query_options: [] });

    const { node } = await shop.call('alipay.trade.refund', wish);

    expect(node['fund_change']).toBe('Y');
    expect(node).not.toHaveProperty('refund_detail_item_list');
    expect(node).not.toHaveProperty('send_back_fee');
  });

  test.each([
    ['wallet', { fund_channel: 'ALIPAYACCOUNT' }],
    ['credit_line', { fund_channel: 'PCREDIT' }],
    ['debit_card', { fund_channel: 'BANKCARD', fund_type: 'DEBIT_CARD' }],
    ['credit_card', { fund_channel: 'BANKCARD', fund_type: 'CREDIT_CARD' }],
  ])('of a payment from %s goes back to it', async (source, item) => {
    const shop = await openShop();

    const node = await shop.refund(shop.wish(await shop.pay(100, { source }), '0.50'));

    expect(node['refund_detail_item_list']).toEqual([{ ...item, amount: '0.50', real_amount: '0.50' }]);
  });

  test('gives the payer the share that the payer paid, and all parts together the whole', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000, { discount_minor: '333' });
    const shares: unknown[] = [];

    for (const yuan of ['3.33', '3.33', '3.34']) {
      const node = await shop.refund(shop.wish(trade, yuan));
      shares.push(node['send_back_fee']);
      await shop.turn(3);
    }

    expect(shares).toEqual(['2.22', '2.22', '2.23']);
    expect(trade['payer_minor']).toBe('667');
  });

  test('is found by the trade number where both are given', async () => {
    const shop = await openShop();
    const [one, other] = [await shop.pay(100), await shop.pay(100)];

    const node = await shop.refund(shop.wish(one, '1.00', { out_trade_no: other.payment_no }));

    expect(node['trade_no']).toBe(one.transaction_id);
  });

  test('is found by the number of the merchant alone', async () => {
    const shop = await openShop();
    const trade = await shop.pay(100);
    const wish = shop.wish(trade, '1.00', { trade_no: '', out_trade_no: trade.payment_no });

    const { node } = await shop.call('alipay.trade.refund', wish);

    expect(node).toMatchObject({ fund_change: 'Y', trade_no: trade.transaction_id });
  });

  test('of the whole trade needs no number: the trade has one', async () => {
    const shop = await openShop();
    const trade = await shop.pay(100);
    const content = { trade_no: trade.transaction_id, refund_amount: '1.00' };

    const first = await shop.call('alipay.trade.refund', content);
    const again = await shop.call('alipay.trade.refund', { ...content, out_request_no: trade.payment_no });

    expect([first.node['fund_change'], again.node['fund_change']]).toEqual(['Y', 'N']);
  });
});

describe('the same number', () => {
  test('with the same amount pays once: a repeat says fund_change N and names the total', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '4.00');

    const first = await shop.refund(wish);
    const again = await shop.refund(wish);

    expect(first).toMatchObject({ fund_change: 'Y', refund_fee: '4.00' });
    expect(again).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '4.00' });
    expect(again).not.toHaveProperty('gmt_refund_pay');
    expect(shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, paidOut: [{ amountMinor: 400n }] });
    expect(shop.sandbox.refunds()).toMatchObject([{ attempts: 2 }]);
  });

  test('with another amount is refused, and moves nothing', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '4.00');
    await shop.refund(wish);

    const other = await shop.refund({ ...wish, refund_amount: '4.01' });

    expect(other).toMatchObject(refusal('DISCORDANT_REPEAT_REQUEST'));
    expect(shop.sandbox.ledger().paidOut).toHaveLength(1);
  });

  test('under another trade is another refund', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '4.00');
    const other = await shop.pay(1_000);
    await shop.refund(wish);

    const node = await shop.refund({ ...wish, trade_no: other.transaction_id });

    expect(node['fund_change']).toBe('Y');
    expect(shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, overRefundedPayments: [] });
    expect(shop.sandbox.ledger().paidOut).toHaveLength(2);
  });

  test('sent from many hands at once pays once', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '4.00');

    const said = await Promise.all(Array.from({ length: 20 }, () => shop.refund(wish)));

    expect(
      said
        .map((node) => node['fund_change'])
        .toSorted()
        .at(-1),
    ).toBe('Y');
    expect(said.filter((node) => node['fund_change'] === 'Y')).toHaveLength(1);
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ count: 1 }]);
  });
});

describe('is refused, and moves nothing', () => {
  test.each<[string, Fields, string]>([
    ['no trade', { trade_no: '' }, 'INVALID_PARAMETER'],
    ['an unknown trade', { trade_no: '2026090122001400000000000000' }, 'TRADE_NOT_EXIST'],
    ['no amount', { refund_amount: '' }, 'INVALID_PARAMETER'],
    ['an amount of nothing', { refund_amount: '0.00' }, 'INVALID_PARAMETER'],
    ['a negative amount', { refund_amount: '-1.00' }, 'INVALID_PARAMETER'],
    ['three decimals', { refund_amount: '1.000' }, 'INVALID_PARAMETER'],
    ['an exponent', { refund_amount: '1e1' }, 'INVALID_PARAMETER'],
    ['a sign of thousands', { refund_amount: '1,0' }, 'INVALID_PARAMETER'],
    ['full-width digits', { refund_amount: '１.00' }, 'INVALID_PARAMETER'],
    ['an amount beyond all trades', { refund_amount: '100000000.01' }, 'INVALID_PARAMETER'],
    ['an amount beyond the trade', { refund_amount: '10.01' }, 'REASON_TRADE_REFUND_FEE_ERR'],
    ['a number of 65', { out_request_no: 'x'.repeat(65) }, 'INVALID_PARAMETER'],
    ['a number that is none', { out_request_no: 7 }, 'INVALID_PARAMETER'],
    ['a part without a number', { out_request_no: '' }, 'INVALID_PARAMETER'],
    ['a reason of 257', { refund_reason: '因'.repeat(257) }, 'INVALID_PARAMETER'],
    ['options that are no list', { query_options: 'gmt_refund_pay' }, 'INVALID_PARAMETER'],
    ['a parameter that is none', { notify_url: 'http://127.0.0.1/' }, 'INVALID_PARAMETER'],
  ])('%s', async (_, change, reason) => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), '4.00');
    const before = shop.sandbox.ledger();

    const node = await shop.refund({ ...wish, ...change });

    expect(node).toMatchObject(refusal(reason));
    expect(shop.sandbox.refunds()).toEqual([]);
    expect(shop.sandbox.ledger()).toEqual(before);
  });

  test('a trade of another merchant', async () => {
    const other = makeAlipayKeys(new Date());
    const shop = await openShop({ others: [other] });
    const theirs = await shop.pay(1_000, { merchant_no: other.merchant.sellerId });

    const node = await shop.refund(shop.wish(theirs, '1.00'));

    expect(node).toMatchObject(refusal('TRADE_NOT_EXIST'));
  });

  test.each([
    ['WAIT_BUYER_PAY', 'TRADE_STATUS_ERROR'],
    ['TRADE_CLOSED', 'TRADE_HAS_CLOSE'],
    ['TRADE_FINISHED', 'TRADE_HAS_FINISHED'],
  ])('a trade in the state %s', async (state, reason) => {
    const shop = await openShop();
    const trade = await shop.pay(1_000, { trade_status: state });

    expect(await shop.refund(shop.wish(trade, '1.00'))).toMatchObject(refusal(reason));
  });

  test('more than is left of the trade', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    await shop.refund(shop.wish(trade, '6.00'));
    await shop.turn(3);

    expect(await shop.refund(shop.wish(trade, '4.01'))).toMatchObject(refusal('REFUND_AMT_NOT_EQUAL_TOTAL'));
    expect(await shop.refund(shop.wish(trade, '4.00'))).toMatchObject({ fund_change: 'Y' });
  });

  test('anything of a trade that was given back in full', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    await shop.refund(shop.wish(trade, '10.00'));
    await shop.turn(3);

    expect(await shop.refund(shop.wish(trade, '0.01'))).toMatchObject(refusal('TRADE_HAS_CLOSE'));
  });

  test('a part of a trade that allows none', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000, { refundable_in_parts: false });

    expect(await shop.refund(shop.wish(trade, '9.99'))).toMatchObject(refusal('NOT_ALLOW_PARTIAL_REFUND'));
    expect(await shop.refund(shop.wish(trade, '10.00'))).toMatchObject({ fund_change: 'Y' });
  });

  test('a second refund of the trade within three seconds', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    await shop.refund(shop.wish(trade, '1.00'));
    const second = shop.wish(trade, '1.00');
    await shop.turn(2);

    const early = await shop.refund(second);
    await shop.turn(1);
    const inTime = await shop.refund(second);

    expect(early).toMatchObject({ code: '40005', sub_code: 'isv.app-call-limited' });
    expect(inTime).toMatchObject({ fund_change: 'Y' });
  });

  test.each([
    [365, {}],
    [90, { refundableDays: 90 }],
  ])('a trade older than the %i days of the contract', async (days, options) => {
    const shop = await openShop(options);
    const trade = await shop.pay(1_000);
    await shop.turn(days * DAY);

    const onTheLastSecond = await shop.refund(shop.wish(trade, '1.00'));
    await shop.turn(3);
    const after = await shop.refund(shop.wish(trade, '1.00'));

    expect(onTheLastSecond).toMatchObject({ fund_change: 'Y' });
    expect(after).toMatchObject(refusal('TRADE_HAS_FINISHED'));
  });

  test('what the balance does not cover, until it does; the fee that comes back counts', async () => {
    const shop = await openShop({ balanceMinor: 0n });
    // 100.00 comes in and 0.60 goes as a fee, which comes back with a refund: 99.40 is just enough.
    const trade = await shop.pay(10_000);
    const wish = shop.wish(trade, '100.00');
    await shop.control('POST', '/withdraw', { amount_minor: '1' });

    const short = await shop.refund(wish);
    await shop.control('POST', '/top-up', { amount_minor: '1' });
    const covered = await shop.refund(wish);

    expect(short).toMatchObject(refusal('SELLER_BALANCE_NOT_ENOUGH'));
    expect(covered).toMatchObject({ fund_change: 'Y' });
  });
});
