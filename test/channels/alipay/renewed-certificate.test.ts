/** Certificate mode while it runs: certificates end, Alipay signs under new ones, and strangers name any they like. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadAlipayAccount } from '../../../channels/alipay/account.ts';
import { certificateSn } from '../../../channels/alipay/certificates.ts';
import { certificatesOf } from '../../../channels/certificate-chain.ts';
import type { CallbackReading, Channel } from '../../../channels/channel.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { Pair } from './certificate-office.ts';
import {
  ALIPAY_NAME,
  APP_NAME,
  ENDED,
  NOT_YET,
  PERIOD,
  ROOTS_PEM,
  forged,
  issued,
  middlePem,
  newPair,
} from './certificate-office.ts';
import type { Desk, Script } from './gateway-desk.ts';
import { APP_ID, NOW, ORDER, SELLER_ID, openDesk, signAsAlipay, sortedText } from './gateway-desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const app = newPair();
const first = newPair();
const second = newPair();
const stranger = newPair();

const FIRST = issued(ALIPAY_NAME, first);
const SECOND = issued(ALIPAY_NAME, second);
const FILES: Readonly<Record<string, string>> = {
  'key.pem': app.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  'app.crt': issued(APP_NAME, app),
  'alipay.crt': FIRST + middlePem(),
  'root.crt': ROOTS_PEM,
};

const DOWNLOAD = 'alipay.open.app.alipaycert.download';

function snOf(pem: string): string {
  const [certificate] = certificatesOf(pem);
  return certificate === undefined ? '' : certificateSn(certificate);
}

/** An account whose clock a test turns. */
function open(): { readonly channel: Channel; readonly turnTo: (instant: Date) => void } {
  let now = NOW;
  const clock: Clock = { now: () => now, wallNow: () => now, toWallMs: (ms) => ms };
  const { trust } = loadAlipayAccount(
    {
      ...{ id: 'ali-1', merchant_id: 'shop', channel: 'alipay', app_id: APP_ID, seller_id: SELLER_ID },
      private_key_file: 'key.pem',
      certificate_files: { app: 'app.crt', alipay: 'alipay.crt', root: 'root.crt' },
    },
    (path) => String(FILES[path]),
    NOW,
  );
  return {
    channel: desk.channel({ trust }, { clock }),
    turnTo: (instant) => {
      now = instant;
    },
  };
}

const DONE = {
  ...{ code: '10000', msg: 'Success', fund_change: 'Y' },
  trade_no: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
};

/** The answer to a refund, signed by one pair under the serial of a certificate. */
function answer(pem: string | null, by: Pair): Script {
  return { node: DONE, key: by.privateKey, ...(pem === null ? {} : { certSn: snOf(pem) }) };
}

/** How Alipay hands a certificate out. */
function handsOut(pem: string): Script {
  const content = Buffer.from(pem).toString('base64');
  return { node: { code: '10000', msg: 'Success', alipay_cert_content: content } };
}

const methods = (): readonly string[] => desk.received.map(({ method }) => method);

describe('an answer in certificate mode', () => {
  test('is believed under the configured certificate, and requests name ours and the roots', async () => {
    desk.answer(answer(FIRST, first));

    expect((await open().channel.submitRefund(ORDER)).outcome).toBe('reported');
    expect(desk.received[0]?.parameters).toMatchObject({
      app_cert_sn: snOf(FILES['app.crt'] ?? ''),
      alipay_root_cert_sn: certificatesOf(ROOTS_PEM).map(certificateSn).join('_'),
    });
  });

  test('that names no certificate is held against those that are at hand', async () => {
    desk.answer(answer(null, first), answer(null, second));
    const { channel } = open();

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
    expect(methods()).not.toContain(DOWNLOAD);
  });

  test('F4 under a certificate that ended while we ran leaves the outcome unknown', async () => {
    desk.answer(answer(FIRST, first));
    const { channel, turnTo } = open();
    turnTo(new Date(PERIOD.to.getTime() + 1_000));

    expect(await channel.submitRefund(ORDER)).toMatchObject({
      outcome: 'unknown',
      why: expect.stringContaining('the certificate is not valid now') as unknown,
    });
  });

  test('F4 signed by another key than the certificate’s that it names leaves the outcome unknown', async () => {
    desk.answer(answer(FIRST, second));

    expect((await open().channel.submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

describe('an answer under a certificate that we do not hold', () => {
  test('is believed once Alipay has handed the certificate out, and it is kept', async () => {
    desk.answer(answer(SECOND, second), handsOut(SECOND + middlePem()), answer(SECOND, second));
    const { channel } = open();

    const outcomes = [await channel.submitRefund(ORDER), await channel.submitRefund(ORDER)];

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['reported', 'reported']);
    expect(methods()).toEqual(['alipay.trade.refund', DOWNLOAD, 'alipay.trade.refund']);
    expect(desk.received[1]?.content).toEqual({ alipay_cert_sn: snOf(SECOND) });
    expect(desk.received[1]?.signatureHolds).toBe(true);
  });

  test('may come without the authority between, which is known, and under a renewed one', async () => {
    const alone = issued(ALIPAY_NAME, second);
    desk.answer(answer(alone, second), handsOut(alone), answer(FIRST, first));
    const { channel } = open();

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
  });

  test.each<[string, string, string]>([
    ['that has run out', issued(ALIPAY_NAME, second, ENDED), 'not valid now'],
    ['that is not valid yet', issued(ALIPAY_NAME, second, NOT_YET), 'not valid now'],
    ['of another owner', issued(APP_NAME, second), `made out to ${APP_NAME}`],
    ['from no root of ours', forged(ALIPAY_NAME, second), 'not from the configured root'],
  ])('I7: %s leaves the outcome unknown', async (_what, pem, why) => {
    desk.answer(answer(pem, second), handsOut(pem));

    expect(await open().channel.submitRefund(ORDER)).toMatchObject({
      outcome: 'unknown',
      why: expect.stringContaining(why) as unknown,
    });
  });

  test.each<[string, Script]>([
    ['another certificate', handsOut(issued(ALIPAY_NAME, second))],
    ['no certificate', handsOut('hello')],
    ['a damaged certificate', handsOut('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')],
    ['a refusal', { node: { code: '40004', sub_code: 'isv.cert-not-exist' } }],
    ['nothing', 'silence'],
  ])('I7: that is answered with %s leaves the outcome unknown', async (_what, script) => {
    desk.answer(answer(SECOND, second), script);

    expect(await open().channel.submitRefund(ORDER)).toMatchObject({
      outcome: 'unknown',
      why: expect.stringContaining(snOf(SECOND)) as unknown,
    });
  });

  test('is not asked for again at once, and is after a while', async () => {
    desk.answer(answer(SECOND, second), 'silence', answer(SECOND, second));
    const { channel, turnTo } = open();
    await channel.submitRefund(ORDER);
    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
    expect(methods().filter((one) => one === DOWNLOAD)).toHaveLength(1);

    turnTo(new Date(NOW.getTime() + 11_000));
    desk.answer(answer(SECOND, second), handsOut(SECOND));

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
  });
});

const NOTICE: Readonly<Record<string, string>> = {
  ...{ notify_id: 'n1', app_id: APP_ID, seller_id: SELLER_ID, trade_status: 'TRADE_SUCCESS' },
  trade_no: String(ORDER.transactionId),
  out_trade_no: ORDER.paymentNo,
  out_biz_no: ORDER.refundNo,
  ...{ refund_fee: '99.00', gmt_refund: '2026-11-24 10:30:02' },
};

function notice(pem: string | null, by: Pair): Buffer {
  const fields = { ...NOTICE, ...(pem === null ? {} : { alipay_cert_sn: snOf(pem) }) };
  const sign = signAsAlipay(sortedText(fields), by.privateKey);
  return Buffer.from(new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString());
}

describe('a notice in certificate mode', () => {
  const read = (channel: Channel, body: Buffer): Promise<CallbackReading> =>
    channel.readCallback({ headers: {}, body });

  test.each([
    ['the configured certificate', FIRST],
    ['none', null],
  ])('that names %s is believed', async (_what, pem) => {
    expect((await read(open().channel, notice(pem, first))).verdict).toBe('refund');
  });

  test('that names a new certificate is believed once Alipay has handed it out', async () => {
    desk.answer(handsOut(SECOND));
    const { channel } = open();

    expect((await read(channel, notice(SECOND, second))).verdict).toBe('refund');
    expect((await read(channel, notice(null, second))).verdict).toBe('refund');
    expect(methods()).toEqual([DOWNLOAD]);
  });

  test.each<[string, string, string]>([
    ['has run out', issued(ALIPAY_NAME, stranger, ENDED), 'callback_certificate_expired'],
    ['is another owner’s', issued(APP_NAME, stranger), 'callback_certificate_owner_differs'],
    ['is from no root of ours', forged(ALIPAY_NAME, stranger), 'callback_certificate_unchained'],
  ])('F35: whose certificate %s is refused by its own code', async (_what, pem, code) => {
    desk.answer(handsOut(pem));

    expect(await read(open().channel, notice(pem, stranger))).toMatchObject({ verdict: 'refused', code });
  });

  test('F35: whose certificate ended while we ran is refused, named or not', async () => {
    const { channel, turnTo } = open();
    turnTo(new Date(PERIOD.to.getTime() + 1_000));

    for (const pem of [FIRST, null])
      expect(await read(channel, notice(pem, first))).toMatchObject({
        verdict: 'refused',
        code: 'callback_certificate_expired',
      });
  });

  test('F35: whose certificate cannot be had is refused so that Alipay sends it again', async () => {
    desk.answer('silence');

    expect(await read(open().channel, notice(SECOND, second))).toMatchObject({
      verdict: 'refused',
      code: 'callback_key_unknown',
    });
  });

  test('F35: however many serials strangers name, Alipay is asked about one at a time and rarely', async () => {
    desk.answer({ node: { code: '40004', sub_code: 'isv.cert-not-exist' } });
    const { channel } = open();
    const forged = Array.from({ length: 20 }, () => notice(issued(ALIPAY_NAME, stranger), stranger));

    const readings = await Promise.all(forged.map((body) => read(channel, body)));

    expect(readings.every(({ verdict }) => verdict === 'refused')).toBe(true);
    expect(methods()).toEqual([DOWNLOAD]);
  });

  test('F35: what is no serial is not asked about', async () => {
    const fields = { ...NOTICE, alipay_cert_sn: '../../x' };
    const sign = signAsAlipay(sortedText(fields), first.privateKey);
    const body = Buffer.from(new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString());

    expect(await read(open().channel, body)).toMatchObject({ code: 'callback_key_unknown' });
    expect(methods()).toEqual([]);
  });
});
