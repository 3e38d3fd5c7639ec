/** What one comparison of movements is about, and the same as SQL literals; no text of a statement is ever among them. */
import type { MovementWord } from '../domain/statement/movement.ts';
import { MOVEMENT_ROLES } from '../domain/statement/movement.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import { isFundFlow } from '../domain/statement/statement.ts';
import type { Tx } from './pool.ts';

/** A movement may be booked so many days after the day of its line, or before it: nights of a channel, not weeks. */
export const BOOKED_LATER_DAYS = 3;
export const BOOKED_EARLIER_DAYS = 1;

/** Days on either side of a changed day whose leftovers are judged again, and those that are looked at for it. */
export const JUDGED_DAYS = 14;
export const SEEN_DAYS = 42;

export interface FlowScope {
  readonly accountId: string;
  /** yyyy-mm-dd: the day of which a file came, went or was found empty. */
  readonly billDate: string;
  /** How the channel words movements of refunds. */
  readonly words: readonly MovementWord[];
  /** The statements that the account has each day: a day is whole once all of them are there. */
  readonly kinds: readonly StatementKind[];
  /** What our number names a refund in: the account, or only its payment. */
  readonly numberWithin: 'account' | 'payment';
  readonly now: Date;
}

/** The scope as SQL literals. */
export interface FlowLiterals {
  readonly account: string;
  readonly date: string;
  readonly now: string;
  /** Rows of (word, direction, role). */
  readonly words: string;
  /** An array of the fund-flow statements that the account has each day. */
  readonly flowKinds: string;
  readonly withinPayment: boolean;
}

export function flowLiterals(tx: Tx, scope: FlowScope): FlowLiterals {
  const words = scope.words.map(({ word, direction, role }) => {
    const no = String(MOVEMENT_ROLES.indexOf(role) + 1);
    return `(${tx.escapeLiteral(word)}, ${tx.escapeLiteral(direction)}, ${no}::smallint)`;
  });
  return {
    account: `${tx.escapeLiteral(scope.accountId)}::text`,
    date: `${tx.escapeLiteral(scope.billDate)}::date`,
    now: `${tx.escapeLiteral(scope.now.toISOString())}::timestamptz`,
    words: `(values ${words.join(', ')}) w (word, direction, role)`,
    flowKinds: kindArray(scope.kinds.filter(isFundFlow)),
    withinPayment: scope.numberWithin === 'payment',
  };
}

/** Kinds as an SQL array: they are words of our own. */
export function kindArray(kinds: readonly StatementKind[]): string {
  return `array[${kinds.map((kind) => `'${kind}'`).join(', ')}]::text[]`;
}
