/**
 * WeChat Pay against somebody else's client of it, both ways: over its own HTTP the sandbox takes what it signs and it
 * believes what the sandbox signs; and it agrees with our client about requests, notices and seals.
 */
import { createPublicKey } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { Aes, Formatter, Hash, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fields } from '../sandbox/exchange.ts';
import type { Notice } from '../sandbox/notice-receiver.ts';
import { receiveNotices } from '../sandbox/wechat/notice-receiver.ts';
import type { Shop } from '../sandbox/wechat/shop.ts';
import { openShop } from '../sandbox/wechat/shop.ts';
import { openWechatStand } from '../channels/contract/wechat-stand.ts';
import { API_V3_KEY, NOW, ORDER, PLATFORM, accountAt, openDesk } from '../channels/wechat/pay-desk.ts';

/** Within it every refund to a wallet ends. */
const WALLET_SECONDS = 290;
const REFUNDS = 'v3/refund/domestic/refunds';

/** The other client for the shop's merchant, pointed at the shop's sandbox. */
function clientOf({ merchant, sandbox }: Shop): Wechatpay {
  return new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serial,
    privateKey: merchant.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certs: {
      [sandbox.keys.publicKeyId]: sandbox.keys.publicKeyPem,
      [sandbox.keys.platformSerial]: sandbox.keys.platformCertificatePem,
    },
    baseURL: sandbox.url,
    proxy: false,
  });
}

/** What comes back from a call of the other client, which throws what is not 2xx or not believed. */
interface Came {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly data: Fields;
}

interface AxiosLike {
  readonly code?: string;
  readonly status?: number;
  readonly data?: Fields;
  readonly response?: { readonly status?: number; readonly data?: Fields };
}

async function came(call: Promise<AxiosLike>): Promise<Came> {
  const got = await call.catch((error: unknown) => error as AxiosLike);
  const { status, data = {} } = got.response ?? got;
  return { status, code: got.code, data };
}

function create(shop: Shop, body: object): Promise<Came> {
  return came(
    clientOf(shop)
      .chain(REFUNDS)
      .post<Fields>({ ...body }),
  );
}

function query(shop: Shop, refundNo: string): Promise<Came> {
  return came(
    clientOf(shop)
      .chain(`${REFUNDS}/${encodeURIComponent(refundNo)}`)
      .get<Fields>(),
  );
}

describe('over its own HTTP against the sandbox', () => {
  test('it creates a refund and asks about it, and believes every answer', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400, { reason: '尺码不符 "7天" \\ 50%' });

    const created = await create(shop, wish);
    const replayed = await create(shop, wish);
    await shop.turn(WALLET_SECONDS);
    const found = await query(shop, wish.out_refund_no);

    expect(created).toMatchObject({ status: 200, data: { out_refund_no: wish.out_refund_no } });
    expect(replayed.data['refund_id']).toBe(created.data['refund_id']);
    expect(found).toMatchObject({ status: 200, data: { status: 'SUCCESS', amount: { refund: 400 } } });
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('numbers with signs that an address escapes are signed alike on both sides', async () => {
    const shop = await openShop();
    const wish = { ...shop.wish(await shop.pay(1_000), 400), out_refund_no: 'RF_1-2|3*4@5' };

    await create(shop, wish);

    expect(await query(shop, wish.out_refund_no)).toMatchObject({
      status: 200,
      data: { out_refund_no: wish.out_refund_no },
    });
  });

  test('it is told in the documented words what is not there, and what is too much', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    expect(await query(shop, 'RF-NONE')).toMatchObject({
      status: 404,
      data: { code: 'RESOURCE_NOT_EXISTS' },
    });
    expect(await create(shop, shop.wish(order, 1_001))).toMatchObject({
      status: 400,
      data: { code: 'INVALID_REQUEST' },
    });
  });

  test('with another key it is turned down', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    const stranger = { ...shop, merchant: { ...shop.merchant, privateKey: PLATFORM.key } };

    expect(await create(stranger, wish)).toMatchObject({ status: 401, data: { code: 'SIGN_ERROR' } });
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test.each(['wrong_signature', 'probe'])('F4: it does not believe an answer with a %s', async (kind) => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    await shop.plan(wish.out_refund_no, { kind, on: 'create' });

    expect((await create(shop, wish)).code).toBe('EV3_RES_HEADER_SIGNATURE_DIGEST');
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test.each([
    ['plain', ''],
    ['packed', 'GZIP'],
  ])(
    'it downloads the %s trade bill and reads the refund in it, and the hash fits',
    async (_what, tarType) => {
      const shop = await openShop();
      const wish = shop.wish(await shop.pay(1_000), 400);
      await shop.refund(wish);
      await shop.turnTo('2026-09-02T10:00:00+08:00');
      const client = clientOf(shop);
      const packing = tarType === '' ? {} : { tar_type: tarType };

      const offer = await client
        .chain('v3/bill/tradebill')
        .get<Fields>({ params: { bill_date: '2026-09-01', bill_type: 'ALL', ...packing } });
      const address = new URL(String(offer.data['download_url']));
      const file = await client
        .chain(address.pathname.slice(1))
        .get<Buffer>({ params: Object.fromEntries(address.searchParams), responseType: 'arraybuffer' });

      const bytes = tarType === '' ? Buffer.from(file.data) : gunzipSync(file.data);
      const bill = Formatter.castCsvBill(bytes) as { rows: Record<string, string>[] };
      expect(Hash.sha1(bytes)).toBe(offer.data['hash_value']);
      expect(bill.rows.filter((row) => row['交易状态'] === 'REFUND')).toMatchObject([
        { 商户退款单号: wish.out_refund_no, 申请退款金额: '4.00' },
      ]);
    },
  );

  test.each(['public_key', 'certificate'] as const)(
    'its functions verify and open a notice signed with the %s, and no other body',
    async (kind) => {
      const [shop, receiver] = [await openShop(), await receiveNotices()];
      shop.sandbox.signCallbacksWith(kind);
      const wish = shop.wish(await shop.pay(1_000), 400, { notify_url: receiver.url });
      await shop.refund(wish);
      await shop.turn(WALLET_SECONDS);

      const [notice] = receiver.received;
      if (notice === undefined) throw new Error('no notice came');

      expect(isBelieved(shop, notice)).toBe(true);
      expect(isBelieved(shop, { ...notice, body: Buffer.concat([notice.body, Buffer.from(' ')]) })).toBe(
        false,
      );
      expect(contentOf(shop, notice)).toMatchObject({
        mchid: shop.merchant.mchid,
        out_refund_no: wish.out_refund_no,
        refund_status: 'SUCCESS',
        amount: { refund: 400 },
      });
    },
  );
});

function isBelieved({ sandbox: { keys } }: Shop, { headers, body }: Notice): boolean {
  const get = (name: string): string => String(headers[`wechatpay-${name}`] ?? '');
  const pem = get('serial') === keys.publicKeyId ? keys.publicKeyPem : keys.platformCertificatePem;
  return Rsa.verify(
    Formatter.response(get('timestamp'), get('nonce'), body.toString('utf8')),
    get('signature'),
    createPublicKey(pem),
  );
}

interface Sealed {
  readonly ciphertext: string;
  readonly nonce: string;
  readonly associated_data: string;
}

function contentOf({ merchant }: Shop, { body }: Notice): unknown {
  const { resource } = JSON.parse(body.toString('utf8')) as { resource: Sealed };
  return JSON.parse(
    Aes.AesGcm.decrypt(resource.ciphertext, merchant.apiV3Key, resource.nonce, resource.associated_data),
  );
}

describe('beside our client', () => {
  test('its functions verify every request that ours signs', async () => {
    const desk = await openDesk();
    onTestFinished(() => desk.stop());
    desk.answer({ body: '', breaks: 'at once' });
    const channel = desk.channel();

    await channel.submitRefund(ORDER);
    await channel.queryRefund({ ...ORDER, refundNo: 'RF_1-2|3*4@5' });
    await channel.queryPayment(ORDER);
    await channel.requestStatement('trade', '2026-11-23');

    const merchantKey = createPublicKey(
      accountAt(desk.url).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    const verdicts = desk.received.map(({ method, target, body, authorization }) => {
      const { timestamp = '', nonce_str: nonce = '', signature = '' } = authorization;
      return Rsa.verify(Formatter.request(method, target, timestamp, nonce, body), signature, merchantKey);
    });
    expect(verdicts).toEqual([true, true, true, true]);
  });

  test('ours reads a notice that its functions sealed and signed, and refuses it with another word', async () => {
    const stand = await openWechatStand();
    onTestFinished(() => stand.stop());
    const nonce = '0123456789ab';
    const original = JSON.parse(stand.notices.genuine().body.toString('utf8')) as { resource: Sealed };
    const content = Aes.AesGcm.decrypt(
      original.resource.ciphertext,
      API_V3_KEY,
      original.resource.nonce,
      original.resource.associated_data,
    );
    const ciphertext = Aes.AesGcm.encrypt(content, API_V3_KEY, nonce, 'refund');
    const body = JSON.stringify({ ...original, resource: { ...original.resource, nonce, ciphertext } });
    const timestamp = Math.floor(NOW.getTime() / 1_000);
    const headers = {
      'wechatpay-timestamp': String(timestamp),
      'wechatpay-nonce': nonce,
      'wechatpay-serial': PLATFORM.serial,
      'wechatpay-signature': Rsa.sign(Formatter.response(timestamp, nonce, body), PLATFORM.key),
    };
    const channel = stand.channel();

    expect(await channel.readCallback({ headers, body: Buffer.from(body) })).toMatchObject({
      verdict: 'refund',
      report: { status: 'success', refundNo: ORDER.refundNo },
    });
    expect(
      await channel.readCallback({
        headers,
        body: Buffer.from(body.replace('REFUND.SUCCESS', 'REFUND.CLOSED')),
      }),
    ).toMatchObject({ verdict: 'refused', code: 'callback_signature_invalid' });
  });
});
