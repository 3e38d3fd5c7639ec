/** F9: an abnormal refund sent elsewhere. The card is legible to the channel only, and what comes back decides as ever. */
import { constants, privateDecrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Redirect, RedirectTarget, SubmitAnswer } from '../../../channels/channel.ts';
import { REDIRECT_OUTCOMES } from '../../../channels/wechat/outcome.ts';
import { rowsOf } from '../documented-codes.ts';
import { REDIRECT_CODES, statusOf } from './documented-codes.ts';
import type { Desk, Script, Signer } from './pay-desk.ts';
import {
  ORDER,
  PLATFORM,
  PUBLIC_KEY_ID,
  certificateList,
  openDesk,
  platformCertificate,
  signatureOf,
} from './pay-desk.ts';

const ABNORMAL = { ...ORDER, channelRefundNo: '50300807092021020105990201735' };
const CARD = {
  to: 'payer_card',
  bank: 'CMB_DEBIT',
  cardNo: '6225000000000000007',
  holder: '王小明',
} as const satisfies RedirectTarget;
const MERCHANT = { to: 'merchant_account' } as const satisfies RedirectTarget;

const IN_HAND = {
  refund_id: ABNORMAL.channelRefundNo,
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  channel: 'OTHER_BANKCARD',
  user_received_account: '招商银行借记卡0007',
  create_time: '2026-11-24T10:30:01+08:00',
  status: 'PROCESSING',
  amount: { total: 12_345, refund: 2_345, payer_total: 12_345, payer_refund: 2_345, currency: 'CNY' },
};

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

function redirectOf(o: Parameters<Desk['channel']>[0] = {}): Redirect {
  const { redirect } = desk.channel(o);
  if (redirect === null) throw new Error('WeChat Pay has this call');
  return redirect;
}

function send(target: RedirectTarget = CARD, order = ABNORMAL): Promise<SubmitAnswer> {
  return redirectOf().send(order, target);
}

function bodyOf(call = desk.received.at(-1)): Record<string, string> {
  return JSON.parse(call?.body ?? '{}') as Record<string, string>;
}

/** As the channel reads a sensitive field. */
function opened(text: string | undefined, key: KeyObject = PLATFORM.key): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return privateDecrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(text ?? '', 'base64')).toString();
}

function fault(status: number, code: string, message = '说明'): Script {
  return { status, body: { code, message }, sign: null };
}

describe('an abnormal refund sent to a card of the payer’s', () => {
  test('names the refund by both numbers, signed, and the key that it is encrypted with', async () => {
    desk.answer({ body: IN_HAND });

    await send();

    expect(desk.received).toHaveLength(1);
    const [call] = desk.received;
    expect(call?.method).toBe('POST');
    expect(call?.target).toBe(
      '/v3/refund/domestic/refunds/50300807092021020105990201735/apply-abnormal-refund',
    );
    expect(call?.signatureHolds).toBe(true);
    expect(call?.headers['wechatpay-serial']).toBe(PUBLIC_KEY_ID);
    expect(bodyOf()).toEqual({
      out_refund_no: ORDER.refundNo,
      type: 'USER_BANK_CARD',
      bank_type: 'CMB_DEBIT',
      bank_account: expect.any(String) as string,
      real_name: expect.any(String) as string,
    });
  });

  test('I13: card and holder are legible to the channel only', async () => {
    desk.answer({ body: IN_HAND });

    await send({ ...CARD, holder: ' 王小明 ' });

    const { bank_account: card, real_name: holder } = bodyOf();
    expect([opened(card), opened(holder)]).toEqual([CARD.cardNo, '王小明']);
    expect(desk.received[0]?.body).not.toContain(CARD.cardNo);
    expect(desk.received[0]?.body).not.toContain(CARD.holder);
  });

  test('is in hand again, with the place where it now goes', async () => {
    desk.answer({ body: IN_HAND });

    expect(await send()).toMatchObject({
      outcome: 'reported',
      report: {
        status: 'processing',
        refundNo: ORDER.refundNo,
        channelRefundNo: ABNORMAL.channelRefundNo,
        amountMinor: 2_345n,
        landsIn: '招商银行借记卡0007',
      },
    });
  });

  test('takes the debit cards of the documented banks and of no other', async () => {
    desk.answer({ body: IN_HAND });
    const { banks } = redirectOf();
    const documented = 'CMB COMM ABC CCB ICBC BOC PAB SPDB CITIC CEB CMBC CIB GDB PSBC NBCB'.split(' ');

    expect(banks).toEqual(documented.map((bank) => `${bank}_DEBIT`));
    for (const bank of banks) expect((await send({ ...CARD, bank })).outcome).toBe('reported');
  });

  test.each<[string, Partial<typeof CARD> | object]>([
    ['bank', { bank: 'CMB_CREDIT' }],
    ['bank', { bank: '' }],
    ['bank', { bank: 'cmb_debit' }],
    ['card_no', { cardNo: '6225000000000000004' }],
    ['card_no', { cardNo: '622500000006' }],
    ['card_no', { cardNo: '62250000000000000006' }],
    ['card_no', { cardNo: '6225 0000 0000 0000 007' }],
    ['card_no', { cardNo: '６２２５０００００００００００００００７' }],
    ['card_no', { cardNo: '' }],
    ['holder', { holder: '' }],
    ['holder', { holder: ' \t' }],
    ['holder', { holder: '王'.repeat(61) }],
  ])(
    'with a wrong %s never leaves, and the fault does not say what was in it: %j',
    async (field, changed) => {
      const error: unknown = await send({ ...CARD, ...changed }).catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ code: 'redirect_invalid', details: { field } });
      const text = inspect(error, { depth: 12, showHidden: true });
      expect(text).not.toContain('6225');
      expect(text).not.toContain('王');
      expect(desk.received).toEqual([]);
    },
  );
});

test('an abnormal refund sent back to the merchant names no card, and needs none', async () => {
  desk.answer({ body: { ...IN_HAND, user_received_account: '商户结算银行账户' } });

  expect(await send(MERCHANT)).toMatchObject({ outcome: 'reported', report: { returnedToMerchant: true } });
  expect(bodyOf()).toEqual({ out_refund_no: ORDER.refundNo, type: 'MERCHANT_BANK_CARD' });
});

test('I13: no answer, however it ends, holds the card or its holder, even where the channel quotes them', async () => {
  const quoting = `银行卡号${CARD.cardNo}与户名${CARD.holder}不符`;
  desk.answer(
    fault(400, 'PARAM_ERROR', quoting),
    fault(403, 'USER_ACCOUNT_ABNORMAL', quoting),
    fault(500, 'SYSTEM_ERROR', quoting),
    { breaks: 'at once' },
    { body: IN_HAND, sign: null },
  );

  for (let call = 0; call < 5; call += 1) {
    const text = inspect(await send(), { depth: 12, showHidden: true });
    expect(text).not.toContain(CARD.cardNo);
    expect(text).not.toContain(CARD.holder);
  }
  expect(desk.received).toHaveLength(5);
});

describe('I7: what cannot be trusted leaves it unknown', () => {
  test.each<[string, Script]>([
    ['no answer', { breaks: 'at once' }],
    ['half an answer', { body: JSON.stringify(IN_HAND), breaks: 'half way' }],
    ['a fault of the channel', fault(500, 'PARAM_ERROR')],
    ['a page of some gateway', { status: 403, body: '<html>forbidden</html>', sign: null }],
    ['an answer without a signature', { body: IN_HAND, sign: null }],
    ['a signature of other bytes', { body: IN_HAND, sign: (body) => signatureOf(`${body} `) }],
    ['an answer about another refund', { body: { ...IN_HAND, out_refund_no: 'RF2' } }],
    ['another refund of the channel’s', { body: { ...IN_HAND, refund_id: '50300807092021020105990201736' } }],
    ['another amount', { body: { ...IN_HAND, amount: { ...IN_HAND.amount, refund: 2_346 } } }],
  ])('%s', async (_what, script) => {
    desk.answer(script);

    expect((await send()).outcome).toBe('unknown');
  });
});

describe('each documented code', () => {
  test('has one row, and no row is beside them', () => {
    expect(rowsOf(REDIRECT_OUTCOMES)).toEqual(REDIRECT_CODES);
  });

  test.each(Object.entries(REDIRECT_CODES))('%s is %s', async (code, means) => {
    desk.answer(fault(statusOf(code), code));

    const answer = await send();

    expect(answer.outcome === 'held' ? `held ${answer.reason}` : answer.outcome).toBe(means);
  });
});

describe('the key that the card is encrypted with', () => {
  const IN_CERTIFICATE_MODE = { publicKeys: new Map(), fetchPlatformCertificates: true };
  const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
  const old = platformCertificate('1111AAAA1111AAAA', day('2021-12-01'), day('2026-12-01'));
  const successor = platformCertificate('2222BBBB2222BBBB', day('2026-11-20'), day('2031-11-20'));
  const ended = platformCertificate('3333CCCC3333CCCC', day('2020-01-01'), day('2026-11-23'));
  const signedBy = (signer: Signer) => (body: string) => signatureOf(body, { signer });

  test('without a public key is that of the certificate that ends last, and it is asked for once', async () => {
    desk.answer(
      { body: certificateList([successor, ended, old]), sign: signedBy(old) },
      { body: IN_HAND, sign: signedBy(old) },
    );
    const redirect = redirectOf(IN_CERTIFICATE_MODE);

    await redirect.send(ABNORMAL, CARD);
    await redirect.send(ABNORMAL, CARD);

    expect(desk.received.map(({ target }) => target.split('/').at(-1))).toEqual([
      'certificates',
      'apply-abnormal-refund',
      'apply-abnormal-refund',
    ]);
    expect(desk.received.at(-1)?.headers['wechatpay-serial']).toBe(successor.serial);
    expect(opened(bodyOf()['bank_account'], successor.key)).toBe(CARD.cardNo);
  });

  test('that cannot be had sends nothing', async () => {
    desk.answer(fault(500, 'SYSTEM_ERROR'));

    const answer = await redirectOf(IN_CERTIFICATE_MODE).send(ABNORMAL, CARD);

    expect(answer).toMatchObject({
      outcome: 'unknown',
      why: expect.stringContaining('nothing was sent') as string,
    });
    expect(desk.received.map(({ target }) => target)).toEqual(['/v3/certificates']);
  });
});
