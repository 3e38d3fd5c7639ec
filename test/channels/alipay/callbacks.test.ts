import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../../channels/channel.ts';
import type { AnswerKeys } from '../../../channels/alipay/answer-keys.ts';
import { alipayCallbackReply, readCallback } from '../../../channels/alipay/callback.ts';
import type { ALIPAY_KEY } from './gateway-desk.ts';
import { APP_ID, KEY_TRUST, SELLER_ID, signAsAlipay, sortedText } from './gateway-desk.ts';
import { reportFacts } from '../../../domain/refund/report.ts';

const ACCOUNT = { appId: APP_ID, sellerId: SELLER_ID };
const KEYS: AnswerKeys = { find: () => Promise.resolve({ known: true, keys: [KEY_TRUST.alipayKey] }) };

const NOTICE: Readonly<Record<string, string>> = {
  notify_time: '2026-11-24 10:30:05',
  notify_type: 'trade_status_sync',
  notify_id: 'ac05099524730693a8b330c5ecf72da9786',
  charset: 'utf-8',
  version: '1.0',
  app_id: APP_ID,
  seller_id: SELLER_ID,
  trade_no: '2026110122001412345678901234',
  out_trade_no: 'ORD20261101000021',
  out_biz_no: 'RF20261124000000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '299.00',
  refund_fee: '199.00',
  gmt_refund: '2026-11-24 10:30:02.123',
  subject: '键盘 + 鼠标 50%',
  empty: '',
};

type Fields = Readonly<Record<string, string>>;

/** A form as Alipay posts it, signed with or without `sign_type`. */
function form(fields: Fields, o: { withSignType?: boolean; key?: typeof ALIPAY_KEY } = {}): Buffer {
  const signed = o.withSignType === true ? { ...fields, sign_type: 'RSA2' } : fields;
  const sign = signAsAlipay(sortedText(signed), o.key);
  return Buffer.from(new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString());
}

function read(body: Buffer): Promise<CallbackReading> {
  return readCallback(ACCOUNT, KEYS, { headers: {}, body });
}

describe('a trade notice about a refund', () => {
  test.each([false, true])(
    'F39 is read as success of the refund it names; sign_type signed: %s',
    async (withSignType) => {
      expect(await read(form(NOTICE, { withSignType }))).toMatchObject({
        verdict: 'refund',
        noticeId: NOTICE['notify_id'],
        eventType: 'trade/TRADE_SUCCESS',
        report: {
          status: 'success',
          refundNo: 'RF20261124000000000001',
          transactionId: NOTICE['trade_no'],
          amountMinor: null,
          paymentNo: 'ORD20261101000021',
          capturedMinor: 29_900n,
          refundedSoFarMinor: 19_900n,
          succeededAt: new Date('2026-11-24T02:30:02Z'),
        },
      });
    },
  );

  test('F39 a full refund closes the trade and says so with the marks of a refund', async () => {
    const reading = await read(
      form({ ...NOTICE, trade_status: 'TRADE_CLOSED', gmt_close: '2026-11-24 10:30:02' }),
    );

    expect(reading.verdict).toBe('refund');
  });

  test.each([
    ['a payment', { refund_fee: '', gmt_refund: '', out_biz_no: '' }],
    ['a trade that was closed unpaid', { trade_status: 'TRADE_CLOSED', refund_fee: '', gmt_refund: '' }],
    ['a refund without a number of its own', { out_biz_no: 'ORD20261101000021' }],
    ['a refund numbered by the trade', { out_biz_no: '2026110122001412345678901234' }],
  ])('F37 F39: %s is kept and changes no refund', async (_what, changed) => {
    const fields = Object.fromEntries(
      Object.entries({ ...NOTICE, ...changed }).filter(([, value]) => value !== ''),
    );

    expect((await read(form(fields))).verdict).toBe('unhandled');
  });

  test('a literal plus sign survives, because the form is decoded once', async () => {
    expect((await read(form({ ...NOTICE, subject: 'a+b %2B c' }))).verdict).toBe('refund');
  });
});

const MESSAGE: Readonly<Record<string, string>> = {
  notify_id: '2026112400222102023008121054923345',
  utc_timestamp: '1795487405123',
  msg_method: 'alipay.trade.refund.depositback.completed',
  app_id: APP_ID,
  version: '1.1',
  charset: 'utf-8',
  biz_content: JSON.stringify({
    trade_no: '2026110122001412345678901234',
    out_trade_no: 'ORD20261101000021',
    out_request_no: 'RF20261124000000000001',
    dback_status: 'S',
    dback_amount: '99.00',
    bank_ack_time: '2026-11-25 09:00:00',
    est_bank_receipt_time: '2026-11-26 12:00:00',
  }),
};

describe('a deposit-back message', () => {
  test('tells that the bank has the money', async () => {
    expect(await read(form(MESSAGE, { withSignType: true }))).toMatchObject({
      verdict: 'refund',
      eventType: MESSAGE['msg_method'],
      report: {
        status: 'success',
        refundNo: 'RF20261124000000000001',
        bankAmountMinor: 9_900n,
        bankLeg: {
          status: 'arrived',
          estimateAt: new Date('2026-11-26T04:00:00Z'),
          acknowledgedAt: new Date('2026-11-25T01:00:00Z'),
        },
      },
    });
  });

  test("keeps as evidence when the bank acknowledged it: the payer's answer to 'on which day?'", async () => {
    const callback = await read(form(MESSAGE));

    expect(callback.verdict === 'refund' ? reportFacts(callback.report) : null).toMatchObject({
      bankLeg: 'arrived',
      bankAcknowledgedAt: '2026-11-25T01:00:00.000Z',
    });
  });

  test('F40: F is success at another place, not failure', async () => {
    const content = MESSAGE['biz_content']?.replace('"S"', '"F"') ?? '';

    expect(await read(form({ ...MESSAGE, biz_content: content }))).toMatchObject({
      report: { status: 'success', landsIn: '支付宝余额', bankLeg: { status: 'returned_to_wallet' } },
    });
  });

  test('P, in hand at the bank, is taken as pending: refused, it would only come again', async () => {
    const pending = {
      trade_no: '2026110122001412345678901234',
      out_trade_no: 'ORD20261101000021',
      out_request_no: 'RF20261124000000000001',
      dback_status: 'P',
      est_bank_receipt_time: '2026-11-26 12:00:00',
    };

    expect(await read(form({ ...MESSAGE, biz_content: JSON.stringify(pending) }))).toMatchObject({
      verdict: 'refund',
      report: {
        status: 'success',
        refundNo: 'RF20261124000000000001',
        landsIn: null,
        bankLeg: { status: 'pending', estimateAt: new Date('2026-11-26T04:00:00Z') },
      },
    });
  });

  test('F37: a message of another kind is kept', async () => {
    expect((await read(form({ ...MESSAGE, msg_method: 'alipay.fund.trans.order.changed' }))).verdict).toBe(
      'unhandled',
    );
  });

  test.each(['not json', '[]', '{"trade_no":"1"}'])('content %s is refused', async (content) => {
    expect(await read(form({ ...MESSAGE, biz_content: content }))).toMatchObject({
      verdict: 'refused',
      code: 'callback_undecipherable',
    });
  });
});

function toTheBank(amount: string): Fields {
  return { ...MESSAGE, biz_content: (MESSAGE['biz_content'] ?? '').replace('99.00', amount) };
}

describe('F35 I15: what is refused and changes nothing', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const genuine = form(NOTICE).toString();

  test.each<[string, Buffer, string]>([
    ['a stranger’s signature', form(NOTICE, { key: stranger }), 'callback_signature_invalid'],
    ['no signature', Buffer.from(new URLSearchParams(NOTICE).toString()), 'callback_unsigned'],
    ['an empty signature', Buffer.from(genuine.replace(/sign=[^&]+/, 'sign=')), 'callback_unsigned'],
    [
      'the old RSA',
      Buffer.from(genuine.replace('sign_type=RSA2', 'sign_type=RSA')),
      'callback_signature_invalid',
    ],
    ['another amount', Buffer.from(genuine.replace('199.00', '299.00')), 'callback_signature_invalid'],
    ['a field added', Buffer.from(`${genuine}&extra=1`), 'callback_signature_invalid'],
    ['a field twice', Buffer.from(`${genuine}&refund_fee=1.00`), 'callback_undecipherable'],
    ['another application', form({ ...NOTICE, app_id: '2021009999999999' }), 'callback_account_differs'],
    ['another merchant', form({ ...NOTICE, seller_id: '2088999999999999' }), 'callback_account_differs'],
    ['no notice id', form({ ...NOTICE, notify_id: '' }), 'callback_undecipherable'],
    ...['1e3', '199.000', '199.001', '1,199.00', '１９９．００', '￥199.00', '.5', ' 199.00'].map(
      (amount): [string, Buffer, string] => [
        `the amount "${amount}"`,
        form({ ...NOTICE, refund_fee: amount }),
        'callback_undecipherable',
      ],
    ),
    ['a bank’s amount with three decimals', form(toTheBank('99.000')), 'callback_undecipherable'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x3d]), 'callback_undecipherable'],
    ['a bad percent sign', Buffer.from('a=%E4%BD'), 'callback_undecipherable'],
    ['nothing', Buffer.alloc(0), 'callback_undecipherable'],
  ])('%s', async (_what, body, code) => {
    expect(await read(body)).toMatchObject({ verdict: 'refused', code });
  });
});

describe('the answer to Alipay', () => {
  test('is the seven characters that end the repeats', async () => {
    expect(alipayCallbackReply(null)).toEqual({
      status: 200,
      body: { type: 'text/plain; charset=utf-8', text: 'success' },
    });
  });

  test('is anything else when the notice has to come again', async () => {
    const reply = alipayCallbackReply({ status: 503 });

    expect(reply.status).toBe(503);
    expect(reply.body?.text).not.toBe('success');
  });
});
