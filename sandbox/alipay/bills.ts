/** When the bills of a day or a month can be had, what is in them, and the addresses under which they are fetched. */
import { asBooked } from '../booked.ts';
import { isMendedBy, surplusInBill } from '../bill-troubles.ts';
import { refill } from '../refill.ts';
import { DownloadTickets } from '../download-tickets.ts';
import { accountOf } from './bill-format.ts';
import type { BillPeriod } from './bill-period.ts';
import { billPeriod } from './bill-period.ts';
import { text } from './content.ts';
import { ledgerBill } from './ledger-bill.ts';
import type { Posting } from '../ledger-words.ts';
import type { Refund, SandboxMerchant, Trade } from './model.ts';
import { isDone } from './model.ts';
import { AlipayProblem } from './problem.ts';
import type { TradeLine } from './trade-bill.ts';
import { tradeBill } from './trade-bill.ts';
import { wasPaid } from './trades.ts';
import type { World } from './world.ts';

const HOUR_MS = 3_600_000;
const TICKET_LIFE_MS = 30_000;

/** What the address calls a bill of this type. */
const BIZ_TYPES = { trade: 'trade', signcustomer: 'fnd' } as const;
type BillType = keyof typeof BIZ_TYPES;
/** Documented, for products that no merchant has here. */
const OTHER_TYPES: readonly string[] = ['merchant_act', 'trade_zft_merchant', 'zft_acc', 'settlementMerge'];

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

  /** alipay.data.dataservice.bill.downloadurl.query. @throws AlipayProblem */
  offer({ sellerId }: SandboxMerchant, content: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const type = typeOf(text(content, 'bill_type', 32));
    const period = billPeriod(text(content, 'bill_date', 15) ?? '');
    const nowMs = this.#nowMs();
    if (period === null || nowMs < period.toMs) throw badDate();
    const file =
      nowMs < this.#readyAtMs(sellerId, period) || this.#world.plan.waitsToBeMet(sellerId, period.name, type)
        ? this.#notYet(sellerId, period, type)
        : this.#bill(sellerId, type, period);
    if (file === null) throw notExist();
    return {
      code: '10000',
      msg: 'Success',
      bill_download_url: this.#addressOf(sellerId, type, period, file),
    };
  }

  /** The file behind an address; undefined when it is unknown, over or another merchant's. */
  take(query: Readonly<Record<string, string | undefined>>): Buffer | undefined {
    return this.#tickets.take(query['token'] ?? '', query['userId'] ?? '');
  }

  #notYet(sellerId: string, period: BillPeriod, type: BillType): null {
    if (this.#nowMs() >= period.readyAtMs) this.#world.plan.noteLate(sellerId, period.name, type);
    return null;
  }

  #bill(sellerId: string, type: BillType, period: BillPeriod): Buffer | null {
    const key = `${sellerId}/${type}/${period.name}/${this.#versionOf(sellerId, type, period)}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const file = this.#make(sellerId, type, period);
    this.#made.set(key, file);
    return file;
  }

  #make(sellerId: string, type: BillType, period: BillPeriod): Buffer | null {
    const { ledger, plan, trades } = this.#world;
    const head = { sellerId, period, madeAtMs: this.#nowMs() };
    if (type === 'signcustomer') {
      const byNo = new Map(trades.of(sellerId).map((trade) => [trade.tradeNo, trade]));
      const tradeOf = (tradeNo: string): Trade | undefined => byNo.get(tradeNo);
      const booked = asBooked(ledger.postingsOf(sellerId), plan, (one) => this.#bookedAtMs(one, tradeOf));
      return ledgerBill(head, booked, tradeOf);
    }
    const lines = this.#tradeLines(sellerId, period);
    return lines.length === 0 ? null : tradeBill(head, lines);
  }

  /** What is set aside for a refund that is not done yet is no movement: it is booked when the refund is done. */
  #bookedAtMs({ kind, atMs, voucher, reference }: Posting, tradeOf: (no: string) => Trade | undefined) {
    if (kind !== 'refund_accepted' && kind !== 'refund_fee') return atMs;
    const trade = tradeOf(reference);
    const refund = trade === undefined ? undefined : this.#world.desk.find(trade, voucher);
    return refund === undefined ? atMs : refund.doneAtMs;
  }

  #tradeLines(sellerId: string, period: BillPeriod): readonly TradeLine[] {
    const payments = this.#world.trades
      .of(sellerId)
      .filter((trade) => wasPaid(trade) && isWithin(period, trade.paidAtMs))
      .map((trade) => ({ trade, refund: null, surplusMinor: 0n }));
    const refunds = this.#refundsOf(sellerId, period).flatMap((refund) => {
      const { plan } = this.#world;
      const surplusMinor = surplusInBill(plan, refund.outRequestNo, this.#isMended(refund, period));
      return surplusMinor === null ? [] : [{ trade: refund.trade, refund, surplusMinor }];
    });
    return [...payments, ...refunds];
  }

  /** Only what is done has a line, on the day on which it was. */
  #refundsOf(sellerId: string, period: BillPeriod): readonly Refund[] {
    return this.#world.desk
      .of(sellerId)
      .filter((refund) => isDone(refund, period.toMs - 1) && isWithin(period, refund.doneAtMs ?? 0));
  }

  /** Which refunds' lines are mended by now: as many versions as there are different answers to that. */
  #versionOf(sellerId: string, type: BillType, period: BillPeriod): string {
    if (type === 'signcustomer') return '1';
    const mended = this.#refundsOf(sellerId, period).filter((refund) => this.#isMended(refund, period));
    return String(mended.length + 1);
  }

  #isMended({ trade, outRequestNo }: Refund, period: BillPeriod): boolean {
    const readyAtMs = this.#readyAtMs(trade.sellerId, period);
    return isMendedBy(this.#world.plan, outRequestNo, readyAtMs, this.#nowMs());
  }

  /** Later by what was planned for the day. */
  #readyAtMs(sellerId: string, period: BillPeriod): number {
    return period.readyAtMs + this.#world.plan.lateHours(sellerId, period.name) * HOUR_MS;
  }

  #addressOf(sellerId: string, type: BillType, period: BillPeriod, file: Buffer): string {
    const userId = accountOf(sellerId);
    const dates = period.name.replaceAll('-', '');
    const query = new URLSearchParams({
      bizType: BIZ_TYPES[type],
      userId,
      fileType: 'csv.zip',
      bizDates: dates,
      downloadFileName: `${userId}_${dates}.csv.zip`,
      fileId: `/${BIZ_TYPES[type]}/${userId}/${dates}.csv.zip`,
      timestamp: String(this.#world.clock.wallNow().getTime()),
      token: this.#tickets.issue(userId, file),
    });
    return `${this.#publicUrl()}/downloadBillFile.resource?${query.toString()}`;
  }

  #nowMs(): number {
    return this.#world.clock.now().getTime();
  }
}

function isWithin({ fromMs, toMs }: BillPeriod, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}

function typeOf(given: string | undefined): BillType {
  if (given === 'trade' || given === 'signcustomer') return given;
  // Nobody who lacks the product has a bill of it.
  if (given !== undefined && OTHER_TYPES.includes(given)) throw notExist();
  throw badDate('bill_type 有误');
}

/** Spelt as the channel spells it. */
function badDate(message = '入参不合法：bill_date 有误，或当日/当月账单尚未生成'): AlipayProblem {
  return new AlipayProblem('40004', 'isv.INVAILID_ARGUMENTS', message);
}

/** Said of a bill that is not made yet, and of a day on which nothing happened. */
function notExist(): AlipayProblem {
  return new AlipayProblem('40004', 'isp.bill_not_exist', '账单不存在');
}
