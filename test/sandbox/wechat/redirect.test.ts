/** F9: an abnormal refund is sent elsewhere by the documented call, and the money follows. */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RedirectTarget } from '../../../channels/channel.ts';
import { ourChannel } from './our-channel.ts';
import { openNotice, receiveNotices } from './notice-receiver.ts';
import type { Fields } from '../exchange.ts';
import type { CallOptions, Said, Shop } from './shop.ts';
import { DAY, openShop } from './shop.ts';
import { keyOfPem, newMerchant } from './merchant.ts';

const CARD = '6225000000000000007';

interface Abnormal {
  readonly refundId: string;
  readonly refundNo: string;
}

/** A refund of ten yuan that ended at a dead card. */
async function abnormal(shop: Shop, ...troubles: readonly Fields[]): Promise<Abnormal> {
  const wish = shop.wish(await shop.pay(1_000), 1_000);
  for (const trouble of [{ kind: 'abnormal' }, ...troubles]) await shop.plan(wish.out_refund_no, trouble);
  const { json } = await shop.refund(wish);
  await shop.turn(DAY);
  return { refundId: String(json['refund_id']), refundNo: wish.out_refund_no };
}

/** As the documents say: RSA-OAEP with SHA-1 under the channel's key, in base64. */
function sealed(shop: Shop, text: string, pem = shop.sandbox.keys.publicKeyPem): string {
  const key = pem.includes('CERTIFICATE') ? keyOfPem(pem) : createPublicKey(pem);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(text)).toString('base64');
}

function toCard(shop: Shop, refund: Abnormal, more: Fields = {}): Fields {
  return {
    out_refund_no: refund.refundNo,
    type: 'USER_BANK_CARD',
    bank_type: 'CMB_DEBIT',
    bank_account: sealed(shop, CARD),
    real_name: sealed(shop, '王小明'),
    ...more,
  };
}

function toMerchant(refund: Abnormal): Fields {
  return { out_refund_no: refund.refundNo, type: 'MERCHANT_BANK_CARD' };
}

function redirect(shop: Shop, refundId: string, body: Fields, o: CallOptions = {}): Promise<Said> {
  return shop.call('POST', `/v3/refund/domestic/refunds/${refundId}/apply-abnormal-refund`, { ...o, body });
}

async function kindsOf(shop: Shop, { refundNo }: Abnormal): Promise<readonly string[]> {
  const { postings } = await shop.control('GET', `/postings?voucher=${refundNo}`);
  return (postings as { kind: string }[]).map(({ kind }) => kind);
}

describe('to a card of the payer’s', () => {
  test('it is in hand again, and done in days, with the new card’s tail and one payment in the ledger', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop);

    const said = await redirect(shop, refund.refundId, toCard(shop, refund));
    const place = { channel: 'OTHER_BANKCARD', user_received_account: '招商银行借记卡0007' };
    expect(said).toMatchObject({
      status: 200,
      json: { ...place, status: 'PROCESSING', refund_id: refund.refundId, out_refund_no: refund.refundNo },
    });
    expect(said.json).not.toHaveProperty('success_time');
    expect((await shop.query(refund.refundNo)).json).toMatchObject({ ...place, status: 'PROCESSING' });

    await shop.turn(3 * DAY);
    const { json } = await shop.query(refund.refundNo);
    expect(json).toMatchObject({ ...place, status: 'SUCCESS' });
    expect(json).toHaveProperty('success_time');
    expect(await kindsOf(shop, refund)).toEqual(['refund_accepted', 'refund_fee', 'refund_paid']);
    expect(shop.sandbox.ledger()).toMatchObject({
      paidOut: [{ refundNo: refund.refundNo, payerMinor: 1_000n, count: 1 }],
      doublePayments: 0,
      balanced: true,
    });
  });

  test('a notice of the abnormal end and one of the success are sent, each naming its place', async () => {
    const notices = await receiveNotices();
    const shop = await openShop({ notifyUrl: notices.url });
    const refund = await abnormal(shop);

    await redirect(shop, refund.refundId, toCard(shop, refund));
    await shop.turn(3 * DAY);

    const contents = notices.received.map((notice) => openNotice(shop, notice).content);
    expect(contents).toMatchObject([
      { refund_status: 'ABNORMAL', user_received_account: '支付用户零钱' },
      { refund_status: 'SUCCESS', user_received_account: '招商银行借记卡0007' },
    ]);
  });

  test('the platform certificate opens the card as well as the public key, by the name in the header', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop);
    const { platformSerial, platformCertificatePem: pem } = shop.sandbox.keys;
    const body = toCard(shop, refund, {
      bank_account: sealed(shop, CARD, pem),
      real_name: sealed(shop, '王小明', pem),
    });

    expect((await redirect(shop, refund.refundId, body)).status).toBe(400);
    expect((await redirect(shop, refund.refundId, body, { wants: platformSerial })).status).toBe(200);
  });

  test('I13: of card and holder nothing is kept but the last four digits', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop);
    await redirect(shop, refund.refundId, toCard(shop, refund));

    const shown = JSON.stringify([
      await shop.control('GET', '/refunds'),
      await shop.control('GET', '/postings'),
      await shop.control('GET', '/troubles'),
    ]);

    expect(shown).not.toContain(CARD);
    expect(shown).not.toContain('王小明');
  });
});

describe('to the merchant', () => {
  test('it is a success that pays no payer: the money is in the merchant’s ledger again', async () => {
    const shop = await openShop();
    const before = shop.sandbox.ledger().balances[`merchant:${shop.merchant.mchid}`];
    const refund = await abnormal(shop);

    await redirect(shop, refund.refundId, toMerchant(refund));
    await shop.turn(3 * DAY);

    expect((await shop.query(refund.refundNo)).json).toMatchObject({
      status: 'SUCCESS',
      user_received_account: '商户结算银行账户',
    });
    expect(await kindsOf(shop, refund)).toEqual(['refund_accepted', 'refund_fee', 'refund_redirected']);
    const ledger = shop.sandbox.ledger();
    expect(ledger).toMatchObject({ paidOut: [], doublePayments: 0, balanced: true });
    expect(ledger.balances[`in_transit:${shop.merchant.mchid}`]).toBe(0n);
    // The payment is kept, and so is the fee that came back with the refund.
    expect(ledger.balances[`merchant:${shop.merchant.mchid}`]).toBe((before ?? 0n) + 1_000n);
  });
});

describe('is refused, with nothing changed', () => {
  test.each<[string, Fields, string]>([
    ['a bank that is not on the list', { bank_type: 'HXB_DEBIT' }, 'PARAM_ERROR'],
    ['a credit card', { bank_type: 'CMB_CREDIT' }, 'PARAM_ERROR'],
    ['no bank', { bank_type: undefined }, 'PARAM_ERROR'],
    ['an unknown way', { type: 'USER_WALLET' }, 'PARAM_ERROR'],
    ['a card in clear', { bank_account: CARD }, 'PARAM_ERROR'],
    ['no holder', { real_name: undefined }, 'PARAM_ERROR'],
    ['the number of another refund', { out_refund_no: 'RF-OTHER' }, 'RESOURCE_NOT_EXISTS'],
  ])('%s', async (_what, more, code) => {
    const shop = await openShop();
    const refund = await abnormal(shop);

    const said = await redirect(shop, refund.refundId, toCard(shop, refund, more));

    expect(said.json).toMatchObject({ code });
    expect((await shop.query(refund.refundNo)).json).toMatchObject({
      status: 'ABNORMAL',
      channel: 'ORIGINAL',
    });
  });

  test('a card number whose check digit is wrong, and an empty holder', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop);

    for (const more of [
      { bank_account: sealed(shop, '6225000000000000008') },
      { real_name: sealed(shop, ' ') },
    ])
      expect(await redirect(shop, refund.refundId, toCard(shop, refund, more))).toMatchObject({
        status: 400,
        json: { code: 'INVALID_REQUEST' },
      });
  });

  test('one that is not abnormal: in hand, done, and sent elsewhere before', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 1_000);
    const { json } = await shop.refund(wish);
    const refund = { refundId: String(json['refund_id']), refundNo: wish.out_refund_no };
    const refused = { status: 400, json: { code: 'INVALID_REQUEST' } };

    expect(await redirect(shop, refund.refundId, toMerchant(refund))).toMatchObject(refused);
    await shop.turn(DAY);
    expect(await redirect(shop, refund.refundId, toMerchant(refund))).toMatchObject(refused);

    const twice = await abnormal(shop);
    expect((await redirect(shop, twice.refundId, toMerchant(twice))).status).toBe(200);
    expect(await redirect(shop, twice.refundId, toMerchant(twice))).toMatchObject(refused);
  });

  test('one of another merchant, and one that nobody knows', async () => {
    const other = newMerchant('1900000208');
    const shop = await openShop({ others: [other] });
    const refund = await abnormal(shop);

    for (const [refundId, o] of [
      [refund.refundId, { as: other }],
      ['50302302100000000000000000000', {}],
    ] as const)
      expect((await redirect(shop, refundId, toMerchant(refund), o)).status).toBe(404);
  });
});

describe('troubles', () => {
  test.each([true, false])('the answer is lost, the refund sent on: %s', async (accepted) => {
    const shop = await openShop();
    const refund = await abnormal(shop, { kind: 'redirect_lost_answer', accepted });

    await expect(redirect(shop, refund.refundId, toMerchant(refund))).rejects.toThrow();

    const status = accepted ? 'PROCESSING' : 'ABNORMAL';
    expect((await shop.query(refund.refundNo)).json).toMatchObject({ status });
  });

  test('it ends abnormal once more, and can be sent on again', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop, { kind: 'redirect_abnormal' });

    await redirect(shop, refund.refundId, toCard(shop, refund));
    await shop.turn(3 * DAY);
    expect((await shop.query(refund.refundNo)).json).toMatchObject({
      status: 'ABNORMAL',
      user_received_account: '招商银行借记卡0007',
    });
    await redirect(shop, refund.refundId, toMerchant(refund));
    await shop.turn(3 * DAY);

    expect((await shop.query(refund.refundNo)).json).toMatchObject({ status: 'SUCCESS' });
    expect(await kindsOf(shop, refund)).toContain('refund_redirected');
  });

  test('its answer may carry a wrong signature', async () => {
    const shop = await openShop();
    const refund = await abnormal(shop, { kind: 'wrong_signature', on: 'redirect' });

    await expect(redirect(shop, refund.refundId, toMerchant(refund))).rejects.toThrow();
    expect((await shop.query(refund.refundNo)).json).toMatchObject({ status: 'PROCESSING' });
  });
});

describe('our own client', () => {
  const TARGETS: readonly [RedirectTarget, string][] = [
    [{ to: 'payer_card', bank: 'CMB_DEBIT', cardNo: CARD, holder: '王小明' }, '招商银行借记卡0007'],
    [{ to: 'merchant_account' }, '商户结算银行账户'],
  ];

  test.each(TARGETS)('sends one on to %j, and is told so', async (target, landsIn) => {
    const shop = await openShop();
    const { refundId, refundNo } = await abnormal(shop);
    const [{ transactionId = null, paymentNo = '' } = {}] = shop.sandbox.payments();
    const channel = ourChannel(shop);
    const named = { refundNo, channelRefundNo: refundId, transactionId, paymentNo };
    const order = {
      ...{ ...named, paidAt: null, requestedAt: new Date(), amountMinor: 1_000n, capturedMinor: 1_000n },
      ...{ currency: 'CNY' as const, reason: null },
    };

    expect(await channel.redirect?.send(order, target)).toMatchObject({
      outcome: 'reported',
      report: { status: 'processing', landsIn },
    });
    expect(await channel.redirect?.send(order, target)).toMatchObject({ outcome: 'refused' });
    await shop.turn(3 * DAY);
    expect(await channel.queryRefund(order)).toMatchObject({ report: { status: 'success', landsIn } });
  });
});

test('a trade bill of the day that it was accepted on says ABNORMAL, wherever it was sent later', async () => {
  const shop = await openShop();
  const refund = await abnormal(shop);
  await redirect(shop, refund.refundId, toMerchant(refund));
  await shop.turn(5 * DAY);

  const { json } = await shop.call('GET', '/v3/bill/tradebill?bill_date=2026-09-01');
  const file = await shop.callRaw('GET', String(json['download_url']));

  expect(file.bytes.toString()).toContain(`\`${refund.refundNo},`);
  expect(file.bytes.toString()).toContain('`ABNORMAL,');
});
