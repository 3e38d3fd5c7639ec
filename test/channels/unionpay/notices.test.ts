import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../../channels/channel.ts';
import { readCallback, unionpayCallbackReply } from '../../../channels/unionpay/callback.ts';
import { SigningCertificates } from '../../../channels/unionpay/certificates.ts';
import { readKeyValues } from '../../../channels/unionpay/key-values.ts';
import type { Fields } from './gateway-desk.ts';
import {
  MER_ID,
  MIDDLE_PEM,
  NOW,
  ORDER,
  OWNER_NAME,
  middleValid,
  ROOT_PEM,
  TXN_TIME,
  UNIONPAY,
  signedFields,
  signerNamed,
  trust,
} from './gateway-desk.ts';

const ACCOUNT = { merId: MER_ID, certificates: trust() };

const NOTICE: Fields = {
  bizType: '000201',
  merId: MER_ID,
  orderId: ORDER.refundNo,
  origQryId: String(ORDER.transactionId),
  queryId: '052611241030077863998',
  respCode: '00',
  respMsg: '成功[0000000]',
  settleDate: '1124',
  traceNo: '786399',
  txnAmt: '2345',
  txnTime: TXN_TIME,
  txnType: '04',
  reqReserved: '',
};

function form(fields: Fields): Buffer {
  return Buffer.from(new URLSearchParams(fields).toString());
}

function read(body: Buffer): CallbackReading {
  return readCallback(ACCOUNT, { headers: {}, body }, NOW);
}

describe('a notice about a refund', () => {
  test.each(['00', 'A6'])('with %s is success', (respCode) => {
    expect(read(form(signedFields({ ...NOTICE, respCode })))).toMatchObject({
      verdict: 'refund',
      noticeId: `${ORDER.refundNo}/${TXN_TIME}/${respCode}`,
      report: {
        status: 'success',
        refundNo: ORDER.refundNo,
        channelRefundNo: NOTICE['queryId'],
        transactionId: ORDER.transactionId,
        amountMinor: 2_345n,
        acceptedAt: new Date('2026-11-24T10:30:07+08:00'),
      },
    });
  });

  test('brings the clearing day, and the flaw of a success that has one', () => {
    expect(read(form(signedFields(NOTICE)))).toMatchObject({ report: { clearingDate: '1124' } });
    expect(read(form(signedFields(NOTICE)))).not.toHaveProperty('report.flaw');
    expect(read(form(signedFields({ ...NOTICE, respCode: 'A6' })))).toMatchObject({
      report: { status: 'success', flaw: 'A6 成功[0000000]' },
    });
  });

  test.each(['05', '61', '36', 'ZZ'])(
    'I7: with %s only shows that UnionPay has it; the question decides',
    (respCode) => {
      expect(read(form(signedFields({ ...NOTICE, respCode })))).toMatchObject({
        report: { status: 'processing' },
      });
    },
  );

  test('I7: what it leaves empty is not known, and contradicts nothing in the books', () => {
    const bare = { ...NOTICE, origQryId: '', queryId: '', accNo: '' };

    expect(read(form(signedFields(bare)))).toMatchObject({
      report: { status: 'success', channelRefundNo: null, transactionId: null, landsIn: null },
    });
  });

  test('a literal plus sign survives, because the form is decoded once', () => {
    expect(read(form(signedFields({ ...NOTICE, reqReserved: 'YSti+%2B=' }))).verdict).toBe('refund');
  });

  test('F37: a notice about something else is kept', () => {
    expect(read(form(signedFields({ ...NOTICE, txnType: '01' }))).verdict).toBe('unhandled');
  });
});

describe('F35 I15: what is refused and changes nothing', () => {
  const signed = signedFields(NOTICE);

  test.each<[string, Fields, string]>([
    ['no signature', NOTICE, 'callback_unsigned'],
    ['another amount', { ...signed, txnAmt: '234500' }, 'callback_signature_invalid'],
    ['a field added', { ...signed, extra: '1' }, 'callback_signature_invalid'],
    ['no certificate', { ...signed, signPubKeyCert: '' }, 'callback_signature_invalid'],
    [
      'a certificate that signed itself',
      signedFields(NOTICE, signerNamed(OWNER_NAME, { selfMade: true })),
      'callback_certificate_unchained',
    ],
    [
      'a certificate that has run out',
      signedFields(NOTICE, signerNamed(OWNER_NAME, { to: new Date('2026-11-24T02:29:59Z') })),
      'callback_certificate_expired',
    ],
    [
      'a certificate that is not valid yet',
      signedFields(NOTICE, signerNamed(OWNER_NAME, { from: new Date('2026-11-24T02:30:01Z') })),
      'callback_certificate_expired',
    ],
    [
      'another owner',
      signedFields(NOTICE, signerNamed('a@b@某某公司@c')),
      'callback_certificate_owner_differs',
    ],
    ['another merchant', signedFields({ ...NOTICE, merId: '802310048999999' }), 'callback_account_differs'],
    ['no number', signedFields({ ...NOTICE, orderId: '' }), 'callback_undecipherable'],
  ])('%s', (_what, fields, code) => {
    const body = form(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')));

    expect(read(body)).toMatchObject({ verdict: 'refused', code });
  });

  test.each([Buffer.from([0xff]), Buffer.alloc(0), Buffer.from('a=1&a=2')])(
    'bytes that are no form',
    (body) => {
      expect(read(body)).toMatchObject({ verdict: 'refused', code: 'callback_undecipherable' });
    },
  );
});

test('any 200 ends the repeats, anything else brings them on', () => {
  expect(unionpayCallbackReply(null).status).toBe(200);
  expect(unionpayCallbackReply({ status: 503 }).status).toBe(503);
});

describe('the certificate inside an answer', () => {
  test('is believed down from the root over the authority between', () => {
    expect(trust().judge(UNIONPAY.pem, NOW).believed).toBe(true);
  });

  test.each([
    ['the authority between is not configured', [ROOT_PEM]],
    ['the root is not configured', [MIDDLE_PEM]],
  ])('is not believed when %s', (_what, pems) => {
    const authorities = pems.map((pem) => new X509Certificate(pem));
    const certificates = new SigningCertificates({ authorities, owners: ['中国银联股份有限公司'] });

    expect(certificates.judge(UNIONPAY.pem, NOW)).toMatchObject({
      believed: false,
      why: expect.stringContaining('root') as unknown,
    });
  });

  test('of the test gateway is believed only where that is allowed', () => {
    const test = signerNamed('041@831@00040000:SIGN@0001');

    expect(trust().judge(test.pem, NOW).believed).toBe(false);
    expect(trust(['00040000:SIGN']).judge(test.pem, NOW).believed).toBe(true);
  });

  test('that was believed once is looked at again when time has passed', () => {
    const short = signerNamed(OWNER_NAME, { to: new Date('2026-12-01T00:00:00Z') });
    const certificates = trust();

    expect(certificates.judge(short.pem, NOW).believed).toBe(true);
    expect(certificates.judge(short.pem, new Date('2026-12-02T00:00:00Z')).believed).toBe(false);
    expect(certificates.judge(short.pem, new Date('2025-12-31T00:00:00Z')).believed).toBe(false);
  });

  test('is not believed once the authority above it has run out, unless a renewed one is configured', () => {
    const ended = middleValid({
      from: new Date('2026-01-01T00:00:00Z'),
      to: new Date('2026-11-01T00:00:00Z'),
    });
    const under = (...pems: readonly string[]) =>
      new SigningCertificates({
        authorities: pems.map((pem) => new X509Certificate(pem)),
        owners: ['中国银联股份有限公司'],
      }).judge(UNIONPAY.pem, NOW);

    expect(under(ROOT_PEM, ended)).toMatchObject({ believed: false, code: 'callback_certificate_expired' });
    expect(under(ROOT_PEM, ended, MIDDLE_PEM)).toMatchObject({ believed: true });
  });

  test('is not believed under one that may not issue certificates', () => {
    const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2030-01-01T00:00:00Z') };
    const authorities = [ROOT_PEM, middleValid(period, { mayIssue: false })];
    const certificates = new SigningCertificates({
      authorities: authorities.map((pem) => new X509Certificate(pem)),
      owners: ['中国银联股份有限公司'],
    });

    expect(certificates.judge(UNIONPAY.pem, NOW)).toMatchObject({
      believed: false,
      code: 'callback_certificate_unchained',
    });
  });

  test('that cannot be read is not believed', () => {
    expect(trust().judge('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', NOW)).toMatchObject({
      believed: false,
    });
  });
});

describe('fields that are not encoded', () => {
  test('may hold equals signs, groups in braces and a certificate of several lines', () => {
    const text =
      'accNo=6226&customerInfo={a=1&b=2}&list=[x=1&y=2]&empty=&respMsg=a=b&c d&signPubKeyCert=-----BEGIN CERTIFICATE-----\r\nMII+/=\r\n-----END CERTIFICATE-----&signature=ab+/==';

    expect({ ...readKeyValues(text) }).toEqual({
      accNo: '6226',
      customerInfo: '{a=1&b=2}',
      list: '[x=1&y=2]',
      empty: '',
      respMsg: 'a=b&c d',
      signPubKeyCert: '-----BEGIN CERTIFICATE-----\r\nMII+/=\r\n-----END CERTIFICATE-----',
      signature: 'ab+/==',
    });
  });

  test.each(['', 'no equals sign', '=1', 'a=1&a=2', '1a=2', '<html>'])('%j are none', (text) => {
    expect(readKeyValues(text)).toBeNull();
  });

  test('what was written is what is read, for values without a new name in them', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,12}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9+/= :,.-]*$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { minKeys: 1, maxKeys: 20, noNullPrototype: true }),
        (fields) => {
          const text = Object.entries(fields)
            .map(([key, inner]) => `${key}=${inner}`)
            .join('&');

          expect({ ...readKeyValues(text) }).toEqual(fields);
        },
      ),
    );
  });
});
