/**
 * Which way the money of a ZM record went. The kind of the transaction (field 20) decides: the letters before the fee and
 * the settlement are known of payments only. On what gives money back their meaning is inferred from no real file, so
 * there the amounts must add up and the letters need not; those that are not as expected are counted, for people.
 */
import type { LineType } from '../../domain/statement/statement.ts';

/** Fen; what the letters before them say is in the sign: more than 0 is the merchant's gain. */
interface Printed {
  readonly amount: number;
  readonly fee: number;
  readonly settlement: number;
}

interface Money {
  /** What was taken from the payer; less than 0 where it was given back. */
  readonly gross: number;
  /** The merchant's gain by the fee; less than 0 where it pays one. */
  readonly fee: number;
  /** Whether the letters say the same. */
  readonly asPrinted: boolean;
}

/**
 * What is paid to the merchant is what was taken, and the fee: on every record, and so in the sum. Null where that is so
 * neither with the letters nor, for money that was given back, without them.
 */
export function moneyOf(type: LineType, { amount, fee, settlement }: Printed): Money | null {
  const gross = type === 'payment' ? amount : 0 - amount;
  if (gross + fee === settlement) return { gross, fee, asPrinted: true };
  if (type === 'payment') return null;
  // Either the fee of the payment comes back with it or the merchant pays one more: the settlement says which.
  const [paid, found] = [Math.abs(settlement), Math.abs(fee)];
  if (Math.abs(gross + found) === paid) return { gross, fee: found, asPrinted: false };
  if (amount + found === paid) return { gross, fee: 0 - found, asPrinted: false };
  return null;
}

/** Counts the records whose letters were not followed. */
export class SignsSeen {
  readonly #counts = new Map<string, number>();

  saw(type: LineType, { fee, settlement }: Pick<Printed, 'fee' | 'settlement'>): void {
    const letters = `${type} records with ${letterOf(settlement)} before the settlement and ${letterOf(fee)} before the fee`;
    this.#counts.set(letters, (this.#counts.get(letters) ?? 0) + 1);
  }

  remarks(): readonly string[] {
    return [...this.#counts].map(
      ([letters, count]) =>
        `${String(count)} ${letters}: read as money given back, as their kind of transaction (field 20) says`,
    );
  }
}

function letterOf(value: number): string {
  if (value === 0) return 'nothing';
  return value > 0 ? 'C' : 'D';
}
