/** What a bill of the account shows of the movements that there were, with the troubles that were planned for it. */
import type { MovementTrouble } from './bill-troubles.ts';
import type { Posting } from './ledger-words.ts';
import type { AnyRefundTrouble, TroublePlan } from './trouble-plan.ts';

const DAY_MS = 86_400_000;

/**
 * The movements as they are booked, by time.
 * @param bookedAtMs when one is booked: null for one that is not (yet)
 */
export function asBooked<T extends AnyRefundTrouble>(
  postings: readonly Posting[],
  plan: TroublePlan<T | MovementTrouble>,
  bookedAtMs: (posting: Posting) => number | null = ({ atMs }) => atMs,
): readonly Posting[] {
  const troubles = plan as unknown as TroublePlan<MovementTrouble>;
  return postings
    .flatMap((posting) => {
      const atMs = bookedAtMs(posting);
      return atMs === null ? [] : troubled({ ...posting, atMs }, troubles);
    })
    .toSorted((one, other) => one.atMs - other.atMs || one.no - other.no);
}

function troubled(posting: Posting, plan: TroublePlan<MovementTrouble>): readonly Posting[] {
  const { kind, voucher } = posting;
  if (kind !== 'refund_accepted' && kind !== 'refund_fee') return [posting];
  if (kind === 'refund_accepted' && plan.use(voucher, 'left out of the account', 'movement_missing'))
    return [];
  const late = plan.use(voucher, 'booked later', 'movement_late');
  const fee = kind === 'refund_fee' ? plan.use(voucher, 'another fee', 'movement_fee_differs') : undefined;
  return [
    {
      ...posting,
      atMs: posting.atMs + (late === undefined ? 0 : (late.days ?? 1) * DAY_MS),
      minor: posting.minor + (fee === undefined ? 0n : BigInt(fee.fen ?? 1)),
    },
  ];
}
