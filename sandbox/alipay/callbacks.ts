/** Notices of refunds on both roads: sent, sent again along the documented ladder, and troubled as planned. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import type { Flavour, Posting } from '../notice-tries.ts';
import { FOLLOWS_AFTER_MS, NoticeTries } from '../notice-tries.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { Refund, SandboxMerchant } from './model.ts';
import type { Notice } from './notice.ts';
import { depositBackNotice, paymentNotice, refundNotice } from './notice.ts';
import { signatureOf, textOf } from './signing.ts';
import type { SigningKeyRing } from './signing-keys.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits between the tries of one notice, in business time: eight tries in 24 hours and 24 minutes. */
const RETRY_LADDER_MS: readonly number[] = [
  ...[4, 10, 10].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 6, 15].map((hours) => hours * HOUR_MS),
];
/** A stranger does not wait for the true notice, which sets out a moment after the refund. */
const SETS_OUT_AFTER_MS = SECOND_MS;
/** Sixteen digits as an application's, and nobody's. */
const FOREIGN_APP = '2021999999999999';
const TAKEN = 'success';

export interface CallbackParts {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  /** Alipay's own keys. */
  readonly signers: SigningKeyRing;
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
      isTaken: (status, body) => status === 200 && body === TAKEN,
      onTaken: (notice, nowMs) => this.#onTaken(notice, nowMs),
    });
  }

  /** A refund was taken on: strangers may hurry to report its success. */
  onAccepted(refund: Refund): void {
    const url = refund.trade.notifyUrl;
    if (url === null) return;
    const { plan } = this.#parts;
    const { outRequestNo, acceptedAtMs } = refund;
    const claim = (flavour: 'forged' | 'foreign'): void =>
      this.tries.plan(refundNotice(refund, url, acceptedAtMs), flavour, 1, acceptedAtMs);
    if (plan.use(outRequestNo, 'a forged notice is sent', 'callback_forged')) claim('forged');
    if (plan.use(outRequestNo, 'a notice of another application is sent', 'callback_foreign'))
      claim('foreign');
  }

  /** The money has gone: the trade's notice sets out once more, unless it is lost. */
  onDone(refund: Refund): void {
    this.#tellPending(refund);
    const url = refund.trade.notifyUrl;
    if (url === null || refund.doneAtMs === null) return;
    this.tries.setOut(refundNotice(refund, url, refund.doneAtMs), refund.doneAtMs + SETS_OUT_AFTER_MS);
  }

  /** The bank has it in hand: as a rule nobody is told. */
  #tellPending(refund: Refund): void {
    const { bankLeg, tellsBankLeg, trade, doneAtMs, outRequestNo } = refund;
    const url = this.#parts.merchants.get(trade.sellerId)?.gatewayUrl;
    if (bankLeg === null || !tellsBankLeg || url === undefined || doneAtMs === null) return;
    if (this.#parts.plan.use(outRequestNo, 'a message says that it is in hand', 'dback_told_pending'))
      this.tries.plan(
        depositBackNotice(refund, bankLeg, url, doneAtMs),
        'true',
        1,
        doneAtMs + SETS_OUT_AFTER_MS,
      );
  }

  /** The way to the bank has ended: those who asked to be told get a message at the application's gateway. */
  onBankLegEnd(refund: Refund): void {
    const { bankLeg, tellsBankLeg, trade } = refund;
    const url = this.#parts.merchants.get(trade.sellerId)?.gatewayUrl;
    if (bankLeg === null || bankLeg.endsAtMs === null || !tellsBankLeg || url === undefined) return;
    this.tries.setOut(depositBackNotice(refund, bankLeg, url, bankLeg.endsAtMs), bankLeg.endsAtMs);
  }

  #seal(notice: Notice, flavour: Flavour): Posting {
    const { merchants, signers, stranger } = this.#parts;
    const keyMode = merchants.get(notice.refund.trade.sellerId)?.keyMode ?? 'public_key';
    const parameters = new Map(notice.parameters);
    if (flavour === 'foreign') parameters.set('app_id', FOREIGN_APP).set('auth_app_id', FOREIGN_APP);
    const renewedSn = signers.renewedSn(keyMode);
    if (renewedSn !== null) parameters.set('alipay_cert_sn', renewedSn);
    const text = textOf(parameters, notice.signsSignType ? ['sign'] : ['sign', 'sign_type']);
    parameters.set(
      'sign',
      signatureOf(Buffer.from(text), flavour === 'forged' ? stranger() : signers.of(keyMode).key),
    );
    return {
      body: new URLSearchParams([...parameters]).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    };
  }

  #onTaken({ refund, refundNo }: Notice, nowMs: number): void {
    const { notifyUrl } = refund.trade;
    if (notifyUrl === null) return;
    if (this.#parts.plan.use(refundNo, 'the notice of the payment follows', 'callback_out_of_order'))
      this.tries.plan(paymentNotice(refund, notifyUrl), 'stale', 1, nowMs + FOLLOWS_AFTER_MS);
  }
}
