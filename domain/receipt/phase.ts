/** Where a refund stands for the person who waits for it. "Arrived" is said only where somebody who knows has said so. */
import { assertNever } from '../errors.ts';
import { isAtBank } from '../refund/bank-leg.ts';
import type { StateReason } from '../refund/state.ts';
import { isOwedOtherwise } from '../refund/state.ts';
import type { FundingSource, Refund } from '../refund/refund.ts';

export const PHASES = [
  /** The merchant has it, whatever holds it up there; the channel has not taken it yet, as far as is known. */
  'submitting',
  /** The channel has taken it and moves the money. */
  'accepted',
  /** The channel has paid it, and the payer's bank, of which the channel tells, has not posted it. */
  'at_bank',
  /** The channel has paid it to a card, and tells nothing of the bank. */
  'paid_out',
  /** It is where the payer can see it, by the word of who keeps that account. */
  'arrived',
  /** A person at the merchant's has to act first. */
  'needs_action',
  /** Not done; no money has moved. */
  'not_made',
  /** It came back after it had been paid. */
  'returned',
  /** The merchant pays it another way, outside of the channel, and has not yet. */
  'to_be_paid_otherwise',
  /** The merchant has paid it another way, as it says. */
  'paid_otherwise',
] as const;

export type Phase = (typeof PHASES)[number];

/** The five groups that are told apart by word, sign and colour. */
export type Family = 'under_way' | 'arrived' | 'needs_action' | 'overdue' | 'closed';

/** Accounts that the channel itself keeps: its word of success is the word of who keeps the account. */
const KEPT_BY_CHANNEL: ReadonlySet<FundingSource> = new Set(['wallet', 'credit_line']);

type Standing = Pick<Refund, 'state' | 'stateReason' | 'bankLeg' | 'payment' | 'flaw'>;

export function phaseOf(refund: Standing): Phase {
  if (isOwedOtherwise(refund.stateReason)) return 'to_be_paid_otherwise';
  if (refund.stateReason === 'paid_otherwise') return 'paid_otherwise';
  switch (refund.state) {
    case 'requested':
    case 'unknown':
      return 'submitting';
    case 'processing':
      return 'accepted';
    case 'succeeded':
    case 'settled':
      return afterSuccess(refund);
    case 'needs_action':
      return isMerchantsOwn(refund.stateReason) ? 'submitting' : 'needs_action';
    case 'failed':
      return 'not_made';
    case 'returned':
      return 'returned';
    default:
      return assertNever(refund.state);
  }
}

/** What the merchant has to put right before the channel takes the refund at all: nothing of it is the payer's to do or to know. */
const MERCHANTS_OWN: ReadonlySet<StateReason> = new Set([
  'over_limit',
  'short_balance',
  'account_config',
  'payment_mismatch',
  'rate_limited',
  'try_later',
] as const);

function isMerchantsOwn(reason: StateReason): boolean {
  return MERCHANTS_OWN.has(reason);
}

function afterSuccess(refund: Standing): Phase {
  if (isAtBank(refund)) return 'at_bank';
  if (refund.bankLeg !== null) return 'arrived';
  // What the channel itself calls flawed is no word that the money is there.
  if (refund.flaw !== null) return 'paid_out';
  return KEPT_BY_CHANNEL.has(refund.payment.fundingSource) ? 'arrived' : 'paid_out';
}

/** Whether the payer still waits for somebody who could be late. */
export function isWaiting(phase: Phase): boolean {
  return phase === 'submitting' || phase === 'accepted' || phase === 'at_bank';
}

/** Whether money is owed of which nobody who knows has said that it is there: its day can pass. */
export function isOwed(phase: Phase): boolean {
  return phase !== 'arrived' && phase !== 'not_made' && phase !== 'paid_otherwise';
}

export function familyOf(phase: Phase, late: boolean): Family {
  switch (phase) {
    case 'submitting':
    case 'accepted':
    case 'at_bank':
      return late ? 'overdue' : 'under_way';
    case 'paid_out':
    case 'to_be_paid_otherwise':
      return 'under_way';
    case 'arrived':
      return 'arrived';
    case 'needs_action':
    case 'returned':
      return 'needs_action';
    case 'not_made':
    // The word of the merchant that pays is no word of whoever keeps the payer's account.
    case 'paid_otherwise':
      return 'closed';
    default:
      return assertNever(phase);
  }
}
