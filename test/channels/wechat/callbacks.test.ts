import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../../channels/channel.ts';
import type { Desk } from './pay-desk.ts';
import { MCHID, NOW, ORDER, openDesk, platformCertificate, seal, signatureOf } from './pay-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());

const CONTENT = {
  mchid: MCHID,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  refund_status: 'SUCCESS',
  success_time: '2026-11-24T10:29:30+08:00',
  user_received_account: '支付用户零钱',
  amount: { total: 12_345, refund: 2_345, payer_total: 12_345, payer_refund: 2_345 },
};

function notice(o: { content?: object | string; eventType?: string; resource?: object } = {}): string {
  const content = typeof o.content === 'string' ? o.content : JSON.stringify(o.content ?? CONTENT);
  return JSON.stringify({
    id: 'EV-2026112410293000000000000000000001',
    create_time: '2026-11-24T10:29:31+08:00',
    resource_type: 'encrypt-resource',
    event_type: o.eventType ?? 'REFUND.SUCCESS',
    summary: '退款成功',
    resource: { original_type: 'refund', ...seal(content), ...o.resource },
  });
}

function read(body: string, headers: Record<string, string> = signatureOf(body)): Promise<CallbackReading> {
  return desk.channel().readCallback({ headers, body: Buffer.from(body) });
}

describe('a notice about a refund', () => {
  test.each([
    ['REFUND.SUCCESS', 'SUCCESS', 'success'],
    ['REFUND.CLOSED', 'CLOSED', 'closed'],
    ['REFUND.ABNORMAL', 'ABNORMAL', 'abnormal'],
  ])('%s is read, and says %s', async (eventType, word, status) => {
    const body = notice({ eventType, content: { ...CONTENT, refund_status: word } });

    expect(await read(body)).toMatchObject({
      verdict: 'refund',
      noticeId: 'EV-2026112410293000000000000000000001',
      eventType,
      report: {
        status,
        refundNo: ORDER.refundNo,
        channelRefundNo: CONTENT.refund_id,
        transactionId: ORDER.transactionId,
        amountMinor: 2_345n,
        succeededAt: word === 'SUCCESS' ? new Date('2026-11-24T02:29:30Z') : null,
        landsIn: '支付用户零钱',
      },
    });
  });

  test('escaped slashes, odd spacing and new fields are verified as they came', async () => {
    const body = notice().replace('"summary"', ' "brand_new" : "http:\\/\\/a" ,\n "summary"');

    expect((await read(body)).verdict).toBe('refund');
  });

  test('sealed without associated data is read', async () => {
    const sealed = seal(JSON.stringify(CONTENT), '');
    const body = notice({ resource: { ...sealed, associated_data: undefined } });

    expect((await read(body)).verdict).toBe('refund');
  });

  test.each([0, 299, 300])('signed %d seconds ago or ahead is taken', async (seconds) => {
    const body = notice();
    for (const sign of [-1, 1]) {
      const at = new Date(NOW.getTime() + sign * seconds * 1_000);
      expect((await read(body, signatureOf(body, { at }))).verdict).toBe('refund');
    }
  });

  test('F37: another kind of event is kept and not opened', async () => {
    expect(
      await read(notice({ eventType: 'TRANSACTION.SUCCESS', content: 'sealed for others' })),
    ).toMatchObject({
      verdict: 'unhandled',
      eventType: 'TRANSACTION.SUCCESS',
    });
  });

  test('F33: another amount than was asked for is reported as it is', async () => {
    const content = { ...CONTENT, amount: { ...CONTENT.amount, refund: 2_300 } };

    expect(await read(notice({ content }))).toMatchObject({ report: { amountMinor: 2_300n } });
  });
});

describe('F35 I15: a notice that is not to be believed', () => {
  const body = notice();
  const signed = signatureOf(body);
  const without = (name: string): Record<string, string> => {
    return Object.fromEntries(Object.entries(signed).filter(([header]) => header !== name));
  };
  const stranger = platformCertificate('AABBCCDD');

  test.each<[string, Record<string, string>, string]>([
    ['without a timestamp', without('wechatpay-timestamp'), 'callback_unsigned'],
    ['without a nonce', without('wechatpay-nonce'), 'callback_unsigned'],
    ['without a serial', without('wechatpay-serial'), 'callback_unsigned'],
    ['without a signature', without('wechatpay-signature'), 'callback_unsigned'],
    ['with an empty serial', { ...signed, 'wechatpay-serial': '' }, 'callback_unsigned'],
    ['with a timestamp that is no number', { ...signed, 'wechatpay-timestamp': 'now' }, 'callback_unsigned'],
    [
      'with a fraction of a second',
      { ...signed, 'wechatpay-timestamp': '1795487400.5' },
      'callback_unsigned',
    ],
    ['signed 301 s ago', signatureOf(body, { at: new Date(NOW.getTime() - 301_000) }), 'callback_stale'],
    ['signed 301 s ahead', signatureOf(body, { at: new Date(NOW.getTime() + 301_000) }), 'callback_stale'],
    ['signed by a stranger', signatureOf(body, { signer: stranger }), 'callback_key_unknown'],
    [
      'signed by a stranger under our channel’s name',
      { ...signatureOf(body, { signer: stranger }), 'wechatpay-serial': signed['wechatpay-serial'] ?? '' },
      'callback_signature_invalid',
    ],
    ['of other bytes', signatureOf(`${body} `), 'callback_signature_invalid'],
    ['with another nonce', { ...signed, 'wechatpay-nonce': 'x' }, 'callback_signature_invalid'],
    [
      'that is a probe',
      { ...signed, 'wechatpay-signature': `WECHATPAY/SIGNTEST/${signed['wechatpay-signature'] ?? ''}` },
      'callback_signature_invalid',
    ],
    ['with an empty signature', { ...signed, 'wechatpay-signature': '' }, 'callback_signature_invalid'],
    [
      'with a signature that is no base64',
      { ...signed, 'wechatpay-signature': '签名' },
      'callback_signature_invalid',
    ],
  ])('%s', async (_what, headers, code) => {
    expect(await read(body, headers)).toMatchObject({ verdict: 'refused', code });
  });

  test.each<[string, string]>([
    ['no JSON', 'hello'],
    ['no notice', '{"id":"1"}'],
    ['another algorithm', notice({ resource: { algorithm: 'AEAD_AES_128_GCM' } })],
    ['a nonce of another length', notice({ resource: { nonce: 'short' } })],
    ['hardly any ciphertext', notice({ resource: { ciphertext: randomBytes(16).toString('base64') } })],
    [
      'ciphertext of somebody else',
      notice({ resource: seal('{}', 'refund', randomBytes(16).toString('hex')) }),
    ],
    ['other associated data', notice({ resource: { associated_data: 'transaction' } })],
    ['content that is no JSON', notice({ content: 'hello' })],
    ['content without an amount', notice({ content: { ...CONTENT, amount: undefined } })],
    ['no status', notice({ content: { ...CONTENT, refund_status: undefined } })],
  ])('genuine, but with %s', async (_what, text) => {
    expect(await read(text)).toMatchObject({ verdict: 'refused', code: 'callback_undecipherable' });
  });

  test('genuine, but for another merchant', async () => {
    expect(await read(notice({ content: { ...CONTENT, mchid: '1900000999' } }))).toMatchObject({
      verdict: 'refused',
      code: 'callback_account_differs',
    });
  });
});

describe('the answer to WeChat Pay', () => {
  test('is 204 without a body, or the documented failure', () => {
    const channel = desk.channel();

    expect(channel.callbackReply(null)).toEqual({ status: 204, body: null });
    const refusal = channel.callbackReply({ status: 401, title: 'no' });
    expect(refusal.status).toBe(401);
    expect(JSON.parse(refusal.body?.text ?? '')).toEqual({ code: 'FAIL', message: 'no' });
  });
});
