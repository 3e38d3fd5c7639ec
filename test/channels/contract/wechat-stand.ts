/** WeChat Pay's stand. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { CallbackMessage } from '../../../channels/channel.ts';
import { CREATE_OUTCOMES, QUERY_OUTCOMES } from '../../../channels/wechat/outcome.ts';
import type { RawAnswer } from '../scripted-server.ts';
import { CREATE_CODES, QUERY_CODES, statusOf } from '../wechat/documented-codes.ts';
import type { Received, Signer } from '../wechat/pay-desk.ts';
import {
  API_V3_KEY,
  MCHID,
  ORDER,
  PUBLIC_KEY_ID,
  accountAt,
  openDesk,
  seal,
  signatureOf,
} from '../wechat/pay-desk.ts';
import { secretsOf } from './secrets.ts';
import type { Answers, CodeTable, Notices, Sent, Stand, Words } from './stand.ts';

const STRANGER: Signer = {
  serial: PUBLIC_KEY_ID,
  key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

const REFUND = {
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  create_time: '2026-11-24T10:30:01+08:00',
  success_time: '2026-11-24T10:31:00+08:00',
  status: 'SUCCESS',
  amount: { total: 12_345, refund: 2_345, payer_refund: 2_345 },
};

const PAYMENT = {
  mchid: MCHID,
  out_trade_no: ORDER.paymentNo,
  transaction_id: ORDER.transactionId,
  trade_state: 'SUCCESS',
  bank_type: 'CMB_CREDIT',
  success_time: '2026-11-01T10:51:45+08:00',
  amount: { total: 12_345, currency: 'CNY' },
};

function raw(body: string, headers: Readonly<Record<string, string>>): RawAnswer {
  return { body, headers: { 'content-type': 'application/json', ...headers } };
}

function signed(content: object): RawAnswer {
  const body = JSON.stringify(content);
  return raw(body, signatureOf(body));
}

function answers(content: object): Answers {
  const body = JSON.stringify(content);
  return {
    genuine: signed(content),
    stranger: raw(body, signatureOf(body, { signer: STRANGER })),
    unsigned: raw(body, {}),
    rewritten: raw(JSON.stringify(content, null, 1), signatureOf(body)),
  };
}

/** Errors come unsigned. */
function fault(code: string): RawAnswer {
  return { ...raw(JSON.stringify({ code, message: '说明' }), {}), status: statusOf(code) };
}

function bill(file: Buffer, address: string): object {
  const hash = createHash('sha1').update(file).digest('hex');
  return { hash_type: 'SHA1', hash_value: hash, download_url: address };
}

const WORDS: Words = {
  submitRefund: {
    anotherRefund: signed({ ...REFUND, out_refund_no: 'RF20261124000000000002' }),
    refused: fault('PARAM_ERROR'),
    shortBalance: fault('NOT_ENOUGH'),
    tooManyCalls: fault('FREQUENCY_LIMITED'),
    ownFault: fault('SYSTEM_ERROR'),
  },
  queryRefund: {
    anotherRefund: signed({ ...REFUND, out_refund_no: 'RF20261124000000000002' }),
    otherAmount: signed({ ...REFUND, amount: { total: 12_345, refund: 2_344 } }),
    inHand: signed({ ...REFUND, status: 'PROCESSING' }),
    closed: signed({ ...REFUND, status: 'CLOSED' }),
    absent: fault('RESOURCE_NOT_EXISTS'),
    tooManyCalls: fault('FREQUENCY_LIMITED'),
    ownFault: fault('SYSTEM_ERROR'),
  },
  queryPayment: {
    anotherPayment: signed({ ...PAYMENT, transaction_id: '4200002211202611019384756999' }),
    unpaid: signed({ ...PAYMENT, trade_state: 'NOTPAY' }),
    absent: fault('ORDER_NOT_EXIST'),
    tooManyCalls: fault('FREQUENCY_LIMITED'),
    ownFault: fault('SYSTEM_ERROR'),
  },
  requestStatement: {
    notThere: fault('STATEMENT_CREATING'),
    tooManyCalls: fault('FREQUENCY_LIMITED'),
    ownFault: fault('SYSTEM_ERROR'),
  },
};

const TABLES: readonly CodeTable[] = [
  { name: 'create', rows: CREATE_OUTCOMES, documented: CREATE_CODES, call: 'submitRefund', says: fault },
  { name: 'query', rows: QUERY_OUTCOMES, documented: QUERY_CODES, call: 'queryRefund', says: fault },
];

function notice(o: { id?: string; kind?: string; content?: object } = {}): string {
  const content = { ...REFUND, mchid: MCHID, refund_status: 'SUCCESS', ...o.content };
  return JSON.stringify({
    id: o.id ?? 'EV-1',
    event_type: o.kind ?? 'REFUND.SUCCESS',
    resource_type: 'encrypt-resource',
    resource: { original_type: 'refund', ...seal(JSON.stringify(content)) },
  });
}

function message(text: string, headers = signatureOf(text)): CallbackMessage {
  return { headers, body: Buffer.from(text) };
}

/** Sealed once: whatever is sent again is the same bytes. */
const NOTICE_TEXTS = ['EV-1', 'EV-2'].map((id) => notice({ id }));
const [NOTICE = ''] = NOTICE_TEXTS;

const NOTICES: Notices = {
  genuine: (no = 0) => message(NOTICE_TEXTS[no] ?? ''),
  ofAnotherKind: message(notice({ kind: 'TRANSACTION.SUCCESS' })),
  stranger: message(NOTICE, signatureOf(NOTICE, { signer: STRANGER })),
  unsigned: message(NOTICE, {}),
  changed: message(notice({ content: { amount: { total: 1, refund: 1 } } }), signatureOf(NOTICE)),
  forAnotherMerchant: message(notice({ content: { mchid: '1900000999' } })),
};

function sent({ method, target, body, authorization, signatureHolds }: Received): Sent {
  const refund =
    body === '' ? null : (JSON.parse(body) as { out_refund_no: string; amount: { refund: number } });
  return {
    content: `${method} ${target} ${body}`,
    refundNo: refund?.out_refund_no ?? null,
    amountMinor: refund === null ? null : BigInt(refund.amount.refund),
    signatureHolds,
    signature: authorization['signature'] ?? '',
  };
}

export async function openWechatStand(): Promise<Stand> {
  const desk = await openDesk();
  const sendsTo = (address: string): RawAnswer => signed(bill(Buffer.alloc(0), address));
  return {
    name: 'wechat',
    url: desk.url,
    order: ORDER,
    channel: (deps) => desk.channel({}, deps),
    answer: (...next) => desk.answer(...next.map((one) => ({ ...one, sign: null }))),
    sent: () => desk.received.map(sent),
    answers: {
      submitRefund: answers(REFUND),
      queryRefund: answers(REFUND),
      queryPayment: answers(PAYMENT),
      requestStatement: answers(bill(Buffer.from('a bill'), `${desk.url}/bill`)),
    },
    words: WORDS,
    delivers: (file) => [signed(bill(file, `${desk.url}/bill`)), { body: file }],
    sendsTo,
    notices: NOTICES,
    tables: TABLES,
    secrets: [...secretsOf(accountAt(desk.url).privateKey), API_V3_KEY],
    stop: desk.stop,
  };
}
