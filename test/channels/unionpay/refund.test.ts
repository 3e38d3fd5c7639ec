import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fundingSource } from '../../../channels/unionpay/reports.ts';
import type { Desk, Fields, Script } from './gateway-desk.ts';
import {
  MER_ID,
  ORDER,
  OWNER_NAME,
  TXN_TIME,
  openDesk,
  signedFields,
  signerNamed,
  wire,
} from './gateway-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const TAKEN: Fields = {
  respCode: '00',
  respMsg: '成功[0000000]',
  merId: MER_ID,
  orderId: ORDER.refundNo,
  txnTime: TXN_TIME,
  txnType: '04',
  txnAmt: '2345',
  queryId: '052611241030077863998',
  origQryId: String(ORDER.transactionId),
};

describe('a refund put to UnionPay', () => {
  test('is signed over all its fields and names the payment by its number', async () => {
    desk.answer({ fields: TAKEN });

    await desk.channel().submitRefund(ORDER);

    const [call] = desk.received;
    expect(call?.path).toBe('/gateway/api/backTransReq.do');
    expect(call?.signatureHolds).toBe(true);
    expect(call?.fields).toMatchObject({
      version: '5.1.0',
      signMethod: '01',
      certId: '68759663125',
      merId: MER_ID,
      txnType: '04',
      txnSubType: '00',
      orderId: ORDER.refundNo,
      txnTime: TXN_TIME,
      txnAmt: '2345',
      currencyCode: '156',
      origQryId: ORDER.transactionId,
      backUrl: 'https://pay.example/callbacks/unionpay/up-1',
    });
  });

  test('names the payment by number and time where UnionPay’s number is not known', async () => {
    desk.answer({ fields: TAKEN });

    await desk.channel().submitRefund({ ...ORDER, transactionId: null });

    expect(desk.received[0]?.fields).toMatchObject({
      origOrderId: ORDER.paymentNo,
      origTxnTime: '20261101105145',
    });
    expect(desk.received[0]?.fields).not.toHaveProperty('origQryId');
  });

  test('I6: carries the same number and time on every repeat, whatever the clock says', async () => {
    desk.answer({ fields: TAKEN });
    const channel = desk.channel();

    await channel.submitRefund(ORDER);
    await channel.submitRefund(ORDER);

    const sent = desk.received.map(({ fields }) => [fields['orderId'], fields['txnTime'], fields['txnAmt']]);
    expect(sent[1]).toEqual(sent[0]);
  });

  test('that was taken is not done: 00 is acceptance', async () => {
    desk.answer({ fields: TAKEN });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      outcome: 'reported',
      report: {
        status: 'processing',
        channelRefundNo: TAKEN['queryId'],
        transactionId: ORDER.transactionId,
        amountMinor: 2_345n,
        acceptedAt: new Date('2026-11-24T10:30:07+08:00'),
        succeededAt: null,
      },
    });
  });

  test('that was taken with A6 is not done either, and the flaw is told', async () => {
    desk.answer({ fields: { ...TAKEN, respCode: 'A6', respMsg: '有缺陷的成功' } });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      report: { status: 'processing', flaw: 'A6 有缺陷的成功' },
    });
  });

  test.each([
    ['another number', { orderId: 'RF2' }],
    ['another time', { txnTime: '20261124103001' }],
    ['another amount', { txnAmt: '2346' }],
  ])('an answer about %s is not believed', async (_what, changed) => {
    desk.answer({ fields: { ...TAKEN, ...changed } });

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

describe('an answer that cannot be trusted', () => {
  const signed = signedFields(TAKEN);
  const untrusted: [string, Script][] = [
    ['F1 no answer', 'silence'],
    ['F3 a server fault', { status: 500, body: 'oops' }],
    ['a redirect', { status: 302, body: '' }],
    ['a page', { body: '<html>maintenance</html>' }],
    ['F4 no signature', { body: wire({ ...TAKEN, version: '5.1.0', signMethod: '01' }) }],
    ['F4 a field changed after signing', { body: wire({ ...signed, txnAmt: '1' }) }],
    ['F4 a field added after signing', { body: wire({ ...signed, extra: '1' }) }],
    ['F4 an empty signature', { body: wire({ ...signed, signature: '' }) }],
    ['version 5.0.0', { body: wire(signedFields({ ...TAKEN, version: '5.0.0' })) }],
    ['a signature by secret key', { body: wire(signedFields({ ...TAKEN, signMethod: '11' })) }],
    [
      'a certificate that signed itself',
      { fields: TAKEN, signer: signerNamed(OWNER_NAME, { selfMade: true }) },
    ],
    ['another owner', { fields: TAKEN, signer: signerNamed('041@831@某某科技有限公司@0001') }],
    ['the test gateway', { fields: TAKEN, signer: signerNamed('041@831@00040000:SIGN@0001') }],
    [
      'a certificate that has run out',
      { fields: TAKEN, signer: signerNamed(OWNER_NAME, { to: new Date('2026-11-01T00:00:00Z') }) },
    ],
    ['no respCode', { fields: { merId: MER_ID } }],
  ];

  test.each(untrusted)('I7: %s leaves the outcome unknown', async (_what, script) => {
    desk.answer(script);

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

const FOUND: Fields = {
  ...TAKEN,
  txnType: '00',
  origRespCode: '00',
  origRespMsg: '成功',
  settleDate: '1124',
};

test('a field that is there and empty says nothing, whichever it is', async () => {
  const names = ['queryId', 'accNo', 'settleDate', 'txnAmt', 'origRespMsg'];
  const empty = Object.fromEntries(names.map((name) => [name, '']));
  const absent = Object.fromEntries(
    Object.entries({ ...FOUND, ...empty }).filter(([, value]) => value !== ''),
  );
  desk.answer({ fields: { ...FOUND, ...empty } }, { fields: absent });
  const channel = desk.channel();

  const answer = await channel.queryRefund(ORDER);

  expect(answer).toMatchObject({ report: { status: 'success', channelRefundNo: null, landsIn: null } });
  expect(await channel.queryRefund(ORDER)).toEqual(answer);
});

describe('asking about a refund', () => {
  test('names it by number and time', async () => {
    desk.answer({ fields: FOUND });

    await desk.channel().queryRefund(ORDER);

    expect(desk.received[0]?.path).toBe('/gateway/api/queryTrans.do');
    expect(desk.received[0]?.fields).toMatchObject({
      txnType: '00',
      orderId: ORDER.refundNo,
      txnTime: TXN_TIME,
    });
  });

  test.each([
    ['00', 'success'],
    ['A6', 'success'],
    ['03', 'processing'],
    ['04', 'processing'],
    ['05', 'processing'],
    ['06', 'processing'],
    ['99', 'processing'],
    ['01', 'closed'],
    ['46', 'closed'],
    ...'30 33 35 36 38 45 60 61 62 63 68 73 78'.split(' ').map((code) => [code, 'abnormal']),
    ['ZZ', 'processing'],
  ])('origRespCode %s means %s, of this very refund', async (code, status) => {
    desk.answer({ fields: { ...FOUND, origRespCode: code, accNo: '6226***0048' } });

    expect(await desk.channel().queryRefund(ORDER)).toMatchObject({
      outcome: 'reported',
      report: {
        status,
        refundNo: ORDER.refundNo,
        channelRefundNo: FOUND['queryId'],
        transactionId: ORDER.transactionId,
        amountMinor: 2_345n,
        acceptedAt: new Date('2026-11-24T10:30:07+08:00'),
        landsIn: '6226***0048',
        // What the payer got, and when it was done, is in no answer.
        payerAmountMinor: null,
        succeededAt: null,
      },
    });
  });

  test.each(['02', '37', '39'])(
    'I7: origRespCode %s is "nothing done, the same number may come again": neither in hand nor failed',
    async (code) => {
      desk.answer({ fields: { ...FOUND, origRespCode: code, origRespMsg: '请稍后再试[9000002]' } });

      expect(await desk.channel().queryRefund(ORDER)).toEqual({
        outcome: 'absent',
        notDone: `${code} 请稍后再试[9000002]`,
        responseId: null,
      });
    },
  );

  test('A6 is success with a flaw, told in UnionPay’s code and words for a person to look into; 00 has none', async () => {
    desk.answer(
      { fields: { ...FOUND, origRespCode: 'A6', origRespMsg: '有缺陷的成功[9000A6]' } },
      { fields: FOUND },
    );
    const channel = desk.channel();

    expect(await channel.queryRefund(ORDER)).toMatchObject({
      report: { status: 'success', flaw: 'A6 有缺陷的成功[9000A6]' },
    });
    expect(await channel.queryRefund(ORDER)).not.toHaveProperty('report.flaw');
  });

  test('brings the clearing day, by which banks find it; anything but MMdd is none', async () => {
    desk.answer(
      { fields: FOUND },
      { fields: { ...FOUND, settleDate: '' } },
      { fields: { ...FOUND, settleDate: '11' } },
    );
    const channel = desk.channel();

    expect(await channel.queryRefund(ORDER)).toMatchObject({ report: { clearingDate: '1124' } });
    expect(await channel.queryRefund(ORDER)).not.toHaveProperty('report.clearingDate');
    expect(await channel.queryRefund(ORDER)).not.toHaveProperty('report.clearingDate');
  });

  test('F7: 34 is "no such transaction, or not visible yet"', async () => {
    desk.answer({ fields: { respCode: '34' } }, { fields: { ...FOUND, origRespCode: '34' } });
    const channel = desk.channel();

    expect((await channel.queryRefund(ORDER)).outcome).toBe('absent');
    expect((await channel.queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test.each([
    ['37', 'held'],
    ['31', 'held'],
    ['99', 'unknown'],
    ['01', 'unknown'],
    ['ZZ', 'unknown'],
  ])('I7: respCode %s of the question itself says nothing about the refund: %s', async (code, outcome) => {
    desk.answer({ fields: { ...FOUND, respCode: code, origRespCode: '00' } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe(outcome);
  });

  test.each([
    ['another number', { orderId: 'RF2' }],
    ['another time', { txnTime: '20261124103001' }],
    ['no word about the original', { origRespCode: '' }],
  ])('an answer with %s is not believed', async (_what, changed) => {
    desk.answer({ fields: { ...FOUND, ...changed } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('unknown');
  });
});

describe('asking about a payment', () => {
  test('whose time nobody knows asks nothing, and says that the time is what is missing', async () => {
    expect(await desk.channel().queryPayment({ ...ORDER, paidAt: null })).toEqual({
      ...{ outcome: 'absent', lacks: 'paid_at', responseId: null },
    });
    expect(desk.received).toEqual([]);
  });

  const PAID: Fields = {
    ...FOUND,
    orderId: ORDER.paymentNo,
    txnTime: '20261101105145',
    txnAmt: '12345',
    queryId: String(ORDER.transactionId),
    payCardType: '01',
    currencyCode: '156',
  };

  test('brings what was captured, when, and from which kind of card', async () => {
    desk.answer({ fields: PAID });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'reported',
      payment: {
        paymentNo: ORDER.paymentNo,
        transactionId: ORDER.transactionId,
        capturedMinor: 12_345n,
        currency: 'CNY',
        paidAt: ORDER.paidAt,
        fundingSource: 'debit_card',
      },
    });
    expect(desk.received[0]?.fields).toMatchObject({ orderId: ORDER.paymentNo, txnTime: '20261101105145' });
  });

  test.each([
    [{ respCode: '34' }, 'absent'],
    [{ ...PAID, origRespCode: '61' }, 'unpaid'],
    [{ ...PAID, origRespCode: '05' }, 'unknown'],
    [{ ...PAID, txnAmt: '' }, 'unknown'],
    [{ ...PAID, queryId: '' }, 'unknown'],
  ])('%j is %s', async (fields, outcome) => {
    desk.answer({ fields });

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe(outcome);
  });

  test.each([
    ['01', 'debit_card'],
    ['02', 'credit_card'],
    ['03', 'credit_card'],
    ['00', 'unknown'],
    ['', 'unknown'],
  ])('card type %s is paid from %s', (type, source) => {
    expect(fundingSource(type)).toBe(source);
  });
});
