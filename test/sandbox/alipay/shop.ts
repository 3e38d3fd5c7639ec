/** A sandbox on a free port with one application, and that application's way of talking to it: all over HTTP. */
import { expect, onTestFinished } from 'vitest';
import { merchantOf } from '../../../sandbox/alipay/account-files.ts';
import type { AlipayKeys, KeyMode } from '../../../sandbox/alipay/keys.ts';
import { makeAlipayKeys } from '../../../sandbox/alipay/keys.ts';
import type { SandboxMerchant } from '../../../sandbox/alipay/model.ts';
import type { Sandbox } from '../../../sandbox/alipay/server.ts';
import { startSandbox } from '../../../sandbox/alipay/server.ts';
import { turnableClock } from '../../../sandbox/turnable-clock.ts';
import type { Answer, Control, Fields, TryControl } from '../exchange.ts';
import { controlOf, exchange } from '../exchange.ts';
import type { Parameters } from './merchant.ts';
import { form, isRsa2, parametersOf, signed, takeApart } from './merchant.ts';

/** A Tuesday morning in Beijing. Time stands still there until a test turns the clock. */
const TUESDAY_TEN = new Date('2026-09-01T10:00:00+08:00');
export const DAY = 86_400;
export const FORM = 'application/x-www-form-urlencoded;charset=utf-8';

/** A signed answer whose signature was checked. */
export interface Said {
  readonly node: Fields;
  readonly raw: string;
}

export interface CallOptions {
  /** Parameters beside or instead of the usual ones. */
  readonly more?: Parameters;
  readonly as?: AlipayKeys;
  readonly timeoutMs?: number;
}

export interface Shop {
  readonly sandbox: Sandbox;
  readonly keys: AlipayKeys;
  readonly control: Control;
  readonly tryControl: TryControl;
  /** A signed call; the answer must carry a genuine signature. */
  call(method: string, content: object, o?: CallOptions): Promise<Said>;
  /** A signed call whose answer nobody checked. */
  callRaw(method: string, content: object, o?: CallOptions): Promise<Answer>;
  /** These parameters as they are, in the form. */
  post(parameters: Parameters): Promise<Answer>;
  /** Makes a trade of so many fen. */
  pay(amountMinor: number, more?: Fields): Promise<PaidTrade>;
  /** The content of a refund call for a part of a trade, with a new number, asking for all there is to know. */
  wish(trade: PaidTrade, yuan: string, more?: Fields): Wish;
  refund(wish: Wish, o?: CallOptions): Promise<Fields>;
  query(wish: Wish, o?: CallOptions): Promise<Fields>;
  plan(wish: Wish, trouble: Fields): Promise<void>;
  /** Sets the clock forward by so many seconds. */
  turn(seconds: number): Promise<void>;
  turnTo(instant: string): Promise<void>;
  stop(): Promise<void>;
}

export interface PaidTrade extends Fields {
  readonly transaction_id: string;
  readonly payment_no: string;
  readonly amount_minor: string;
}

export interface Wish extends Fields {
  readonly trade_no: string;
  readonly out_request_no: string;
  readonly refund_amount: string;
}

export interface ShopOptions {
  readonly start?: Date;
  readonly balanceMinor?: bigint;
  readonly notifyUrl?: string;
  readonly gatewayUrl?: string;
  readonly refundableDays?: number;
  readonly keyMode?: KeyMode;
  readonly seed?: number;
  /** Shifts the wall clock of the sandbox, in milliseconds. */
  readonly wallShift?: () => number;
  /** Applications beside the first. */
  readonly others?: readonly AlipayKeys[];
}

/** Making keys is slow, so all sandboxes of a test file have the same. */
export const KEYS = makeAlipayKeys(new Date());

const ALL_OPTIONS = ['refund_detail_item_list', 'gmt_refund_pay', 'deposit_back_info'];

/** Opens a shop that is closed at the end of the test. */
export async function openShop(o: ShopOptions = {}): Promise<Shop> {
  const shop = await startShop(o);
  onTestFinished(() => shop.stop());
  return shop;
}

/** Opens a shop that the caller closes. */
export async function startShop(o: ShopOptions = {}): Promise<Shop> {
  const wallNow = (): Date => new Date(Date.now() + (o.wallShift?.() ?? 0));
  const merchants = [KEYS, ...(o.others ?? [])].map((one) => memberOf(one, o));
  const sandbox = await startSandbox({
    clock: turnableClock({ start: o.start ?? TUESDAY_TEN, rate: 0, wallNow }),
    merchants,
    keys: KEYS.channel,
    ...(o.seed === undefined ? {} : { seed: o.seed }),
  });
  return shopOf(sandbox, KEYS);
}

function memberOf({ merchant }: AlipayKeys, o: ShopOptions): SandboxMerchant {
  const { appId, sellerId, publicKeyPem, certificateSn } = merchant;
  const keyMode = o.keyMode ?? 'public_key';
  const base =
    o.notifyUrl === undefined
      ? { appId, sellerId, publicKeyPem, certificateSn, keyMode }
      : merchantOf(merchant, o.notifyUrl, keyMode);
  return {
    ...base,
    ...(o.balanceMinor === undefined ? {} : { openingBalanceMinor: o.balanceMinor }),
    ...(o.gatewayUrl === undefined ? {} : { gatewayUrl: o.gatewayUrl }),
    ...(o.refundableDays === undefined ? {} : { refundableDays: o.refundableDays }),
  };
}

function shopOf(sandbox: Sandbox, keys: AlipayKeys): Shop {
  const post: Shop['post'] = (parameters) =>
    exchange({
      method: 'POST',
      url: `${sandbox.url}/gateway.do`,
      headers: { 'content-type': FORM },
      body: Buffer.from(form(parameters)),
    });
  const callRaw: Shop['callRaw'] = (method, content, { more, as = keys, timeoutMs } = {}) => {
    const parameters = signed(parametersOf(as.merchant, method, content, more), as.merchant.privateKeyPem);
    return exchange({
      method: 'POST',
      url: `${sandbox.url}/gateway.do`,
      headers: { 'content-type': FORM },
      body: Buffer.from(form(parameters)),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  };
  const call: Shop['call'] = async (method, content, o) => {
    const answer = await callRaw(method, content, o);
    const raw = answer.bytes.toString('utf8');
    expect(answer.status, raw).toBe(200);
    const { name, nodeText, sign } = takeApart(raw);
    expect(name, raw).toBe(`${method.replaceAll('.', '_')}_response`);
    expect(isRsa2(nodeText, sign ?? '', keys.channel.publicKeyPem), raw).toBe(true);
    return { node: JSON.parse(nodeText) as Fields, raw };
  };
  const { control, tryControl } = controlOf(sandbox);
  return { sandbox, keys, control, tryControl, call, callRaw, post, ...acts(call, control, sandbox) };
}

type Acts = Pick<Shop, 'pay' | 'wish' | 'refund' | 'query' | 'plan' | 'turn' | 'turnTo' | 'stop'>;

/** What tests do all the time. */
function acts(call: Shop['call'], control: Shop['control'], sandbox: Sandbox): Acts {
  let made = 0;
  return {
    pay: async (amountMinor, more = {}) => {
      made += 1;
      const body = { payment_no: `ORD-${String(made)}`, amount_minor: String(amountMinor), ...more };
      return (await control('POST', '/payments', body)) as PaidTrade;
    },
    wish: (trade, yuan, more = {}) => {
      made += 1;
      return {
        trade_no: trade.transaction_id,
        out_request_no: `RF-${String(made)}`,
        refund_amount: yuan,
        query_options: ALL_OPTIONS,
        ...more,
      };
    },
    refund: async (wish, o) => (await call('alipay.trade.refund', wish, o)).node,
    query: async ({ trade_no, out_request_no }, o) => {
      const content = { trade_no, out_request_no, query_options: ALL_OPTIONS };
      return (await call('alipay.trade.fastpay.refund.query', content, o)).node;
    },
    plan: async ({ out_request_no: refundNo }, trouble) => {
      await control('POST', '/troubles', { refund_no: refundNo, trouble });
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
