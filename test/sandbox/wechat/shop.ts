/** A sandbox on a free port with one merchant, and that merchant's way of talking to it: all over HTTP. */
import { expect, onTestFinished } from 'vitest';
import { makeChannelKeys } from '../../../sandbox/wechat/keys.ts';
import type { Rates } from '../../../sandbox/wechat/rates.ts';
import type { Sandbox } from '../../../sandbox/wechat/server.ts';
import { startSandbox } from '../../../sandbox/wechat/server.ts';
import { turnableClock } from '../../../sandbox/turnable-clock.ts';
import type { Answer, Control, Fields, TryControl } from '../exchange.ts';
import { controlOf, exchange } from '../exchange.ts';
import type { KnownKeys, Merchant } from './merchant.ts';
import { authorization, credentialsFor, keyOfPem, newMerchant, signatureFault } from './merchant.ts';

/** A Tuesday morning in Beijing. Time stands still there until a test turns the clock. */
const TUESDAY_TEN = new Date('2026-09-01T10:00:00+08:00');
export const DAY = 86_400;

/** A JSON answer whose signature was checked, or a refusal. */
export interface Said {
  readonly status: number;
  readonly json: Fields;
  /** The name of the key that signed; null for a refusal, which nobody signs. */
  readonly signedBy: string | null;
  readonly answer: Answer;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as `Wechatpay-Serial`; the public key's id when absent. */
  readonly wants?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: Merchant;
  readonly timeoutMs?: number;
}

export interface Shop {
  readonly sandbox: Sandbox;
  readonly merchant: Merchant;
  /** A signed call; an answer that is a success must carry a genuine signature. */
  call(method: string, target: string, o?: CallOptions): Promise<Said>;
  /** A signed call whose answer nobody checked. */
  callRaw(method: string, target: string, o?: CallOptions): Promise<Answer>;
  readonly control: Control;
  readonly tryControl: TryControl;
  /** Makes an order of so many fen. */
  pay(totalMinor: number, more?: Fields): Promise<PaidOrder>;
  /** The JSON of a refund request for a part of an order, with a new number. */
  wish(order: PaidOrder, refundMinor: number, more?: Fields): Wish;
  /** Asks for a refund. */
  refund(wish: Wish, o?: CallOptions): Promise<Said>;
  query(outRefundNo: string, o?: CallOptions): Promise<Said>;
  plan(outRefundNo: string, trouble: Fields): Promise<void>;
  /** Sets the clock forward by so many seconds. */
  turn(seconds: number): Promise<void>;
  turnTo(instant: string): Promise<void>;
  knownKeys(): KnownKeys;
  stop(): Promise<void>;
}

export interface PaidOrder extends Fields {
  readonly transaction_id: string;
  readonly payment_no: string;
  readonly amount_minor: string;
}

export interface Wish extends Fields {
  readonly out_refund_no: string;
}

export interface ShopOptions {
  readonly start?: Date;
  readonly balanceMinor?: bigint;
  readonly notifyUrl?: string;
  readonly seed?: number;
  /** Without limits when absent: tests are faster than merchants. `{}` means the documented ones. */
  readonly rates?: Partial<Rates>;
  /** Shifts the wall clock of the sandbox, in milliseconds. */
  readonly wallShift?: () => number;
  /** Merchants beside the first. */
  readonly others?: readonly Merchant[];
}

/** Making keys is slow, so all sandboxes of a test file have the same. */
const CHANNEL_KEYS = makeChannelKeys(new Date());
const MERCHANT = newMerchant();
const UNHURRIED: Rates = { refundsPerSecond: 1e6, failuresPerSecond: 1e6, queriesPerSecond: 1e6 };
const AGENT = 'independent test client';

/** Opens a shop that is closed at the end of the test. */
export async function openShop(o: ShopOptions = {}): Promise<Shop> {
  const shop = await startShop(o);
  onTestFinished(() => shop.stop());
  return shop;
}

/** Opens a shop that the caller closes. */
export async function startShop(o: ShopOptions = {}): Promise<Shop> {
  const wallNow = (): Date => new Date(Date.now() + (o.wallShift?.() ?? 0));
  const merchants = [MERCHANT, ...(o.others ?? [])].map((one) => ({
    mchid: one.mchid,
    appid: one.appid,
    certificateSerial: one.serial,
    publicKeyPem: one.publicKeyPem,
    apiV3Key: one.apiV3Key,
    ...(o.balanceMinor === undefined ? {} : { openingBalanceMinor: o.balanceMinor }),
    ...(o.notifyUrl === undefined ? {} : { notifyUrl: o.notifyUrl }),
  }));
  const sandbox = await startSandbox({
    clock: turnableClock({ start: o.start ?? TUESDAY_TEN, rate: 0, wallNow }),
    merchants,
    keys: CHANNEL_KEYS,
    ...(o.seed === undefined ? {} : { seed: o.seed }),
    rates: o.rates ?? UNHURRIED,
  });
  return shopOf(sandbox, MERCHANT);
}

function shopOf(sandbox: Sandbox, merchant: Merchant): Shop {
  const knownKeys = (): KnownKeys =>
    new Map([
      [sandbox.keys.publicKeyId, keyOfPem(sandbox.keys.publicKeyPem)],
      [sandbox.keys.platformSerial, keyOfPem(sandbox.keys.platformCertificatePem)],
    ]);
  const callRaw: Shop['callRaw'] = (method, target, o = {}) =>
    signedCall(sandbox, merchant, method, target, o);
  const call: Shop['call'] = async (method, target, o) => {
    const answer = await callRaw(method, target, o);
    const json = JSON.parse(answer.bytes.toString('utf8')) as Fields;
    if (answer.status >= 300) return { status: answer.status, json, signedBy: null, answer };
    expect(signatureFault(answer.headers, answer.bytes, knownKeys())).toBeNull();
    return { status: answer.status, json, signedBy: String(answer.headers['wechatpay-serial']), answer };
  };
  const { control, tryControl } = controlOf(sandbox);
  return {
    sandbox,
    merchant,
    call,
    callRaw,
    control,
    tryControl,
    knownKeys,
    ...acts(call, control, sandbox),
  };
}

type Acts = Pick<Shop, 'pay' | 'wish' | 'refund' | 'query' | 'plan' | 'turn' | 'turnTo' | 'stop'>;

/** What tests do all the time. */
function acts(call: Shop['call'], control: Shop['control'], sandbox: Sandbox): Acts {
  let made = 0;
  return {
    pay: async (totalMinor, more = {}) => {
      made += 1;
      const body = { payment_no: `ORDER-${String(made)}`, amount_minor: String(totalMinor), ...more };
      return (await control('POST', '/payments', body)) as PaidOrder;
    },
    wish: (order, refundMinor, more = {}) => {
      made += 1;
      return {
        transaction_id: order.transaction_id,
        out_refund_no: `RF-${String(made)}`,
        amount: { refund: refundMinor, total: Number(order.amount_minor), currency: 'CNY' },
        ...more,
      };
    },
    refund: (body, o) => call('POST', '/v3/refund/domestic/refunds', { ...o, body }),
    query: (outRefundNo, o) =>
      call('GET', `/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}`, o),
    plan: async (outRefundNo, trouble) => {
      await control('POST', '/troubles', { refund_no: outRefundNo, trouble });
    },
    turn: async (seconds) => {
      await control('POST', '/clock', { advance_seconds: seconds });
    },
    turnTo: async (instant) => {
      await control('POST', '/clock', { to: instant });
    },
    stop: () => sandbox.stop(),
  };
}

/** Signs and sends; `target` is an address of the sandbox or, for bills, a whole one. */
async function signedCall(
  sandbox: Sandbox,
  merchant: Merchant,
  method: string,
  target: string,
  o: CallOptions,
): Promise<Answer> {
  const url = new URL(target, sandbox.url);
  const body = o.body === undefined ? undefined : Buffer.from(JSON.stringify(o.body));
  const signed = credentialsFor(o.as ?? merchant, method, url.pathname + url.search, body ?? Buffer.alloc(0));
  return exchange({
    method,
    url: url.href,
    headers: {
      accept: 'application/json',
      'user-agent': AGENT,
      authorization: authorization(signed),
      'wechatpay-serial': o.wants ?? sandbox.keys.publicKeyId,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...o.headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(o.timeoutMs === undefined ? {} : { timeoutMs: o.timeoutMs }),
  });
}
