/** When the bills of a day can be had, what is in them, and the short-lived addresses under which they are fetched. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AppError } from '../../domain/errors.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import {
  addDays,
  beijingDateOf,
  beijingInstant,
  daysBetween,
  parsePlainDate,
} from '../../domain/time/plain-date.ts';
import { asBooked } from '../booked.ts';
import { isMendedBy, surplusInBill } from '../bill-troubles.ts';
import { refill } from '../refill.ts';
import { DownloadTickets } from '../download-tickets.ts';
import { fundFlowBill } from './fund-flow-bill.ts';
import { merchantAccount } from '../ledger-accounts.ts';
import { fundOf } from './ledger-entries.ts';
import type { AccountType, Refund, SandboxMerchant } from './model.ts';
import { ACCOUNT_TYPES, statusAt } from './model.ts';
import { WechatProblem, invalidRequest, notFound, paramError } from './problem.ts';
import type { RefundLine, TradeBillType, TradeLine } from './trade-bill.ts';
import { TRADE_BILL_TYPES, tradeBill } from './trade-bill.ts';
import type { World } from './world.ts';

const HOUR_MS = 3_600_000;
/** Bills are made from 09:00 of the day after, and are there at 10:00. */
const MADE_AT = '09:00:00';
const READY_AT = '10:00:00';
/** Three months. */
const KEPT_DAYS = 92;
const TICKET_LIFE_MS = 5 * 60_000;

/** Bills with more columns, for merchants who were given the right to them. */
const SPECIAL_TYPES: readonly string[] = ['ALL_SPECIAL', 'SUC_SPECIAL', 'REF_SPECIAL'];

type Query = Readonly<Record<string, string | undefined>>;
type Kind = 'trade' | 'fund_flow';

export class Bills {
  readonly #world: World;
  readonly #publicUrl: () => string;
  readonly #tickets: DownloadTickets;
  /** Once somebody has seen a bill it stays as it was. */
  readonly #made = new Map<string, Buffer | null>();

  constructor(world: World, publicUrl: () => string) {
    this.#world = world;
    this.#publicUrl = publicUrl;
    this.#tickets = new DownloadTickets(TICKET_LIFE_MS, () => world.clock.wallNow().getTime());
  }

  snapshot(): ReadonlyMap<string, Buffer | null> {
    return this.#made;
  }

  restore(kept: ReadonlyMap<string, Buffer | null>): void {
    refill(this.#made, kept);
  }

  /** The answer to asking for a bill: hash of the unpacked bytes, and where to fetch it. @throws WechatProblem */
  offer(merchant: SandboxMerchant, kind: Kind, query: Query): Record<string, unknown> {
    const { mchid } = merchant;
    const billDate = dateOf(query);
    if (query['tar_type'] !== undefined && query['tar_type'] !== 'GZIP')
      throw queryError('tar_type', '枚举值有误');
    const type = kind === 'trade' ? tradeTypeOf(query) : accountTypeOf(query);
    this.#checkReady(mchid, billDate, kind === 'trade' ? kind : String(type));
    const bytes = type === null ? null : this.#bill(mchid, type, billDate);
    if (bytes === null) throw noStatement();
    return {
      download_url: this.#ticketFor(mchid, query['tar_type'] === 'GZIP' ? gzipSync(bytes) : bytes),
      hash_type: 'SHA1',
      hash_value: createHash('sha1').update(bytes).digest('hex'),
    };
  }

  /** The file behind an address. @throws WechatProblem 404 when it is unknown, over or another merchant's */
  take(merchant: SandboxMerchant, token: string): Buffer {
    const file = this.#tickets.take(token, merchant.mchid);
    if (file === undefined) throw notFound('账单下载地址已失效，请重新申请');
    return file;
  }

  #checkReady(mchid: string, billDate: PlainDate, bill: string): void {
    const { clock, plan } = this.#world;
    const now = clock.now();
    const ageDays = daysBetween(billDate, beijingDateOf(now));
    if (ageDays < 0) throw queryError('bill_date', '日期晚于今天');
    if (ageDays > KEPT_DAYS) throw invalidRequest('仅支持三个月内的账单下载申请');
    const creating = new WechatProblem(400, 'STATEMENT_CREATING', '账单生成中，请稍后再试');
    if (now.getTime() >= this.#readyAtMs(mchid, billDate) && !plan.waitsToBeMet(mchid, billDate, bill))
      return;
    if (now >= beijingInstant(addDays(billDate, 1), READY_AT)) plan.noteLate(mchid, billDate, bill);
    throw creating;
  }

  #bill(mchid: string, type: TradeBillType | AccountType, billDate: PlainDate): Buffer | null {
    const key = `${mchid}/${type}/${billDate}/${this.#versionOf(mchid, type, billDate)}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const bytes = isAccountType(type)
      ? this.#fundFlowBill(mchid, type, billDate)
      : tradeBill(type, this.#tradeLines(mchid, billDate, type));
    this.#made.set(key, bytes);
    return bytes;
  }

  #fundFlowBill(mchid: string, type: AccountType, billDate: PlainDate): Buffer | null {
    const { ledger, plan } = this.#world;
    const fund = fundOf(type);
    const postings = asBooked(ledger.postingsOf(mchid, fund), plan);
    return fundFlowBill(merchantAccount(mchid, fund), postings, ...boundsOf(billDate));
  }

  /** A bill of payments does not look at refunds: nothing planned for them happens in it. */
  #tradeLines(mchid: string, billDate: PlainDate, type: TradeBillType): readonly TradeLine[] {
    const [fromMs, toMs] = boundsOf(billDate);
    const payments = this.#world.orders
      .of(mchid)
      .filter(({ paidAtMs, tradeState }) => tradeState === 'SUCCESS' && paidAtMs >= fromMs && paidAtMs < toMs)
      .map((order) => ({ order, refund: null }));
    if (type === 'SUCCESS') return payments;
    const refunds = this.#refundsOf(mchid, billDate).flatMap((refund) => {
      const line = this.#lineOf(refund, billDate);
      return line === null ? [] : [{ order: refund.order, refund: line }];
    });
    return [...payments, ...refunds];
  }

  #refundsOf(mchid: string, billDate: PlainDate): readonly Refund[] {
    const [fromMs, toMs] = boundsOf(billDate);
    return this.#world.desk
      .of(mchid)
      .filter(({ acceptedAtMs }) => acceptedAtMs >= fromMs && acceptedAtMs < toMs);
  }

  /** The line of a refund as the bill of today shows it; null when it is left out. */
  #lineOf(refund: Refund, billDate: PlainDate): RefundLine | null {
    const { plan } = this.#world;
    const { outRefundNo } = refund;
    const surplus = surplusInBill(plan, outRefundNo, this.#isReissued(refund, billDate));
    if (surplus === null) return null;
    return {
      refund,
      status: statusAt(refund, this.#atHourMs(refund.mchid, billDate, MADE_AT)),
      amountMinor: refund.amountMinor + surplus,
      payerMinor: refund.payerMinor + surplus,
    };
  }

  /** Which refunds' lines are mended by now: as many versions as there are different answers to that. */
  #versionOf(mchid: string, type: TradeBillType | AccountType, billDate: PlainDate): string {
    if (isAccountType(type)) return '1';
    const mended = this.#refundsOf(mchid, billDate).filter((refund) => this.#isReissued(refund, billDate));
    return String(mended.length + 1);
  }

  #isReissued(refund: Refund, billDate: PlainDate): boolean {
    const { plan, clock } = this.#world;
    const readyAtMs = this.#readyAtMs(refund.mchid, billDate);
    return isMendedBy(plan, refund.outRefundNo, readyAtMs, clock.now().getTime());
  }

  #readyAtMs(mchid: string, billDate: PlainDate): number {
    return this.#atHourMs(mchid, billDate, READY_AT);
  }

  /** An hour of the day after the bill's day, later by what was planned for it. */
  #atHourMs(mchid: string, billDate: PlainDate, time: string): number {
    const lateMs = this.#world.plan.lateHours(mchid, billDate) * HOUR_MS;
    return beijingInstant(addDays(billDate, 1), time).getTime() + lateMs;
  }

  #ticketFor(mchid: string, file: Buffer): string {
    const token = this.#tickets.issue(mchid, file);
    return `${this.#publicUrl()}/v3/billdownload/file?token=${token}`;
  }
}

function boundsOf(billDate: PlainDate): readonly [fromMs: number, toMs: number] {
  return [beijingInstant(billDate).getTime(), beijingInstant(addDays(billDate, 1)).getTime()];
}

function dateOf(query: Query): PlainDate {
  try {
    return parsePlainDate(query['bill_date'] ?? '');
  } catch (error) {
    if (error instanceof AppError) throw queryError('bill_date', '格式为 yyyy-MM-dd');
    throw error;
  }
}

/** Null: documented, and always empty, since nobody refunds a recharge here. @throws WechatProblem */
function tradeTypeOf(query: Query): TradeBillType | null {
  const wanted = query['bill_type'] ?? 'ALL';
  if (wanted === 'RECHARGE_REFUND') return null;
  if (SPECIAL_TYPES.includes(wanted)) throw new WechatProblem(403, 'NO_AUTH', '商户无该类型账单的权限');
  const type = TRADE_BILL_TYPES.find((one) => one === wanted);
  if (type === undefined) throw queryError('bill_type', '枚举值有误');
  return type;
}

/** @throws WechatProblem */
function accountTypeOf(query: Query): AccountType {
  const wanted = query['account_type'] ?? 'BASIC';
  if (!isAccountType(wanted)) throw queryError('account_type', '枚举值有误');
  return wanted;
}

function isAccountType(type: string): type is AccountType {
  return ACCOUNT_TYPES.some((one) => one === type);
}

function noStatement(): WechatProblem {
  return new WechatProblem(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
}

function queryError(field: string, issue: string): WechatProblem {
  return paramError(field, issue, 'query');
}
