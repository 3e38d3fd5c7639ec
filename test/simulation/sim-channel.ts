/**
 * A channel that loses, delays, repeats and reorders, but never lies about money: its ledger is the truth that the books
 * are held against. Faults can be switched off for the end of a story.
 */
import type { RefundOrder } from '../../channels/channel.ts';
import type { ChannelStatus, HoldReason } from '../../domain/refund/observation.ts';
import type { RefundReport } from '../../domain/refund/report.ts';
import type { ChannelLedger } from '../activities/channel-ledger.ts';
import { channelLedger } from '../activities/channel-ledger.ts';
import type { Dice } from './dice.ts';

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** How long after it was sent a refund may be invisible before its absence means something. */
export const GRACE_MS = MINUTE_MS;

/** Attempts that may end without a word before a person has to find out. */
export const SILENT_ATTEMPTS_MAX = 3;

/** Something that happens later: the simulator puts it on its time line. */
export type Later = (afterMs: number, what: string, happen: () => void) => void;

export type SimAnswer =
  | { readonly outcome: 'reported'; readonly report: RefundReport }
  | { readonly outcome: 'held'; readonly reason: HoldReason }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unknown' };

export interface SimChannel {
  readonly ledger: ChannelLedger;
  /** Refund numbers that arrived here, in order. */
  readonly arrived: readonly RefundOrder[];
  /** Refunds to which it has ever said no in plain words: refused, or closed. */
  readonly saidNo: ReadonlySet<string>;
  submit(order: RefundOrder): SimAnswer;
  query(refundNo: string): RefundReport | 'absent' | 'unknown';
  /** Comes to a verdict on everything that is in hand, and no fault happens any more. */
  settleDown(): void;
}

export interface SimChannelOptions {
  readonly dice: Dice;
  readonly now: () => Date;
  readonly later: Later;
  readonly capturedMinor: bigint;
  /** A notice leaves the channel; what becomes of it on its way is decided here, not by the receiver. */
  readonly notify: (report: RefundReport, noticeId: string) => void;
}

const HOLDS = ['short_balance', 'try_later', 'blocked', 'payer_account_closed'] as const;

export function simChannel(o: SimChannelOptions): SimChannel {
  const { dice, now, later } = o;
  const ledger = channelLedger();
  const arrived: RefundOrder[] = [];
  const saidNo = new Set<string>();
  const refusing = new Map<string, 'taken' | 'refused' | 'fickle'>();
  let faulty = true;
  let notices = 0;

  const tell = (refundNo: string): void => {
    const report = ledger.look(refundNo, now(), 0);
    if (report === null) return;
    notices += 1;
    const id = `notice-${String(notices)}`;
    const copies = faulty ? dice.below(4) : 1; // none: lost on the way
    for (let copy = 0; copy < copies; copy += 1)
      later(dice.below(6 * HOUR_MS), `${id} about ${refundNo}`, () => {
        o.notify(report, id);
      });
  };
  const conclude = (refundNo: string, status: ChannelStatus): void => {
    const standing = ledger.look(refundNo, now(), 0)?.status;
    if (standing === undefined || standing === 'success' || standing === 'closed') return;
    ledger.conclude(refundNo, status, now());
    if (status === 'closed') saidNo.add(refundNo);
    tell(refundNo);
    if (status === 'abnormal' && faulty)
      later(dice.below(48 * HOUR_MS), `${refundNo} gets well`, () => {
        conclude(refundNo, 'success');
      });
  };
  /** What is left of the payment at the channel itself: it never pays out more, whoever asks. */
  const leftMinor = (): bigint =>
    ledger.movements.reduce(
      (left, one) =>
        ledger.look(one.refundNo, now(), 0)?.status === 'closed' ? left : left - one.amountMinor,
      o.capturedMinor,
    );
  const take = (order: RefundOrder): SimAnswer => {
    arrived.push(order);
    const known = ledger.look(order.refundNo, now(), 0) !== null;
    if (!known && (isRefused(order.refundNo) || order.amountMinor > leftMinor())) {
      saidNo.add(order.refundNo);
      return { outcome: 'refused' };
    }
    if (!known && faulty && dice.chance(0.15))
      return { outcome: 'held', reason: dice.pick('rate_limited', ...HOLDS) };
    const acceptance = ledger.accept(order, now());
    if (acceptance.verdict === 'other content') return { outcome: 'refused' };
    if (acceptance.verdict === 'taken') {
      const verdict = faulty
        ? dice.pick<ChannelStatus>('success', 'success', 'success', 'closed', 'abnormal')
        : 'success';
      later(dice.below(12 * HOUR_MS), `verdict on ${order.refundNo}`, () => {
        conclude(order.refundNo, verdict);
      });
    }
    return { outcome: 'reported', report: acceptance.report };
  };
  /** Some refunds are refused: most of them whenever they come, others only now and then. */
  const isRefused = (refundNo: string): boolean => {
    const decided =
      refusing.get(refundNo) ?? dice.pick('taken', 'taken', 'taken', 'taken', 'refused', 'fickle');
    refusing.set(refundNo, decided);
    return decided === 'refused' || (decided === 'fickle' && dice.chance(0.5));
  };
  return {
    ledger,
    arrived,
    saidNo,
    submit: (order) => {
      if (!faulty) return take(order);
      const fate = dice.pick('answered', 'answered', 'answered', 'lost before', 'lost after', 'late', 'late');
      if (fate === 'lost before') return { outcome: 'unknown' };
      if (fate === 'late') {
        // The order hangs in the network: given up by us, it arrives all the same.
        later(dice.below(HOUR_MS), `late order ${order.refundNo}`, () => take(order));
        return { outcome: 'unknown' };
      }
      const answer = take(order);
      return fate === 'lost after' ? { outcome: 'unknown' } : answer;
    },
    query: (refundNo) => {
      if (faulty && dice.chance(0.2)) return 'unknown';
      const lagMs = faulty && dice.chance(0.3) ? GRACE_MS - 1 : 0;
      return ledger.look(refundNo, now(), lagMs) ?? 'absent';
    },
    settleDown: () => {
      faulty = false;
      for (const { refundNo } of ledger.movements) conclude(refundNo, 'success');
    },
  };
}
