/** What is going to happen with a refund next, and who does it. */
import { assertNever } from '../domain/errors.ts';
import { personAction } from '../domain/refund/person-action.ts';
import type { Refund } from '../domain/refund/refund.ts';

/** One sentence for the person who asks what now. */
export function nextStep(
  refund: Pick<Refund, 'state' | 'stateReason' | 'overdueLevel' | 'bankLeg' | 'flaw'>,
): string {
  switch (refund.state) {
    case 'requested':
      return 'It is put to the channel by itself.';
    case 'unknown':
      return 'The channel is asked about this number until it answers; do not refund under another number.';
    case 'processing':
      return refund.overdueLevel === 0
        ? 'The channel is moving the money; wait for its word.'
        : 'The promise has passed: quote the serials to the channel and keep the payer informed.';
    case 'succeeded':
    case 'settled':
      return afterSuccess(refund);
    case 'failed':
      if (refund.stateReason === 'fallback_approved' || refund.stateReason === 'paid_otherwise')
        return personAction(refund.stateReason).en;
      return 'No money moved. To try again, ask for a new refund under a new number.';
    case 'returned':
      return refund.stateReason === null
        ? 'The money came back after success: two people choose another way to the payer (`yuanlu approvals fallback`).'
        : personAction(refund.stateReason).en;
    case 'needs_action':
      return personAction(refund.stateReason).en;
    default:
      return assertNever(refund.state);
  }
}

function afterSuccess(refund: Pick<Refund, 'state' | 'overdueLevel' | 'bankLeg' | 'flaw'>): string {
  if (refund.flaw !== null)
    return 'The channel did it and says that something was wrong with it: a person asks its support, quoting the serials.';
  if (refund.bankLeg === 'pending') {
    return refund.overdueLevel === 0
      ? "The channel has paid it on to the payer's bank; it is asked every day whether the bank has posted it."
      : "The payer's bank should have posted it by now: the payer quotes the serials to the bank, and you to the channel.";
  }
  if (refund.bankLeg === 'returned_to_wallet') {
    return "Tell the payer: the bank did not take it, so the money is in the payer's wallet at the channel instead.";
  }
  return refund.state === 'settled'
    ? "Nothing: the channel's word and its statement agree."
    : 'The channel says that the money has left; its statement confirms it by itself.';
}
