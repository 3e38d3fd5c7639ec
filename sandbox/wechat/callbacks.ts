/** Notices of how refunds ended: sent, sent again along the documented ladder, and troubled as planned. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import type { Flavour, Posting } from '../notice-tries.ts';
import { FOLLOWS_AFTER_MS, NoticeTries } from '../notice-tries.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { Refund, SandboxMerchant, Verdict } from './model.ts';
import { lastWay } from './model.ts';
import type { Notice } from './notice.ts';
import { makeNotice, sealedNotice } from './notice.ts';
import type { Signer } from './signing.ts';
import { signatureHeaders } from './signing.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits between the tries of one notice, in business time: 24 hours and 4 minutes in all. */
const RETRY_LADDER_MS: readonly number[] = [
  ...[15, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[3, 10, 20, 30, 30, 30, 60].map((minutes) => minutes * MINUTE_MS),
  ...[3, 3, 3, 6, 6].map((hours) => hours * HOUR_MS),
];
/** A stranger does not wait for the true notice. */
const FORGED_AFTER_MS = 2 * SECOND_MS;

export interface CallbackParts {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  /** Who signs notices now. */
  readonly signer: () => Signer;
  /** A key that nobody knows. */
  readonly stranger: () => KeyObject;
  readonly log: (line: string) => void;
}

export class Callbacks {
  readonly tries: NoticeTries<Notice>;
  readonly #parts: CallbackParts;

  constructor(parts: CallbackParts) {
    this.#parts = parts;
    const { clock, agenda, log, plan } = parts;
    this.tries = new NoticeTries({
      ...{ clock, agenda, plan, log, ladderMs: RETRY_LADDER_MS },
      seal: (notice, flavour) => this.#seal(notice, flavour),
      isTaken: (status) => status === 200 || status === 204,
      flavourOf: ({ refundNo }, attempt) =>
        plan.use(refundNo, `try ${String(attempt)} is a probe`, 'callback_probe') ? 'probe' : 'true',
      onTaken: (notice, nowMs) => this.#onTaken(notice, nowMs),
    });
  }

  /** A refund was taken on: a stranger may hurry to report its success. */
  onAccepted(refund: Refund): void {
    if (refund.notifyUrl === null) return;
    if (this.#parts.plan.use(refund.outRefundNo, 'a forged notice is sent', 'callback_forged') === undefined)
      return;
    const notice = this.#make(refund, refund.notifyUrl, 'SUCCESS', refund.acceptedAtMs + FORGED_AFTER_MS);
    this.tries.plan(notice, 'forged', 1, refund.acceptedAtMs + FORGED_AFTER_MS);
  }

  /** A refund has ended: its notice sets out, unless it is lost. */
  onEnd(refund: Refund): void {
    const { verdict } = lastWay(refund);
    if (refund.notifyUrl === null || verdict === null) return;
    const { status, atMs } = verdict;
    this.tries.setOut(this.#make(refund, refund.notifyUrl, status, atMs), atMs);
  }

  #make(refund: Refund, url: string, status: Verdict, atMs: number): Notice {
    const surplus = this.#parts.plan.of(refund.outRefundNo, 'other_amount');
    return makeNotice(refund, url, { status, atMs }, surplus === undefined ? 0n : BigInt(surplus.fen ?? 1));
  }

  #seal(notice: Notice, flavour: Flavour): Posting {
    const { merchants, clock, stranger, signer } = this.#parts;
    const merchant = merchants.get(notice.refund.mchid);
    if (merchant === undefined) throw new Error(`${notice.refund.mchid} is no merchant of this sandbox`);
    const body = sealedNotice(notice, merchant.apiV3Key);
    // The stranger claims to be WeChat: the name of its key, not the key.
    const key = flavour === 'forged' ? { serial: signer().serial, privateKey: stranger() } : signer();
    const signature = signatureHeaders(key, body, clock.wallNow(), flavour === 'probe' ? 'probe' : undefined);
    return {
      body,
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0', ...signature },
    };
  }

  #onTaken({ refund, refundNo, url }: Notice, nowMs: number): void {
    if (!this.#parts.plan.use(refundNo, 'an older notice of ABNORMAL follows', 'callback_out_of_order'))
      return;
    const older = this.#make(refund, url, 'ABNORMAL', refund.acceptedAtMs);
    this.tries.plan(older, 'stale', 1, nowMs + FOLLOWS_AFTER_MS);
  }
}
