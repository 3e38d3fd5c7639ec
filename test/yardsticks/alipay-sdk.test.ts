/**
 * Alipay against its official SDK, both ways: the SDK believes what our client signs and our functions believe what the SDK
 * signs; over its own HTTP the sandbox takes what it signs, and it believes what the sandbox signs; both cut the same text out of an
 * answer and give certificates the same serials.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import type { AlipaySdkConfig } from 'alipay-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { answerParts } from '../../channels/alipay/answer-node.ts';
import { certificateSn, rootCertificateSn } from '../../channels/alipay/certificates.ts';
import { isSignedBy, requestText } from '../../channels/alipay/signing.ts';
import { certificatesOf } from '../../channels/certificate-chain.ts';
import type { CallbackMessage } from '../../channels/channel.ts';
import { makeCertificate } from '../../sandbox/certificate.ts';
import { openAlipayStand } from '../channels/contract/alipay-stand.ts';
import {
  ALIPAY_KEY,
  APP_ID,
  KEY_TRUST,
  ORDER,
  accountAt,
  openDesk,
  answerText,
  signAsAlipay,
} from '../channels/alipay/gateway-desk.ts';
import type { Desk } from '../channels/alipay/gateway-desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

function pem(key: KeyObject): string {
  const type = key.type === 'private' ? 'pkcs8' : 'spki';
  return key.export({ type, format: 'pem' }).toString().trim();
}

/** The SDK as the merchant of the desk, which believes what Alipay's key signed. */
function sdk(o: Partial<AlipaySdkConfig> = {}): AlipaySdk {
  const { privateKey, gatewayUrl } = accountAt(desk.url);
  return new AlipaySdk({
    appId: APP_ID,
    privateKey: pem(privateKey),
    keyType: 'PKCS8',
    alipayPublicKey: pem(KEY_TRUST.alipayKey),
    gateway: gatewayUrl,
    camelcase: false,
    ...o,
  });
}

const REFUND = 'alipay.trade.refund';

const CONTENT = {
  trade_no: ORDER.transactionId,
  refund_amount: '99.00',
  out_request_no: ORDER.refundNo,
  refund_reason: ORDER.reason,
};

const DONE = {
  code: '10000',
  msg: 'Success',
  trade_no: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  refund_fee: '99.00',
  fund_change: 'Y',
};

describe('over its own HTTP', () => {
  test('the desk takes what the SDK signs, and the SDK believes what the desk signs', async () => {
    desk.answer({ node: DONE });

    const answer = await sdk().exec(REFUND, { bizContent: CONTENT }, { validateSign: true });

    expect(answer).toMatchObject({ code: '10000', fund_change: 'Y' });
    expect(desk.received).toMatchObject([{ method: REFUND, signatureHolds: true, content: CONTENT }]);
  });

  test.each([
    ['other text', signAsAlipay('{}')],
    [
      'a stranger',
      signAsAlipay(JSON.stringify(DONE), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    ],
  ])('F4: neither the SDK nor our client believes an answer signed over or by %s', async (_what, sign) => {
    const body = `{"alipay_trade_refund_response":${JSON.stringify(DONE)},"sign":"${sign}"}`;
    desk.answer({ body });

    await expect(sdk().exec(REFUND, { bizContent: CONTENT }, { validateSign: true })).rejects.toThrow(
      '验签失败',
    );
    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

describe('what is signed', () => {
  test('by our client the SDK verifies, whatever is in it', async () => {
    const merchant = createPublicKey(pem(accountAt(desk.url).privateKey));
    const verifier = sdk({ alipayPublicKey: pem(merchant) });
    desk.answer({ body: '', breaks: 'at once' });

    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.string({ unit: 'grapheme', maxLength: 30 }), { nil: null }),
        async (reason) => {
          desk.received.length = 0;
          const channel = desk.channel();
          await channel.submitRefund({ ...ORDER, reason });
          await channel.queryRefund(ORDER);
          await channel.queryPayment(ORDER);
          await channel.requestStatement('trade', '2026-11-23');

          expect(
            desk.received.map(({ parameters }) => verifier.checkNotifySignV2({ ...parameters })),
          ).toEqual([true, true, true, true]);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('by the SDK our functions verify, and not with a word changed', () => {
    const merchant = createPublicKey(pem(accountAt(desk.url).privateKey));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (reason) => {
        const text = sdk().sdkExecute(REFUND, { bizContent: { ...CONTENT, refund_reason: reason } });
        const parameters = Object.fromEntries(new URLSearchParams(text));
        const { sign = '' } = parameters;

        expect(isSignedBy(requestText(parameters), sign, merchant)).toBe(true);
        expect(isSignedBy(requestText({ ...parameters, app_id: '2021009999999999' }), sign, merchant)).toBe(
          false,
        );
      }),
      { numRuns: 25 },
    );
  });
});

describe('a notice', () => {
  test('is genuine or badly signed to the SDK and to our client alike', async () => {
    const stand = await openAlipayStand();
    onTestFinished(() => stand.stop());
    const { notices } = stand;
    const isGenuine = ({ body }: CallbackMessage): boolean =>
      sdk().checkNotifySignV2(Object.fromEntries(new URLSearchParams(body.toString())));
    const verdictOf = async (message: CallbackMessage) =>
      (await stand.channel().readCallback(message)).verdict;

    const genuine = [notices.genuine(0), notices.genuine(1)];
    const badlySigned = [notices.stranger, notices.unsigned, notices.changed];

    expect(genuine.map(isGenuine)).toEqual([true, true]);
    expect(await Promise.all(genuine.map(verdictOf))).toEqual(['refund', 'refund']);
    expect(badlySigned.map(isGenuine)).toEqual([false, false, false]);
    expect(await Promise.all(badlySigned.map(verdictOf))).toEqual(['refused', 'refused', 'refused']);
    // What the SDK leaves to its user: a genuine notice for somebody else.
    expect(isGenuine(notices.forAnotherMerchant)).toBe(true);
    expect(await verdictOf(notices.forAnotherMerchant)).toBe('refused');
  });
});

describe('the signed text of an answer', () => {
  test('is cut out alike by the SDK and by our client, whatever is in the node', () => {
    const one = sdk();
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (more) => {
        const body = answerText(REFUND, { ...more, ...DONE });

        const ours = answerParts(body, REFUND)?.node;

        expect(ours).toBe(one.getSignStr(body, 'alipay_trade_refund_response'));
        expect(() => {
          one.checkResponseSign(
            body,
            'alipay_trade_refund_response',
            answerParts(body, REFUND)?.sign ?? '',
            '',
          );
        }).not.toThrow();
      }),
    );
  });

  test.each([
    ['with escaped slashes', '{"code":"10000","url":"https:\\/\\/a"}', ':', ','],
    ['with escaped letters', '{"code":"10000","name":"\\u5f20"}', ':', ','],
    ['between blanks', '{"code": "10000" }', ' : ', ' , '],
    ['before a certificate serial', '{"code":"10000"}', ':', ',"alipay_cert_sn":"c1",'],
    ['that holds a signature itself', '{"code":"10000","sign":"x"}', ':', ','],
  ])('stays as it was sent: %s', (_what, node, colon, comma) => {
    // The SDK counts on a signature of full length.
    const body = `{"alipay_trade_refund_response"${colon}${node}${comma}"sign":"${signAsAlipay(node)}"}`;

    expect(sdk().getSignStr(body, 'alipay_trade_refund_response')).toBe(node);
    expect(answerParts(body, REFUND)?.node).toBe(node);
  });
});

describe('the serials of certificates', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2030-12-31T00:00:00Z') };
  const root = makeCertificate({ serial: '5A01', commonName: 'Sandbox Root R1', ...pair, ...period });
  const second = makeCertificate({ serial: '5A02', commonName: 'Sandbox Root R2', ...pair, ...period });
  const issuer = { commonName: 'Sandbox Root R1', privateKey: pair.privateKey };
  const alipay = { publicKey: createPublicKey(pem(ALIPAY_KEY)), privateKey: ALIPAY_KEY };
  const app = makeCertificate({ serial: '11AB', commonName: APP_ID, ...pair, ...period, issuer });
  const theirs = makeCertificate({ serial: '22CD', commonName: 'Alipay', ...alipay, ...period, issuer });

  test('are the same to the SDK and to us, and it believes the key inside', async () => {
    const inCertificateMode = sdk({
      appCertContent: app,
      alipayPublicCertContent: theirs,
      alipayRootCertContent: `${root}${second}`,
    });
    const [ourApp, ourAlipay] = [app, theirs].map((one) => certificatesOf(one).map(certificateSn)[0]);
    desk.answer({ node: DONE, certSn: ourAlipay ?? '' });

    expect(inCertificateMode.config).toMatchObject({
      appCertSn: ourApp,
      alipayCertSn: ourAlipay,
      alipayRootCertSn: rootCertificateSn(`${root}${second}`),
    });
    await inCertificateMode.exec(REFUND, { bizContent: CONTENT }, { validateSign: true });
    expect(desk.received).toMatchObject([
      {
        signatureHolds: true,
        parameters: { app_cert_sn: ourApp, alipay_root_cert_sn: rootCertificateSn(`${root}${second}`) },
      },
    ]);
  });
});
