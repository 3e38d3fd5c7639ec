/** Notices of how refunds ended: sent, sent again along the ladder, and troubled as planned. */
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import type { AnyNotice, Posting } from '../notice-tries.ts';
import { FOLLOWS_AFTER_MS, NoticeTries } from '../notice-tries.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import { noticeFields } from './answers.ts';
import type { Return } from './model.ts';
import type { Fields, Signer, Spoilt } from './signing.ts';
import { formBody, signed } from './signing.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Waits between the tries of one notice, in business time: five tries in all. */
const RETRY_LADDER_MS: readonly number[] = [1, 2, 4, 15].map((minutes) => minutes * MINUTE_MS);
/** A stranger does not wait for the true notice. */
const FORGED_AFTER_MS = 2 * SECOND_MS;
const TAKEN: ReadonlySet<number> = new Set([200, 302]);

export interface NoticeParts {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly signer: Signer;
  /** Somebody who pretends to be UnionPay, by the way it is done. */
  readonly stranger: (how: Spoilt) => Signer;
  readonly log: (line: string) => void;
}

interface Notice extends AnyNotice {
  readonly refund: Return;
  readonly fields: Fields;
  /** How a stranger signs it, where one does. */
  readonly forged?: Spoilt;
}

export class Notices {
  readonly tries: NoticeTries<Notice>;
  readonly #parts: NoticeParts;

  constructor(parts: NoticeParts) {
    this.#parts = parts;
    const { clock, agenda, log, plan } = parts;
    this.tries = new NoticeTries({
      ...{ clock, agenda, plan, log, ladderMs: RETRY_LADDER_MS },
      seal: (notice) => this.#seal(notice),
      isTaken: (status) => TAKEN.has(status),
      onTaken: (notice, nowMs) => this.#onTaken(notice, nowMs),
    });
  }

  /** A refund was taken on: a stranger may hurry to report its success. */
  onAccepted(one: Return): void {
    const { plan } = this.#parts;
    if (one.backUrl === null) return;
    const trouble = plan.use(one.orderId, 'a forged notice is sent', 'callback_forged');
    if (trouble === undefined) return;
    const atMs = one.acceptedAtMs + FORGED_AFTER_MS;
    const notice = { ...this.#make(one, one.backUrl, '00', atMs), forged: trouble.how ?? 'certificate' };
    this.tries.plan(notice, 'forged', 1, atMs);
  }

  /** A refund has ended, well or not: its notice sets out, unless it is lost. */
  onEnd(one: Return): void {
    if (one.backUrl === null || one.verdict === null) return;
    const { respCode, atMs } = one.verdict;
    this.tries.setOut(this.#make(one, one.backUrl, respCode, atMs), atMs);
  }

  /** UnionPay gives a notice no id: number, time and code are one. */
  #make(one: Return, url: string, respCode: string, atMs: number): Notice {
    const surplus = this.#parts.plan.of(one.orderId, 'other_amount');
    const surplusMinor = surplus === undefined ? 0n : BigInt(surplus.fen ?? 1);
    return {
      ...{ refundNo: one.orderId, url, refund: one },
      noticeId: `${one.orderId}/${one.txnTime}/${respCode}`,
      eventType: `${one.txnType}/${respCode}`,
      fields: noticeFields(one, respCode, atMs, surplusMinor),
    };
  }

  #seal({ fields, forged }: Notice): Posting {
    const { signer, stranger } = this.#parts;
    const body = formBody(signed(fields, forged === undefined ? signer : stranger(forged)));
    return { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' } };
  }

  #onTaken({ refund, refundNo, url }: Notice, nowMs: number): void {
    if (!this.#parts.plan.use(refundNo, 'an older notice of 05 follows', 'callback_out_of_order')) return;
    const older = this.#make(refund, url, '05', refund.acceptedAtMs);
    this.tries.plan(older, 'stale', 1, nowMs + FOLLOWS_AFTER_MS);
  }
}
