/**
 * Callbacks of Alipay and UnionPay through the API, signed as they sign: the genuine one counts once, one that contradicts
 * the books is put before a person, and what is not to be believed changes nothing and is kept as it came, with its code.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel } from '../../channels/channel.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import * as ali from '../channels/alipay/gateway-desk.ts';
import * as up from '../channels/unionpay/gateway-desk.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, refundIn } from './calls.ts';

type Fields = Readonly<Record<string, string>>;

interface Speaker {
  readonly name: ChannelName;
  /** What the channel hears when its notice was kept. */
  readonly yes: string;
  open(): Promise<{ readonly channel: Channel; stop(): Promise<void> }>;
  /** A genuine notice of success of a refund of 100 minor units. */
  notice(refundNo: string): Fields;
  /** In what it may contradict the books, and for what reason the refund waits for a person then. */
  readonly contradicting: readonly (readonly [what: string, changed: Fields, reason: string])[];
  /** Under the same number, with another content. */
  replayed(fields: Fields): Fields;
  sign(fields: Fields): Fields;
  /** Notices that are not to be believed, and the code of each. */
  readonly spoilt: readonly (readonly [string, (fields: Fields) => Fields, string])[];
}

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([one]) => one !== name));
}

function signAli(fields: Fields, key?: typeof ali.ALIPAY_KEY): Fields {
  const text = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return { ...fields, sign_type: 'RSA2', sign: ali.signAsAlipay(text, key) };
}

let notices = 0;
/** By refund number: the payment that the refund is of. */
const paymentNos = new Map<string, string>();

const ALIPAY: Speaker = {
  name: 'alipay',
  yes: 'success',
  open: async () => {
    const desk = await ali.openDesk();
    return { channel: desk.channel(), stop: () => desk.stop() };
  },
  notice: (refundNo) => ({
    notify_time: '2026-11-24 10:30:05',
    notify_type: 'trade_status_sync',
    notify_id: `notice-${String((notices += 1))}`,
    charset: 'utf-8',
    version: '1.0',
    app_id: ali.APP_ID,
    seller_id: ali.SELLER_ID,
    trade_no: '2026110122001412345678901234',
    out_trade_no: paymentNos.get(refundNo) ?? 'ORD20261101000021',
    out_biz_no: refundNo,
    trade_status: 'TRADE_SUCCESS',
    total_amount: '100.00',
    // What was given back of the trade so far: this refund, and perhaps others.
    refund_fee: '1.00',
    gmt_refund: '2026-11-24 10:30:02',
  }),
  contradicting: [
    ['less given back than this refund', { refund_fee: '0.99' }, 'amount_mismatch'],
    ['more given back than was captured', { refund_fee: '999999.00' }, 'amount_mismatch'],
    ['another amount captured', { total_amount: '1.00' }, 'amount_mismatch'],
    ['another order', { out_trade_no: 'FOREIGN' }, 'payment_mismatch'],
    [
      'all of it',
      { refund_fee: '999999.00', total_amount: '1.00', out_trade_no: 'FOREIGN' },
      'payment_mismatch',
    ],
  ],
  replayed: (fields) => ({ ...fields, gmt_refund: '2026-11-24 10:31:00' }),
  sign: (fields) => signAli(fields),
  spoilt: [
    ['without a signature', (fields) => fields, 'callback_unsigned'],
    ['signed by a stranger', (fields) => signAli(fields, stranger), 'callback_signature_invalid'],
    [
      'changed after signing',
      (fields) => ({ ...signAli(fields), refund_fee: '9.00' }),
      'callback_signature_invalid',
    ],
    [
      'of another app_id',
      (fields) => signAli({ ...fields, app_id: '2021009999999999' }),
      'callback_account_differs',
    ],
    [
      'of another merchant',
      (fields) => signAli({ ...fields, seller_id: '2088999999999999' }),
      'callback_account_differs',
    ],
    [
      'with an amount of three decimals',
      (fields) => signAli({ ...fields, refund_fee: '1.001' }),
      'callback_undecipherable',
    ],
    [
      'with an amount in full-width digits',
      (fields) => signAli({ ...fields, refund_fee: '１.00' }),
      'callback_undecipherable',
    ],
  ],
};

const UNIONPAY: Speaker = {
  name: 'unionpay',
  yes: 'ok',
  open: async () => {
    const desk = await up.openDesk();
    return { channel: desk.channel(), stop: () => desk.stop() };
  },
  notice: (refundNo) => ({
    bizType: '000201',
    merId: up.MER_ID,
    orderId: refundNo,
    queryId: '052611241030007863998',
    respCode: '00',
    respMsg: '成功[0000000]',
    txnAmt: '100',
    txnTime: '20261124103000',
    txnType: '04',
  }),
  contradicting: [['another amount', { txnAmt: '99' }, 'amount_mismatch']],
  replayed: (fields) => ({ ...fields, txnAmt: '99' }),
  sign: (fields) => up.signedFields(fields),
  spoilt: [
    ['without a signature', (fields) => fields, 'callback_unsigned'],
    [
      'changed after signing',
      (fields) => ({ ...up.signedFields(fields), txnAmt: '900' }),
      'callback_signature_invalid',
    ],
    [
      'with a certificate that has ended',
      (fields) =>
        up.signedFields(fields, up.signerNamed(up.OWNER_NAME, { to: new Date('2026-11-01T00:00:00Z') })),
      'callback_certificate_expired',
    ],
    [
      'with a certificate outside the chain',
      (fields) => up.signedFields(fields, up.signerNamed(up.OWNER_NAME, { selfMade: true })),
      'callback_certificate_unchained',
    ],
    [
      'with a certificate of another owner',
      (fields) => up.signedFields(fields, up.signerNamed('041@831@某某科技有限公司@0001')),
      'callback_certificate_owner_differs',
    ],
    [
      'without its certificate',
      (fields) => without(up.signedFields(fields), 'signPubKeyCert'),
      'callback_signature_invalid',
    ],
    [
      'of another merchant',
      (fields) => up.signedFields({ ...fields, merId: '802310048999999' }),
      'callback_account_differs',
    ],
  ],
};

describe.each([ALIPAY, UNIONPAY])('a notice of $name', (speaker) => {
  let api: ApiUnderTest;
  let opened: Awaited<ReturnType<Speaker['open']>>;
  let numbers = 0;

  beforeAll(async () => {
    opened = await speaker.open();
    const channel = (accountId: string): Channel => ({ ...opened.channel, accountId });
    api = await apiUnderTest({ channelName: speaker.name, channel });
  });

  afterAll(async () => {
    await api.close();
    await opened.stop();
  });

  async function newRefund(): Promise<string> {
    numbers += 1;
    const refundNo = `RF${String(numbers).padStart(12, '0')}`;
    const paymentNo = await newPayment(api);
    paymentNos.set(refundNo, paymentNo);
    const body = { refund_no: refundNo, payment_no: paymentNo, amount_minor: '100', currency: 'CNY' };
    return refundIn(await ask(api, body)).refund_no;
  }

  function post(fields: Fields): Promise<Answer> {
    const body = Buffer.from(new URLSearchParams(fields).toString());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return call(api, `/callbacks/${speaker.name}/wx-1`, { method: 'POST', body, headers, key: null });
  }

  async function standing(refundNo: string): Promise<unknown> {
    const { state, state_reason: reason } = (await call(api, `/v1/refunds/${refundNo}`)).json as {
      state: string;
      state_reason: string | null;
    };
    return { state, reason };
  }

  /** What is kept of a message that came byte for byte like this. */
  async function keptOf(fields: Fields): Promise<{ verdict: string; code: string | null }[]> {
    const body = Buffer.from(new URLSearchParams(fields).toString());
    const { rows } = await api.database.pool.query<{ verdict: string; code: string | null }>(
      'select verdict, refusal_code as code from callbacks where body = $1 order by id',
      [body],
    );
    return rows;
  }

  test('that is genuine is believed, and answered in the word that ends its repeats', async () => {
    const refundNo = await newRefund();

    const answer = await post(speaker.sign(speaker.notice(refundNo)));

    expect([answer.status, answer.text]).toEqual([200, speaker.yes]);
    expect(await standing(refundNo)).toMatchObject({ state: 'succeeded' });
  });

  test('F29: that comes again is acknowledged in the same word, kept once and counts once', async () => {
    const refundNo = await newRefund();
    const notice = speaker.sign(speaker.notice(refundNo));

    for (let delivery = 0; delivery < 3; delivery += 1)
      expect(await post(notice)).toMatchObject({ status: 200, text: speaker.yes });

    expect(await keptOf(notice)).toEqual([{ verdict: 'refund', code: null }]);
    const { json } = await call(api, `/v1/refunds/${refundNo}/observations`);
    expect((json as { observations: unknown[] }).observations).toHaveLength(1);
    expect(api.engine.told.filter((one) => one.refund.refundNo === refundNo)).toHaveLength(1);
  });

  test('F35: that comes again under its number with another content is refused, kept, and changes nothing', async () => {
    const refundNo = await newRefund();
    const fields = speaker.notice(refundNo);
    await post(speaker.sign(fields));
    const other = speaker.sign(speaker.replayed(fields));

    const answer = await post(other);

    expect(answer.status).toBe(401);
    expect(answer.text).not.toBe(speaker.yes);
    expect(await keptOf(other)).toEqual([{ verdict: 'refused', code: 'callback_replayed' }]);
    expect(await standing(refundNo)).toMatchObject({ state: 'succeeded' });
  });

  test.each(speaker.contradicting)(
    'F33 I5: that contradicts the books by %s is kept and put before a person; nothing is settled by it',
    async (_what, changed, reason) => {
      const refundNo = await newRefund();
      const notice = speaker.sign({ ...speaker.notice(refundNo), ...changed });

      const answer = await post(notice);

      expect([answer.status, answer.text]).toEqual([200, speaker.yes]);
      expect(await standing(refundNo)).toEqual({ state: 'needs_action', reason });
      expect(await keptOf(notice)).toEqual([{ verdict: 'refund', code: null }]);
    },
  );

  test.each(speaker.spoilt)(
    'F35 I15: %s is refused, changes nothing, and is kept byte for byte',
    async (_what, spoil, code) => {
      const refundNo = await newRefund();
      const fields = spoil(speaker.notice(refundNo));

      const answer = await post(fields);

      expect([400, 401]).toContain(answer.status);
      expect(answer.text).not.toBe(speaker.yes);
      expect(await standing(refundNo)).toEqual({ state: 'requested', reason: null });
      const { rows } = await api.database.pool.query<{ code: string; body: Buffer }>(
        'select refusal_code as code, body from callbacks order by id desc limit 1',
      );
      expect(rows[0]?.code).toBe(code);
      expect(rows[0]?.body.toString()).toBe(new URLSearchParams(fields).toString());
    },
  );
});
