/** A sandbox on a free port with one merchant, and that merchant's way of talking to it: all over HTTP. */
import { expect, onTestFinished } from 'vitest';
import { turnableClock } from '../../../sandbox/turnable-clock.ts';
import { makeUnionpayKeys, unionpayMerchantOf } from '../../../sandbox/unionpay/account-files.ts';
import type { MerchantKeys } from '../../../sandbox/unionpay/keys.ts';
import type { NewOrder } from '../../../sandbox/unionpay/model.ts';
import type { Sandbox } from '../../../sandbox/unionpay/server.ts';
import { startSandbox } from '../../../sandbox/unionpay/server.ts';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import type { UnionpayPaymentView } from '../../../sandbox/unionpay/views.ts';
import type { Answer, Fields } from './merchant.ts';
import { faultOf, fieldsOf, post, signedBy } from './merchant.ts';

/** A Tuesday morning in Beijing. Time stands still there until a test turns the clock. */
const TUESDAY_TEN = new Date('2026-09-01T10:00:00+08:00');
export const DAY = 86_400;

/** Making keys is slow, so all sandboxes of a test file have the same. */
export const KEYS = makeUnionpayKeys(new Date());
const MERCHANT = KEYS.merchant;

export type Address = 'backTransReq' | 'queryTrans' | 'file';

export interface CallOptions {
  readonly as?: MerchantKeys;
  readonly timeoutMs?: number;
}

export interface ShopOptions {
  readonly start?: Date;
  readonly balanceMinor?: bigint;
  /** Where notices go. Nobody listens at the default. */
  readonly backUrl?: string;
  readonly seed?: number;
  /** Merchants beside the first. */
  readonly others?: readonly MerchantKeys[];
}

export interface Shop {
  readonly sandbox: Sandbox;
  readonly backUrl: string;
  /** A signed call whose answer must be genuine. */
  call(address: Address, fields: Fields, o?: CallOptions): Promise<Fields>;
  /** A signed call whose answer nobody checked. */
  callRaw(address: Address, fields: Fields, o?: CallOptions): Promise<Answer>;
  /** What is wrong with a message; null for a genuine one. */
  faultOf(fields: Fields): string | null;
  pay(fen: number, more?: Partial<NewOrder>): UnionpayPaymentView;
  /** The fields of a refund of a part of a payment, with a new number. */
  wish(payment: UnionpayPaymentView, fen: number, more?: Fields): Fields & { readonly orderId: string };
  refund(wish: Fields, o?: CallOptions): Promise<Fields>;
  query(of: Fields, o?: CallOptions): Promise<Fields>;
  plan(orderId: string, ...troubles: readonly RefundTrouble[]): void;
  /** Sets the clock forward by so many seconds. */
  turn(seconds: number): Promise<void>;
  turnTo(instant: string): Promise<void>;
}

/** Opens a shop that is closed at the end of the test. */
export async function openShop(o: ShopOptions = {}): Promise<Shop> {
  const shop = await startShop(o);
  onTestFinished(() => shop.sandbox.stop());
  return shop;
}

/** Opens a shop whose sandbox the caller stops. */
export async function startShop(o: ShopOptions = {}): Promise<Shop> {
  const merchants = [MERCHANT, ...(o.others ?? [])].map((keys) => ({
    ...unionpayMerchantOf(keys),
    name: '淘在路上',
    ...(o.balanceMinor === undefined ? {} : { openingBalanceMinor: o.balanceMinor }),
  }));
  const sandbox = await startSandbox({
    clock: turnableClock({ start: o.start ?? TUESDAY_TEN, rate: 0 }),
    ...{ merchants, keys: KEYS.channel, seed: o.seed ?? 1 },
  });
  return shopOf(sandbox, o.backUrl ?? 'http://127.0.0.1:9/notify');
}

function shopOf(sandbox: Sandbox, backUrl: string): Shop {
  let made = 0;
  const faultHere = (fields: Fields): string | null => faultOf(fields, sandbox.keys);
  const callRaw: Shop['callRaw'] = (address, fields, { as = MERCHANT, timeoutMs } = {}) => {
    const body = new URLSearchParams(
      signedBy(as, { accessType: '0', merId: as.merId, ...fields }),
    ).toString();
    return post({
      url: urlOf(sandbox, address),
      body,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  };
  const call: Shop['call'] = async (address, fields, o) => {
    const answer = await callRaw(address, fields, o);
    expect(answer.status, answer.text).toBe(200);
    const said = fieldsOf(answer.text);
    expect(faultHere(said)).toBeNull();
    return said;
  };
  return {
    ...{ sandbox, backUrl, call, callRaw, faultOf: faultHere },
    pay: (fen, more = {}) => {
      made += 1;
      const paymentNo = `PAY${String(made).padStart(12, '0')}`;
      return sandbox.pay({ paymentNo, amountMinor: BigInt(fen), ...more });
    },
    wish: (payment, fen, more = {}) => {
      made += 1;
      return {
        ...{ txnType: '04', txnSubType: '00', bizType: '000201', channelType: '07', currencyCode: '156' },
        ...{ orderId: `RF${String(made).padStart(12, '0')}`, txnTime: timeOf(sandbox.clock().now) },
        ...{ txnAmt: String(fen), origQryId: payment.transactionId, backUrl },
        ...more,
      };
    },
    refund: (wish, o) => call('backTransReq', wish, o),
    query: ({ orderId = '', txnTime = '' }, o) =>
      call('queryTrans', { txnType: '00', txnSubType: '00', bizType: '000000', orderId, txnTime }, o),
    plan: (orderId, ...troubles) => {
      for (const trouble of troubles) sandbox.plan.forRefund(orderId, trouble);
    },
    turn: async (seconds) => {
      await sandbox.turnClock(new Date(sandbox.clock().now.getTime() + seconds * 1000));
    },
    turnTo: async (instant) => {
      await sandbox.turnClock(new Date(instant));
    },
  };
}

export function urlOf(sandbox: Sandbox, address: Address): string {
  return address === 'file' ? `${sandbox.url}/filedownload/` : `${sandbox.url}/gateway/api/${address}.do`;
}

/** `yyyyMMddHHmmss` in Beijing. */
export function timeOf(at: Date): string {
  const beijing = new Date(at.getTime() + 8 * 3_600_000);
  return beijing
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(0, 14);
}
