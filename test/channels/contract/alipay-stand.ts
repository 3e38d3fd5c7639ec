/** Alipay's stand. */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { GATEWAY_OUTCOMES, QUERY_OUTCOMES, REFUND_OUTCOMES } from '../../../channels/alipay/outcome.ts';
import type { CallbackMessage } from '../../../channels/channel.ts';
import { GATEWAY_CODES, QUERY_CODES, REFUND_CODES } from '../alipay/documented-codes.ts';
import type { Received } from '../alipay/gateway-desk.ts';
import {
  APP_ID,
  ORDER,
  SELLER_ID,
  accountAt,
  answerText,
  openDesk,
  signAsAlipay,
  sortedText,
} from '../alipay/gateway-desk.ts';
import type { RawAnswer } from '../scripted-server.ts';
import { secretsOf } from './secrets.ts';
import type { Answers, CodeTable, Notices, Sent, Stand, Words } from './stand.ts';

const STRANGER: KeyObject = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const METHODS = {
  submitRefund: 'alipay.trade.refund',
  queryRefund: 'alipay.trade.fastpay.refund.query',
  queryPayment: 'alipay.trade.query',
  requestStatement: 'alipay.data.dataservice.bill.downloadurl.query',
} as const;

type Call = keyof typeof METHODS;

const GOOD = { code: '10000', msg: 'Success' };
const TRADE = { ...GOOD, trade_no: ORDER.transactionId, out_trade_no: ORDER.paymentNo };

const DONE = { ...TRADE, refund_fee: '199.00', fund_change: 'Y', gmt_refund_pay: '2026-11-24 10:30:02' };

const FOUND = {
  ...TRADE,
  out_request_no: ORDER.refundNo,
  refund_amount: '99.00',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-11-24 10:30:02',
};

const PAYMENT = {
  ...TRADE,
  trade_status: 'TRADE_SUCCESS',
  total_amount: '299.00',
  send_pay_date: '2026-11-01 09:12:09',
};

function signed(call: Call, node: object, key?: KeyObject): RawAnswer {
  return { body: answerText(METHODS[call], node, key === undefined ? {} : { key }) };
}

function answers(call: Call, node: object): Answers {
  const genuine = answerText(METHODS[call], node);
  const text = JSON.stringify(node);
  return {
    genuine: { body: genuine },
    stranger: signed(call, node, STRANGER),
    unsigned: { body: genuine.replace(/,"sign":"[^"]+"/, '') },
    rewritten: { body: genuine.replace(text, JSON.stringify(node, null, 1)) },
  };
}

function fault(call: Call, subCode: string, code = '40004'): RawAnswer {
  return signed(call, { code, msg: 'Business Failed', sub_code: subCode, sub_msg: '说明' });
}

function limited(call: Call): RawAnswer {
  return fault(call, 'isv.app-call-limited', '40005');
}

const ANOTHER = { trade_no: '2026110122001412345678909999', out_trade_no: 'ORD20261101000099' };

const WORDS: Words = {
  submitRefund: {
    anotherRefund: signed('submitRefund', { ...DONE, ...ANOTHER }),
    refused: fault('submitRefund', 'ACQ.TRADE_HAS_FINISHED'),
    shortBalance: fault('submitRefund', 'ACQ.SELLER_BALANCE_NOT_ENOUGH'),
    tooManyCalls: limited('submitRefund'),
    ownFault: fault('submitRefund', 'ACQ.SYSTEM_ERROR'),
  },
  queryRefund: {
    anotherRefund: signed('queryRefund', { ...FOUND, out_request_no: 'RF20261124000000000002' }),
    otherAmount: signed('queryRefund', { ...FOUND, refund_amount: '98.99' }),
    // It has no words for these: what is not done is not shown.
    inHand: null,
    closed: null,
    absent: signed('queryRefund', TRADE),
    tooManyCalls: limited('queryRefund'),
    ownFault: fault('queryRefund', 'ACQ.SYSTEM_ERROR'),
  },
  queryPayment: {
    anotherPayment: signed('queryPayment', { ...PAYMENT, ...ANOTHER }),
    unpaid: signed('queryPayment', { ...PAYMENT, trade_status: 'WAIT_BUYER_PAY' }),
    absent: fault('queryPayment', 'ACQ.TRADE_NOT_EXIST'),
    tooManyCalls: limited('queryPayment'),
    ownFault: fault('queryPayment', 'ACQ.SYSTEM_ERROR'),
  },
  requestStatement: {
    notThere: fault('requestStatement', 'isp.bill_not_exist'),
    tooManyCalls: limited('requestStatement'),
    ownFault: fault('requestStatement', 'isp.unknow-error', '20000'),
  },
};

const TABLES: readonly CodeTable[] = [
  {
    name: 'gateway',
    rows: GATEWAY_OUTCOMES,
    documented: GATEWAY_CODES,
    call: 'submitRefund',
    says: (code) => fault('submitRefund', '', code),
  },
  {
    name: 'refund',
    rows: REFUND_OUTCOMES,
    documented: REFUND_CODES,
    call: 'submitRefund',
    says: (code) => fault('submitRefund', `ACQ.${code}`),
  },
  {
    name: 'query',
    rows: QUERY_OUTCOMES,
    documented: QUERY_CODES,
    call: 'queryRefund',
    says: (code) => fault('queryRefund', `ACQ.${code}`),
  },
];

type Fields = Readonly<Record<string, string>>;

const NOTICE: Fields = {
  notify_id: 'ac05099524730693a8b330c5ecf72da9786',
  notify_type: 'trade_status_sync',
  app_id: APP_ID,
  seller_id: SELLER_ID,
  trade_no: String(ORDER.transactionId),
  out_trade_no: ORDER.paymentNo,
  out_biz_no: ORDER.refundNo,
  trade_status: 'TRADE_SUCCESS',
  refund_fee: '199.00',
  gmt_refund: '2026-11-24 10:30:02.123',
  subject: '键盘 + 鼠标 50%',
};

function message(fields: Fields, sign: string | null): CallbackMessage {
  const form = new URLSearchParams({ ...fields, sign_type: 'RSA2', ...(sign === null ? {} : { sign }) });
  return { headers: {}, body: Buffer.from(form.toString()) };
}

function notice(changed: Fields = {}): CallbackMessage {
  const fields = { ...NOTICE, ...changed };
  return message(fields, signAsAlipay(sortedText(fields)));
}

const NOTICES: Notices = {
  genuine: (no = 0) => notice(no === 0 ? {} : { notify_id: `another-${String(no)}` }),
  ofAnotherKind: notice({ refund_fee: '' }),
  stranger: message(NOTICE, signAsAlipay(sortedText(NOTICE), STRANGER)),
  unsigned: message(NOTICE, null),
  changed: message({ ...NOTICE, refund_fee: '299.00' }, signAsAlipay(sortedText(NOTICE))),
  forAnotherMerchant: notice({ seller_id: '2088999999999999' }),
};

function sent({ method, parameters, content, signatureHolds }: Received): Sent {
  const amount = content['refund_amount'];
  return {
    content: `${method} ${parameters['biz_content'] ?? ''}`,
    refundNo: typeof content['out_request_no'] === 'string' ? content['out_request_no'] : null,
    amountMinor: typeof amount === 'string' ? BigInt(amount.replace('.', '')) : null,
    signatureHolds,
    signature: parameters['sign'] ?? '',
  };
}

export async function openAlipayStand(): Promise<Stand> {
  const desk = await openDesk();
  const sendsTo = (address: string): RawAnswer =>
    signed('requestStatement', { ...GOOD, bill_download_url: address });
  return {
    name: 'alipay',
    url: desk.url,
    order: ORDER,
    channel: (deps) => desk.channel({}, deps),
    answer: (...next) => desk.answer(...next),
    sent: () => desk.received.map(sent),
    answers: {
      submitRefund: answers('submitRefund', DONE),
      queryRefund: answers('queryRefund', FOUND),
      queryPayment: answers('queryPayment', PAYMENT),
      requestStatement: answers('requestStatement', { ...GOOD, bill_download_url: `${desk.url}/bill` }),
    },
    words: WORDS,
    delivers: (file) => [sendsTo(`${desk.url}/bill`), { body: file }],
    sendsTo,
    notices: NOTICES,
    tables: TABLES,
    secrets: secretsOf(accountAt(desk.url).privateKey),
    stop: desk.stop,
  };
}
