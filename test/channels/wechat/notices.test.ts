/** The notice faults of the catalogue, as far as reading goes: one notice in, one reading out, nothing remembered. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallbackReading, Channel } from '../../../channels/channel.ts';
import type { Desk, Signer } from './pay-desk.ts';
import {
  MCHID,
  NOW,
  ORDER,
  PLATFORM,
  certificateList,
  openDesk,
  platformCertificate,
  seal,
  signatureOf,
} from './pay-desk.ts';

let desk: Desk;
const first = platformCertificate('1111AAAA1111AAAA');
const next = platformCertificate('2222BBBB2222BBBB');

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const CONTENT = {
  mchid: MCHID,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  refund_status: 'SUCCESS',
  success_time: '2026-11-24T10:29:30+08:00',
  user_received_account: '招商银行信用卡0403',
  amount: { total: 12_345, refund: 2_345, payer_total: 12_345, payer_refund: 2_300 },
};

function notice(content: object = {}, envelope: object = {}): string {
  return JSON.stringify({
    id: 'EV-1',
    create_time: '2026-11-24T10:29:31+08:00',
    resource_type: 'encrypt-resource',
    event_type: 'REFUND.SUCCESS',
    summary: '退款成功',
    resource: { original_type: 'refund', ...seal(JSON.stringify({ ...CONTENT, ...content })) },
    ...envelope,
  });
}

function read(
  channel: Channel,
  body: string,
  o: { signer?: Signer; at?: Date } = {},
): Promise<CallbackReading> {
  return channel.readCallback({ headers: signatureOf(body, o), body: Buffer.from(body) });
}

describe('a genuine notice', () => {
  test('F29 I15: read fifteen times says the same under the same notice id', async () => {
    const channel = desk.channel();
    const body = notice();

    const readings = await Promise.all(Array.from({ length: 15 }, () => read(channel, body)));

    expect(new Set(readings.map((one) => JSON.stringify(one, text))).size).toBe(1);
    expect(readings[0]).toMatchObject({ verdict: 'refund', noticeId: 'EV-1' });
  });

  test('F29: sent again by the channel with a new signature it keeps its id', async () => {
    const channel = desk.channel();
    const body = notice();

    const again = await read(channel, body, { at: new Date(NOW.getTime() + 15_000) });

    expect(again).toEqual(await read(channel, body));
  });

  test('F30 F31: needs nothing that was sent before: a refund that nobody knows is read like any other', async () => {
    const body = notice({ out_refund_no: 'REF-OF-THE-CONSOLE' });

    expect(await read(desk.channel(), body)).toMatchObject({
      verdict: 'refund',
      report: { refundNo: 'REF-OF-THE-CONSOLE', status: 'success' },
    });
    expect(desk.received).toEqual([]);
  });

  test('F32 I4: an older word after a newer one is reported as what it is; the books decide', async () => {
    const channel = desk.channel();
    await read(channel, notice());

    const late = notice({ refund_status: 'PROCESSING' }, { id: 'EV-0' });

    expect(await read(channel, late)).toMatchObject({
      verdict: 'refund',
      report: { status: 'processing', succeededAt: null },
    });
  });

  test('F33 I5: tells the amount that was refunded apart from what the payer gets', async () => {
    expect(await read(desk.channel(), notice())).toMatchObject({
      report: { amountMinor: 2_345n, payerAmountMinor: 2_300n },
    });
  });

  test('without a payer’s amount, a payment or a place leaves them out instead of making them up', async () => {
    const body = notice({
      transaction_id: undefined,
      user_received_account: '',
      success_time: undefined,
      amount: { total: 12_345, refund: 2_345 },
    });

    expect(await read(desk.channel(), body)).toMatchObject({
      report: {
        transactionId: null,
        landsIn: null,
        payerAmountMinor: null,
        succeededAt: null,
        acceptedAt: null,
      },
    });
  });

  test.each(['商户基本账户', '商户结算银行账户'])(
    'F66: success on %s has gone back to the merchant: the payer was not paid',
    async (place) => {
      expect(await read(desk.channel(), notice({ user_received_account: place }))).toMatchObject({
        report: { status: 'success', landsIn: place, returnedToMerchant: true },
      });
    },
  );

  test.each(['支付用户零钱', '用户经营账户', '企业支付商户', '招商银行借记卡0007', ''])(
    'a place that is not the merchant’s own (%s) says nothing of the kind',
    async (place) => {
      const reading = await read(desk.channel(), notice({ user_received_account: place }));

      expect(reading).toHaveProperty('report');
      expect(reading).not.toHaveProperty('report.returnedToMerchant');
    },
  );

  test.each(['CLOSED', 'ABNORMAL', 'PROCESSING'])('a time of success with %s is no fact', async (word) => {
    const body = notice({ refund_status: word, success_time: '0001-01-01T00:00:00Z' });

    expect(await read(desk.channel(), body)).toMatchObject({ report: { succeededAt: null } });
  });
});

describe('F37: a genuine notice of a new kind is kept and visible, and breaks nothing', () => {
  test.each(['TRANSACTION.SUCCESS', 'REFUND.REVERSED', 'refund.success', 'SECURITY_ECHO.SUCCESS'])(
    'the event %s is unhandled',
    async (eventType) => {
      expect(await read(desk.channel(), notice({}, { event_type: eventType }))).toEqual({
        verdict: 'unhandled',
        noticeId: 'EV-1',
        eventType,
      });
    },
  );

  test('a status that nobody knows is unhandled', async () => {
    expect(await read(desk.channel(), notice({ refund_status: 'PARTLY' }))).toEqual({
      verdict: 'unhandled',
      noticeId: 'EV-1',
      eventType: 'REFUND.SUCCESS',
    });
  });

  test('of another merchant it is refused all the same', async () => {
    expect(
      await read(desk.channel(), notice({ refund_status: 'PARTLY', mchid: '1900000999' })),
    ).toMatchObject({
      verdict: 'refused',
      code: 'callback_account_differs',
    });
  });
});

describe('F35: a genuine notice that cannot be read', () => {
  test.each<[string, string]>([
    ['no id', notice({}, { id: undefined })],
    ['an empty id', notice({}, { id: '' })],
    ['an id of 65 characters', notice({}, { id: 'E'.repeat(65) })],
    ['no event type', notice({}, { event_type: undefined })],
    ['no resource', notice({}, { resource: undefined })],
    ['a resource that is text', notice({}, { resource: 'sealed' })],
    ['a list in place of a notice', '[]'],
    ['null in place of a notice', 'null'],
    ['no refund number', notice({ out_refund_no: '' })],
    ['no number of the channel', notice({ refund_id: undefined })],
    ['an amount in text', notice({ amount: { total: 12_345, refund: '2345' } })],
    ['a negative amount', notice({ amount: { total: 12_345, refund: -1 } })],
    ['a fraction of a fen', notice({ amount: { total: 12_345, refund: 0.5 } })],
    ['an amount beyond what JSON holds exactly', notice({ amount: { total: 12_345, refund: 2 ** 53 } })],
  ])('for %s is refused in a word of the catalogue', async (_what, body) => {
    expect(await read(desk.channel(), body)).toMatchObject({
      verdict: 'refused',
      code: 'callback_undecipherable',
    });
  });

  test('I13: does not repeat what was sealed in it', async () => {
    const reading = await read(desk.channel(), notice({ refund_id: undefined }));

    expect(JSON.stringify(reading)).not.toContain('招商银行');
  });
});

const CERTIFICATE_MODE = { publicKeys: new Map(), fetchPlatformCertificates: true };

describe('F36: a notice signed with a key that turned overnight', () => {
  const listed = (certificates: (typeof first)[], signer: Signer = first): void => {
    desk.answer({
      body: certificateList(certificates),
      sign: (body) => signatureOf(body, { signer }),
    });
  };

  test('makes the client ask for the certificates, and is read with the new one', async () => {
    listed([first, next]);

    expect((await read(desk.channel(CERTIFICATE_MODE), notice(), { signer: next })).verdict).toBe('refund');
    expect(desk.received.map((call) => call.target)).toEqual(['/v3/certificates']);
  });

  test('many at once ask once', async () => {
    listed([first, next]);
    const channel = desk.channel(CERTIFICATE_MODE);
    const body = notice();

    const readings = await Promise.all(
      Array.from({ length: 20 }, (_none, index) =>
        read(channel, body, { signer: index % 2 === 0 ? first : next }),
      ),
    );

    expect(readings.map((one) => one.verdict)).toEqual(Array.from({ length: 20 }, () => 'refund'));
    expect(desk.received).toHaveLength(1);
  });

  test('old and new stand side by side with the public key', async () => {
    listed([first, next]);
    const channel = desk.channel({ fetchPlatformCertificates: true });
    const body = notice();

    for (const signer of [PLATFORM, first, next, PLATFORM])
      expect((await read(channel, body, { signer })).verdict).toBe('refund');
  });

  test('a serial that the channel does not list either is unknown, which lets the notice be sent again', async () => {
    listed([first]);

    expect(await read(desk.channel(CERTIFICATE_MODE), notice(), { signer: next })).toMatchObject({
      verdict: 'refused',
      code: 'callback_key_unknown',
    });
  });

  test('a channel that does not answer leaves it unknown, too', async () => {
    desk.answer({ breaks: 'at once' });

    expect(await read(desk.channel(CERTIFICATE_MODE), notice(), { signer: first })).toMatchObject({
      code: 'callback_key_unknown',
    });
  });
});

/** Amounts are big integers, which JSON has no word for. */
function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
