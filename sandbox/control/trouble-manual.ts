/** What a channel's kinds of trouble may be planned with, and until when: read by the control side, shown to whoever asks. */
import { AppError } from '../../domain/errors.ts';
import type { BillTrouble, MovementTrouble } from '../bill-troubles.ts';
import type { CommonTrouble } from '../common-troubles.ts';
import { LOST_HOW } from '../lost-answer.ts';
import type { AnyRefundTrouble, DayTrouble } from '../trouble-plan.ts';

/** Whether a field of a trouble has a value that means something. */
export type Check = (value: unknown) => boolean;

type FieldsOf<K extends string> = Readonly<Record<K, Readonly<Record<string, Check>>>>;
export type TroubleFields<K extends string> = FieldsOf<K | DayTrouble['kind']>;

export interface TroubleManual<T extends AnyRefundTrouble = AnyRefundTrouble> {
  /** Every kind with the fields that it may have. */
  readonly kinds: readonly { readonly kind: string; readonly fields: readonly string[] }[];
  /** Reads a trouble that came as JSON. @throws AppError `request_invalid` naming what is wrong */
  read(value: unknown): T | DayTrouble;
  /** What is settled when a refund is taken on: planned afterwards it would never happen. */
  readonly untilAccepted: ReadonlySet<string>;
  /** What needs an end that is still to come. */
  readonly untilEnded: ReadonlySet<string>;
}

const LATE_HOURS_MAX = 24 * 60;

export function wholeUpTo(max: number): Check {
  return (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
}

export function oneOf(...choices: readonly string[]): Check {
  return (value) => choices.includes(value as string);
}

export const yesOrNo: Check = (value) => typeof value === 'boolean';

const times = wholeUpTo(1000);

export const COMMON_FIELDS: FieldsOf<CommonTrouble['kind']> = {
  lost_answer: { how: oneOf(...LOST_HOW), accepted: yesOrNo, times },
  error_5xx: { status: (value) => wholeUpTo(599)(value) && Number(value) >= 500, accepted: yesOrNo, times },
  late_success: { days: wholeUpTo(365) },
  stuck: {},
  other_amount: { fen: wholeUpTo(1_000_000) },
  callback_lost: {},
  callback_twice: { times: wholeUpTo(15) },
};

export const BILL_FIELDS: FieldsOf<BillTrouble['kind']> = {
  line_missing: {},
  amount_differs: { fen: wholeUpTo(1_000_000) },
  bill_reissued: { hours: wholeUpTo(LATE_HOURS_MAX), first: oneOf('lacks', 'differs'), untilMet: yesOrNo },
};

export const MOVEMENT_FIELDS: FieldsOf<MovementTrouble['kind']> = {
  movement_missing: {},
  movement_late: { days: wholeUpTo(30) },
  movement_fee_differs: { fen: wholeUpTo(1_000_000) },
};

export const DAY_FIELDS: FieldsOf<DayTrouble['kind']> = {
  bill_late: { hours: wholeUpTo(LATE_HOURS_MAX), untilMet: yesOrNo },
};

export function troubleManual<T extends AnyRefundTrouble>(
  fieldsOf: TroubleFields<T['kind']>,
  until: { readonly accepted: readonly T['kind'][]; readonly ended: readonly T['kind'][] },
): TroubleManual<T> {
  const known: Readonly<Record<string, Readonly<Record<string, Check>>>> = fieldsOf;
  return {
    kinds: Object.entries(known).map(([kind, fields]) => ({ kind, fields: Object.keys(fields) })),
    untilAccepted: new Set<string>(until.accepted),
    untilEnded: new Set<string>(until.ended),
    read: (value) => {
      const wrong = (issue: string): AppError => new AppError('request_invalid', { trouble: issue });
      if (typeof value !== 'object' || value === null) throw wrong('is not an object');
      const { kind, ...fields } = value as Record<string, unknown>;
      const checks = typeof kind === 'string' && Object.hasOwn(known, kind) ? known[kind] : undefined;
      if (checks === undefined) throw wrong('has no known kind; GET /sandbox lists them');
      for (const [name, given] of Object.entries(fields)) {
        if (!Object.hasOwn(checks, name) || checks[name]?.(given) !== true)
          throw wrong(`${String(kind)}: ${name} is unknown or out of range`);
      }
      return value as T | DayTrouble;
    },
  };
}
