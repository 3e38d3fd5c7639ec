/** UnionPay's stand. */
import { deflateSync } from 'node:zlib';
import type { CallbackMessage } from '../../../channels/channel.ts';
import { ORIGINAL_OUTCOMES, QUESTION_OUTCOMES, REFUND_OUTCOMES } from '../../../channels/unionpay/outcome.ts';
import type { RawAnswer } from '../scripted-server.ts';
import { ORIGINAL_CODES, QUESTION_CODES, REFUND_CODES } from '../unionpay/documented-codes.ts';
import type { Fields, Received, Signer } from '../unionpay/gateway-desk.ts';
import {
  MER_ID,
  ORDER,
  OWNER_NAME,
  TXN_TIME,
  accountAt,
  openDesk,
  signedFields,
  signerNamed,
  wire,
} from '../unionpay/gateway-desk.ts';
import { secretsOf } from './secrets.ts';
import type { Answers, CodeTable, Notices, Sent, Stand, Words } from './stand.ts';

/** A certificate in the right name that nobody issued. */
const STRANGER: Signer = signerNamed(OWNER_NAME, { selfMade: true });

const TAKEN: Fields = {
  respCode: '00',
  respMsg: '成功[0000000]',
  merId: MER_ID,
  orderId: ORDER.refundNo,
  txnTime: TXN_TIME,
  txnType: '04',
  txnAmt: '2345',
  queryId: '052611241030007863998',
  origQryId: String(ORDER.transactionId),
};

const FOUND: Fields = { ...TAKEN, txnType: '00', origRespCode: '00', settleDate: '1124' };

const PAYMENT: Fields = {
  ...FOUND,
  orderId: ORDER.paymentNo,
  txnTime: '20261101105145',
  txnAmt: '12345',
  queryId: String(ORDER.transactionId),
  payCardType: '01',
  currencyCode: '156',
};

function signed(fields: Fields, signer?: Signer): RawAnswer {
  return { body: wire(signedFields(fields, signer)) };
}

function answers(fields: Fields): Answers {
  const whole = signedFields(fields);
  const { signature, ...unsigned } = whole;
  const encoded = Object.entries(unsigned).map(([name, value]) => [name, encodeURIComponent(value)]);
  return {
    genuine: signed(fields),
    stranger: signed(fields, STRANGER),
    unsigned: { body: wire(unsigned) },
    // As a form would carry it.
    rewritten: { body: wire({ ...(Object.fromEntries(encoded) as Fields), signature: signature ?? '' }) },
  };
}

function says(respCode: string): RawAnswer {
  return signed({ respCode, respMsg: '说明[0000000]', merId: MER_ID });
}

function file(bytes: Buffer): Fields {
  return { respCode: '00', merId: MER_ID, fileContent: deflateSync(bytes).toString('base64') };
}

const WORDS: Words = {
  submitRefund: {
    anotherRefund: signed({ ...TAKEN, orderId: 'RF20261124000000000002' }),
    refused: says('36'),
    // The money is netted from the next settlement.
    shortBalance: null,
    tooManyCalls: says('37'),
    ownFault: says('99'),
  },
  queryRefund: {
    anotherRefund: signed({ ...FOUND, orderId: 'RF20261124000000000002' }),
    otherAmount: signed({ ...FOUND, txnAmt: '2344' }),
    inHand: signed({ ...FOUND, origRespCode: '05' }),
    closed: signed({ ...FOUND, origRespCode: '01' }),
    absent: says('34'),
    tooManyCalls: says('37'),
    ownFault: says('99'),
  },
  queryPayment: {
    anotherPayment: signed({ ...PAYMENT, orderId: 'PAY20261101109999' }),
    unpaid: signed({ ...PAYMENT, origRespCode: '61' }),
    absent: says('34'),
    tooManyCalls: says('37'),
    ownFault: says('99'),
  },
  requestStatement: { notThere: says('98'), tooManyCalls: says('37'), ownFault: says('99') },
};

const DONE_NOTHING: ReadonlySet<string> = new Set(['held rate_limited', 'held try_later']);

/** What is not known is asked again; what was taken and then stopped is a person's business, and only a plain no is a no. */
function shownOfOriginal(means: string): string {
  if (means === 'good') return 'reported success';
  if (means === 'absent') return 'unknown';
  if (DONE_NOTHING.has(means)) return 'absent';
  if (means === 'unknown') return 'reported processing';
  return means === 'refused' ? 'reported closed' : 'reported abnormal';
}

const TABLES: readonly CodeTable[] = [
  {
    name: 'refund',
    rows: REFUND_OUTCOMES,
    documented: REFUND_CODES,
    call: 'submitRefund',
    says: (code) => signed({ ...TAKEN, respCode: code }),
    shows: (means) => (means === 'good' ? 'reported processing' : means),
  },
  {
    name: 'question',
    rows: QUESTION_OUTCOMES,
    documented: QUESTION_CODES,
    call: 'queryRefund',
    says: (code) => signed({ ...FOUND, respCode: code }),
    shows: (means) => (means === 'good' ? 'reported success' : means),
  },
  {
    name: 'original',
    rows: ORIGINAL_OUTCOMES,
    documented: ORIGINAL_CODES,
    call: 'queryRefund',
    says: (code) => signed({ ...FOUND, origRespCode: code }),
    shows: shownOfOriginal,
  },
];

const NOTICE: Fields = { ...TAKEN, bizType: '000201', traceNo: '786399', settleDate: '1124' };

function message(fields: Fields): CallbackMessage {
  return { headers: {}, body: Buffer.from(new URLSearchParams(fields).toString()) };
}

/** UnionPay gives its notices no id: another word about the refund makes another notice. */
const RESP_CODES = ['00', 'A6'];

const NOTICES: Notices = {
  genuine: (no = 0) => message(signedFields({ ...NOTICE, respCode: RESP_CODES[no] ?? '' })),
  ofAnotherKind: message(signedFields({ ...NOTICE, txnType: '01' })),
  stranger: message(signedFields(NOTICE, STRANGER)),
  unsigned: message(NOTICE),
  changed: message({ ...signedFields(NOTICE), txnAmt: '1' }),
  forAnotherMerchant: message(signedFields({ ...NOTICE, merId: '802310048999999' })),
};

function sent({ path, fields, signatureHolds }: Received): Sent {
  const { signature = '', ...content } = fields;
  const isRefund = fields['txnType'] === '04';
  return {
    content: `${path} ${JSON.stringify(content)}`,
    refundNo: isRefund ? (fields['orderId'] ?? null) : null,
    amountMinor: isRefund ? BigInt(fields['txnAmt'] ?? '') : null,
    signatureHolds,
    signature,
  };
}

export async function openUnionpayStand(): Promise<Stand> {
  const desk = await openDesk();
  return {
    name: 'unionpay',
    url: desk.url,
    order: ORDER,
    channel: (deps) => desk.channel(deps),
    answer: (...next) => desk.answer(...next),
    sent: () => desk.received.map(sent),
    answers: {
      submitRefund: answers(TAKEN),
      queryRefund: answers(FOUND),
      queryPayment: answers(PAYMENT),
      requestStatement: answers(file(Buffer.from('a file'))),
    },
    words: WORDS,
    delivers: (bytes) => [signed(file(bytes))],
    sendsTo: null,
    notices: NOTICES,
    tables: TABLES,
    secrets: secretsOf(accountAt(desk.url).privateKey),
    stop: desk.stop,
  };
}
