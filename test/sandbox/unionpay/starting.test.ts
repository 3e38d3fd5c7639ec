/** Starting a sandbox from a program, working it over /sandbox, and stopping it. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readUnionpayAccount } from '../../../channels/unionpay/read-account.ts';
import type { ChannelSandbox } from '../../../sandbox/channel-sandbox.ts';
import { unionpayAccountFiles, unionpayMerchantOf } from '../../../sandbox/unionpay/account-files.ts';
import type { SandboxMerchant } from '../../../sandbox/unionpay/model.ts';
import { startSandbox } from '../../../sandbox/unionpay/server.ts';
import { systemClock } from '../../../workers/clock.ts';
import { controlOf } from '../exchange.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import { post } from './merchant.ts';
import { KEYS, openShop } from './shop.ts';

const MERCHANT = unionpayMerchantOf(KEYS.merchant);
const OPTIONS = { clock: systemClock(), keys: KEYS.channel };

describe('a start', () => {
  test.each<[string, readonly SandboxMerchant[], string]>([
    ['no merchant', [], 'at least one'],
    ['a merchant twice', [MERCHANT, MERCHANT], 'there twice'],
    ['a number of 14', [{ ...MERCHANT, merId: '1'.repeat(14) }], '15 digits'],
    ['a certificate that is none', [{ ...MERCHANT, certificatePem: 'certificate' }], 'cannot be read'],
  ])('with %s is refused', async (_, merchants, words) => {
    await expect(startSandbox({ ...OPTIONS, merchants })).rejects.toThrow(words);
  });

  test('on a port that is taken is refused in one sentence', async () => {
    const first = await startSandbox({ ...OPTIONS, merchants: [MERCHANT] });
    onTestFinished(() => first.stop());
    const port = Number(new URL(first.url).port);

    await expect(startSandbox({ ...OPTIONS, merchants: [MERCHANT], port })).rejects.toMatchObject({
      code: 'config_invalid',
      details: { errors: [expect.stringContaining(`port ${String(port)}`) as unknown] },
    });
  });

  test('of the same seed gives the same numbers the same fates; another gives others', async () => {
    const fates = async (seed: number): Promise<unknown> => {
      const shop = await openShop({ seed });
      const wish = shop.wish(shop.pay(1_000), 400);
      await shop.refund(wish);
      return shop.sandbox.refunds().map((one) => [one.endsAt, one.queryId]);
    };

    const [one, again, other] = [await fates(7), await fates(7), await fates(8)];

    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test('is what all of Yuanlu that knows no channel can hold in its hands', async () => {
    const shop = await openShop();
    const any: ChannelSandbox = shop.sandbox;

    const paidAt = new Date('2026-09-01T09:00:00+08:00');
    const { transactionId } = any.pay({
      paymentNo: 'ORD000000000001',
      amountMinor: 500n,
      source: 'credit_card',
      paidAt,
    });
    any.refundByHand({ paymentNo: 'ORD000000000001', amountMinor: 200n });
    any.topUp(1n);

    expect(transactionId).toMatch(/^44260901090000[0-9]{6}8$/);
    expect(any.merchantNo).toBe(KEYS.merchant.merId);
    expect(any.ledger()).toMatchObject({ balanced: true, doublePayments: 0 });
    expect(any.deliveries()).toEqual([]);
  });
});

describe('the account files', () => {
  const where = { accountId: 'up-1', apiBase: 'http://127.0.0.1:9', notifyUrl: 'http://127.0.0.1:8/notify' };

  test('are read by our client as they are', () => {
    const { files, entry } = unionpayAccountFiles(KEYS, where);

    const account = readUnionpayAccount(
      { ...entry, merchant_id: 'shop' },
      (path, as = 'utf8') => Buffer.from(files[path] ?? '').toString(as),
      new Date(),
    );

    expect(account).toMatchObject({ channel: 'unionpay', externalId: KEYS.merchant.merId });
  });

  test('hold a chain that any careful program accepts: two authorities, the second issued by the first', () => {
    const { files } = unionpayAccountFiles(KEYS, where);
    const read = (name: string): X509Certificate => new X509Certificate(String(files[name]));
    const [root, middle] = [read('unionpay_root_cert.pem'), read('unionpay_middle_cert.pem')];
    const merchant = read('unionpay_merchant_cert.pem');

    expect([root.ca, middle.ca, merchant.ca]).toEqual([true, true, false]);
    expect(root.verify(root.publicKey) && middle.verify(root.publicKey)).toBe(true);
    expect(merchant.checkIssued(middle) && merchant.verify(middle.publicKey)).toBe(true);
    expect(BigInt(`0x${merchant.serialNumber}`).toString()).toBe(KEYS.merchant.certId);
  });
});

describe('over /sandbox', () => {
  test('payments, troubles, time and the witness are at hand, and a refund goes its way', async () => {
    const shop = await openShop();
    const { control } = controlOf(shop.sandbox);

    const payment = await control('POST', '/payments', {
      ...{ payment_no: 'ORD000000000001', amount_minor: '1000', source: 'credit_card' },
      ...{ biz_type: '000301', paid_at: '2026-09-01T09:00:00+08:00' },
    });
    await control('POST', '/troubles', { next: 1, trouble: { kind: 'flawed' } });
    const [made] = shop.sandbox.payments();
    if (made === undefined) throw new Error('no payment');
    await shop.refund(shop.wish(made, 400, { bizType: '000301' }));
    await control('POST', '/clock', { advance_seconds: 600 });

    expect(payment).toMatchObject({ source: 'credit_card', biz_type: '000301', txn_time: '20260901090000' });
    const { refunds } = await control('GET', '/refunds');
    expect(refunds).toMatchObject([{ status: 'A6', has_ended: true, payment_no: 'ORD000000000001' }]);
    expect(await control('GET', '/ledger')).toMatchObject({ balanced: true, double_payments: 0 });
    expect(await control('GET', '')).toMatchObject({
      channel: 'unionpay',
      merchants: [{ merchant_no: KEYS.merchant.merId, cert_id: KEYS.merchant.certId, name: '淘在路上' }],
    });
    expect(await control('GET', '/certificates')).toMatchObject({ root: KEYS.channel.rootPem });
  });

  test.each<[string, object, string]>([
    ['from a wallet', { source: 'wallet' }, 'source'],
    ['under a short number', { payment_no: 'ORD1' }, '8 to 32'],
    ['of thirteen digits', { amount_minor: '1000000000000' }, '12 digits'],
    ['to come', { paid_at: '2026-09-01T10:00:01+08:00' }, 'has not come yet'],
    ['with a code that there is not', { resp_code: '77' }, 'resp_code'],
    ['of a stranger', { merchant_no: '777290058110000' }, 'no merchant'],
  ])('a payment %s is refused', async (_what, change, words) => {
    const { tryControl } = controlOf((await openShop()).sandbox);
    const body = { payment_no: 'ORD000000000001', amount_minor: '100', ...change };

    const { status, json } = await tryControl('POST', '/payments', body);

    expect(status).toBe(422);
    expect(json['message']).toContain(words);
  });

  test.each([
    { kind: 'refused', code: '00' },
    { kind: 'refused', code: '1' },
    { kind: 'unknown_code', code: '34' },
    { kind: 'silent_query', code: '00' },
    { kind: 'not_enough', code: '45' },
    { kind: 'callback_forged', how: 'name' },
    { kind: 'probe' },
  ])('the trouble %o is refused', async (trouble) => {
    const { tryControl } = controlOf((await openShop()).sandbox);

    expect((await tryControl('POST', '/troubles', { next: 1, trouble })).status).toBe(422);
  });

  test.each(['bank_returned', 'accepted_then_failed', 'try_later'])(
    '%s for a refund that was taken comes too late',
    async (kind) => {
      const shop = await openShop();
      const wish = shop.wish(shop.pay(1_000), 400);
      await shop.refund(wish);

      const body = { refund_no: wish.orderId, trouble: { kind } };
      const { json } = await controlOf(shop.sandbox).tryControl('POST', '/troubles', body);

      expect(json['message']).toContain('too late');
    },
  );
});

describe('notices', () => {
  test('go to the hosts that are allowed at start, and to no other', async () => {
    const shop = await openShop();
    const byName = (await receiveAnswering(200)).url.replace('127.0.0.1', 'localhost');
    const away = byName.replace('localhost', 'localhost.example');

    const allowed = await shop.refund(shop.wish(shop.pay(100), 100, { backUrl: byName }));
    const other = await shop.refund(shop.wish(shop.pay(100), 100, { backUrl: away }));

    expect([allowed['respCode'], other['respCode']]).toEqual(['00', '10']);
  });
});

describe('stopping', () => {
  test.each([
    { kind: 'lost_answer', how: 'hang' },
    { kind: 'slow', ms: 60_000 },
  ] as const)('closes the port, also while an answer does not come: %o', async (trouble) => {
    const shop = await openShop();
    const wish = shop.wish(shop.pay(100), 100);
    shop.plan(wish.orderId, trouble);
    const waiting = shop.refund(wish).then(
      () => 'answered',
      () => 'broken',
    );
    await expect.poll(() => shop.sandbox.refunds().length).toBe(1);

    await shop.sandbox.stop();

    expect(await waiting).toBe('broken');
    await expect(post({ url: `${shop.sandbox.url}/sandbox`, body: '' })).rejects.toThrow('ECONNREFUSED');
  });
});
