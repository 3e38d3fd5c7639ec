/** What must be true of the books at every moment, held against the channel's ledger. Each broken one is said in words. */
import type { RefundState } from '../../domain/refund/state.ts';
import type { SimBooks, SimRefund } from './sim-books.ts';
import type { SimChannel } from './sim-channel.ts';
import type { Rules } from './sim-rules.ts';

const AFTER_SUCCESS: ReadonlySet<RefundState> = new Set(['succeeded', 'settled', 'returned', 'needs_action']);
const SUCCESS: ReadonlySet<RefundState> = new Set(['succeeded', 'settled', 'returned']);

/** How the channel itself sees a refund, whatever it has told. */
function truthOf(
  channel: SimChannel,
  refundNo: string,
  now: Date,
): 'success' | 'closed' | 'in hand' | 'not there' {
  const report = channel.ledger.look(refundNo, now, 0);
  if (report === null) return 'not there';
  return report.status === 'success' || report.status === 'closed' ? report.status : 'in hand';
}

/** After every step of a story. */
export function checkAlways(books: SimBooks, channel: SimChannel): string[] {
  const broken: string[] = [];
  if (books.reservedMinor() > books.capturedMinor)
    broken.push(`I2: ${books.reservedMinor()} reserved of ${books.capturedMinor}`);
  for (const refund of books.refunds) {
    const moved = channel.ledger.movements.filter((one) => belongsTo(one.refundNo, refund));
    if (moved.length > 1) broken.push(`I1: ${refund.refundNo} left ${moved.length} times`);
  }
  for (const order of channel.arrived) {
    const refund = books.refunds.find((one) => one.refundNo === order.refundNo);
    if (refund === undefined) broken.push(`I6: an order under the foreign number ${order.refundNo}`);
    else if (refund.amountMinor !== order.amountMinor)
      broken.push(`I5: ${refund.refundNo} was sent with another amount`);
  }
  return broken;
}

/** A number that was made from the refund's own is the refund's, whoever made it. */
function belongsTo(refundNo: string, refund: SimRefund): boolean {
  return refundNo === refund.refundNo || refundNo.startsWith(`${refund.refundNo}-`);
}

/** Where a refund came from and where it has come, in the moment in which evidence was committed. */
export function checkStep(refund: SimRefund, before: RefundState, channel: SimChannel, now: Date): string[] {
  const broken: string[] = [];
  const { state } = refund.status;
  const truth = truthOf(channel, refund.refundNo, now);
  if (SUCCESS.has(before) && !AFTER_SUCCESS.has(state))
    broken.push(`I4: ${refund.refundNo} went from ${before} to ${state}`);
  if (state === 'failed' && before !== 'failed' && (truth === 'in hand' || truth === 'success'))
    broken.push(`I7: ${refund.refundNo} failed in the books and is ${truth} at the channel`);
  if (state === 'failed' && !channel.saidNo.has(refund.refundNo))
    broken.push(`I7: ${refund.refundNo} failed without a plain no of the channel`);
  if (SUCCESS.has(state) && truth !== 'success')
    broken.push(`I4: ${refund.refundNo} is ${state} in the books and ${truth} at the channel`);
  return broken;
}

/**
 * Just before an order leaves. A worker that was overtaken may still send what has failed meanwhile: it has one number, and
 * the channel never gives more than was captured.
 */
export function checkOrder(refund: SimRefund, sentAs: string): string[] {
  const broken: string[] = [];
  if (!refund.known.some((one) => one.kind === 'attempt_started'))
    broken.push(`I6: ${refund.refundNo} was sent without a committed attempt`);
  if (sentAs !== refund.refundNo) broken.push(`I6: ${refund.refundNo} was sent as ${sentAs}`);
  if (!refund.counted && refund.status.state !== 'failed')
    broken.push(`I2: ${refund.refundNo} was sent without its amount reserved`);
  return broken;
}

/** When no fault happens any more and everything has come in that was on its way. */
export function checkEnd(
  books: SimBooks,
  channel: SimChannel,
  now: Date,
  rules: Pick<Rules, 'statusOf'>,
): string[] {
  return books.refunds.flatMap((refund) => {
    const { state, reason } = refund.status;
    const truth = truthOf(channel, refund.refundNo, now);
    const ends: Readonly<Record<typeof truth, readonly RefundState[]>> = {
      success: ['succeeded', 'settled'],
      closed: ['failed'],
      'in hand': [],
      'not there': ['failed'],
    };
    const broken: string[] = [];
    const conflict = state === 'needs_action' && reason === 'conflict_of_evidence';
    if (!ends[truth].includes(state) && !conflict)
      broken.push(
        `I3: ${refund.refundNo} is ${truth} at the channel and ${state} (${reason ?? '-'}) in the books`,
      );
    const reversed = rules.statusOf(refund.amountMinor, refund.known.toReversed());
    if (reversed.state !== state || reversed.reason !== reason)
      broken.push(`I22: ${refund.refundNo} is ${state} forwards and ${reversed.state} backwards`);
    if (truth === 'success' && !refund.counted && !conflict)
      broken.push(`I2: the money of ${refund.refundNo} left and is not counted`);
    return broken;
  });
}
