/** Notices of how refunds ended: sent, sent again along the documented ladder, and troubled as planned. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { Agenda } from './agenda.ts';
import type { Refund, SandboxMerchant, Verdict } from './model.ts';
import type { Notice } from './notice.ts';
import { makeNotice } from './notice.ts';
import type { Signer, Spoilt } from './signing.ts';
import { signatureHeaders } from './signing.ts';
import type { TroublePlan } from './trouble-plan.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits between the tries of one notice, in business time: 24 hours and 4 minutes in all. */
const RETRY_LADDER_MS: readonly number[] = [
  ...[15, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[3, 10, 20, 30, 30, 30, 60].map((minutes) => minutes * MINUTE_MS),
  ...[3, 3, 3, 6, 6].map((hours) => hours * HOUR_MS),
];
/** Least wall time between two tries of one notice, for clocks on which the ladder passes in no time. */
const RETRY_WALL_MIN_MS = 200;
const ANSWER_TIMEOUT_MS = 5000;
/** A stranger does not wait for the true notice. */
const FORGED_AFTER_MS = 2 * SECOND_MS;

/** One try to deliver one notice. */
export interface DeliveryView {
  readonly outRefundNo: string;
  readonly noticeId: string;
  readonly eventType: string;
  /** `again`: a copy of a notice that was taken already. `stale`: an older notice. `probe`: with a marked signature. */
  readonly flavour: 'true' | 'again' | 'stale' | 'forged' | 'probe';
  /** 1 for the first try of this notice. */
  readonly attempt: number;
  readonly at: Date;
  /** Where it was sent. */
  readonly url: string;
  /** What the receiver answered; null when it did not within five seconds, or not at all. */
  readonly status: number | null;
  /** Why there was no answer; null when there was one. */
  readonly error: string | null;
}

type Outcome = Pick<DeliveryView, 'status' | 'error'>;

export interface CallbackParts {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly plan: TroublePlan;
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  /** Who signs notices now. */
  readonly signer: () => Signer;
  /** A key that nobody knows. */
  readonly stranger: () => KeyObject;
  readonly log: (line: string) => void;
}

export class Callbacks {
  readonly #parts: CallbackParts;
  readonly #deliveries: DeliveryView[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #notices = new Map<Refund, Notice>();
  readonly #stopping = new AbortController();

  constructor(parts: CallbackParts) {
    this.#parts = parts;
  }

  deliveries(): readonly DeliveryView[] {
    return [...this.#deliveries];
  }

  /** A refund was taken on: a stranger may hurry to report its success. */
  onAccepted(refund: Refund): void {
    if (refund.notifyUrl === null) return;
    if (this.#parts.plan.use(refund.outRefundNo, 'a forged notice is sent', 'callback_forged') === undefined)
      return;
    const notice = this.#make(refund, 'SUCCESS', refund.acceptedAtMs + FORGED_AFTER_MS);
    this.#plan(notice, 'forged', 1, refund.acceptedAtMs + FORGED_AFTER_MS);
  }

  /** A refund has ended: its notice sets out, unless it is lost. */
  onEnd(refund: Refund): void {
    if (refund.notifyUrl === null || refund.verdict === null) return;
    const { status, atMs } = refund.verdict;
    const notice = this.#make(refund, status, atMs);
    this.#notices.set(refund, notice);
    if (this.#parts.plan.use(refund.outRefundNo, `${notice.eventType} is not sent`, 'callback_lost')) return;
    this.#plan(notice, 'true', 1, atMs);
  }

  /** Sends the notice of a refund that has ended once more. False when there is none. */
  resend(refund: Refund): boolean {
    const notice = this.#notices.get(refund);
    if (notice === undefined) return false;
    this.#send(notice, 'again', 1);
    return true;
  }

  /** Resolves when no delivery is on its way. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
  }

  #make(refund: Refund, status: Verdict, atMs: number): Notice {
    const surplus = this.#parts.plan.of(refund.outRefundNo, 'other_amount');
    return makeNotice(refund, status, atMs, surplus === undefined ? 0n : BigInt(surplus.fen ?? 1));
  }

  #plan(notice: Notice, flavour: DeliveryView['flavour'], attempt: number, dueMs: number): void {
    this.#parts.agenda.at(dueMs, () => this.#send(notice, flavour, attempt));
  }

  #send(notice: Notice, flavour: DeliveryView['flavour'], attempt: number): void {
    if (this.#stopping.signal.aborted) return;
    const { outRefundNo } = notice.refund;
    const probe =
      flavour === 'true' &&
      this.#parts.plan.use(outRefundNo, `try ${String(attempt)} is a probe`, 'callback_probe');
    const sent = this.#deliver(notice, probe ? 'probe' : flavour, attempt);
    this.#inFlight.add(sent);
    void sent.finally(() => this.#inFlight.delete(sent));
  }

  async #deliver(notice: Notice, flavour: DeliveryView['flavour'], attempt: number): Promise<void> {
    const at = this.#parts.clock.now();
    const { outRefundNo, notifyUrl } = notice.refund;
    const { noticeId, eventType } = notice;
    if (notifyUrl === null) return;
    const { status, error } = await this.#post(notice, flavour, notifyUrl);
    const tried = { outRefundNo, noticeId, eventType, flavour, attempt, at, url: notifyUrl };
    this.#deliveries.push({ ...tried, status, error });
    this.#parts.log(
      `callback ${eventType} of ${outRefundNo}, ${flavour}, try ${String(attempt)}: ${error ?? String(status)}`,
    );
    const taken = status === 200 || status === 204;
    if (flavour === 'forged' || flavour === 'probe') this.#noteBelief(outRefundNo, flavour, taken);
    if (flavour === 'true' && taken) this.#afterTaken(notice);
    else if (flavour === 'probe' || (flavour === 'true' && !taken)) this.#retry(notice, attempt, at);
  }

  /** Nothing is thrown: whatever happens on the way is a try that failed. */
  async #post(notice: Notice, flavour: DeliveryView['flavour'], url: string): Promise<Outcome> {
    const { merchants, clock, stranger, signer } = this.#parts;
    const merchant = merchants.get(notice.refund.mchid);
    if (merchant === undefined) return { status: null, error: 'the merchant is unknown' };
    const body = notice.seal(merchant.apiV3Key);
    // The stranger claims to be WeChat: the name of its key, not the key.
    const key = flavour === 'forged' ? { serial: signer().serial, privateKey: stranger() } : signer();
    const spoilt: Spoilt | undefined = flavour === 'probe' ? 'probe' : undefined;
    const signature = signatureHeaders(key, body, clock.wallNow(), spoilt);
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0', ...signature },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_TIMEOUT_MS), this.#stopping.signal]),
      });
      await answer.arrayBuffer();
      return { status: answer.status, error: null };
    } catch (error) {
      return { status: null, error: reasonOf(error) };
    }
  }

  #noteBelief(outRefundNo: string, flavour: 'forged' | 'probe', taken: boolean): void {
    const kind = flavour === 'forged' ? 'callback_forged' : 'callback_probe';
    this.#parts.plan.note(outRefundNo, kind, taken ? 'BELIEVED by the receiver' : 'refused by the receiver');
  }

  #retry(notice: Notice, attempt: number, triedAt: Date): void {
    const waitMs = RETRY_LADDER_MS[attempt - 1];
    if (waitMs === undefined) return;
    const wallPerBusinessMs = this.#parts.clock.toWallMs(1);
    const floorMs = wallPerBusinessMs > 0 ? RETRY_WALL_MIN_MS / wallPerBusinessMs : 0;
    this.#plan(notice, 'true', attempt + 1, triedAt.getTime() + Math.max(waitMs, floorMs));
  }

  #afterTaken(notice: Notice): void {
    const { plan, clock } = this.#parts;
    const { refund } = notice;
    const nowMs = clock.now().getTime();
    for (
      let copy = 1;
      plan.use(refund.outRefundNo, `copy ${String(copy)} is sent`, 'callback_twice');
      copy += 1
    ) {
      this.#plan(notice, 'again', copy, nowMs + copy * SECOND_MS);
    }
    if (plan.use(refund.outRefundNo, 'an older notice of ABNORMAL follows', 'callback_out_of_order')) {
      const older = this.#make(refund, 'ABNORMAL', refund.acceptedAtMs);
      this.#plan(older, 'stale', 1, nowMs + SECOND_MS);
    }
  }
}

/** `fetch` says "fetch failed" and keeps what really happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${String(ANSWER_TIMEOUT_MS)} ms`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : error.message);
}
