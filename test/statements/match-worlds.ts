/**
 * Small worlds of refunds and of the lines that days of bills have about them. Hundreds of them, none of which knows a number of
 * another, share one database and the files of three days.
 */
import fc from 'fast-check';
import type { TestDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT } from '../store/books.ts';
import type { DuckLine, DuckRefund } from './duck-match.ts';
import type { PlainLine } from './plain-statement.ts';

export const DAYS = ['2026-11-22', '2026-11-23', '2026-11-24'] as const;
export const COVERED = DAYS.slice(0, -1);
/** What comes up where there are some hundred worlds. */
export const EVERY_KIND = [
  ...['@1', '@2', '@3', 'ambiguous', 'amount_differs', 'duplicate_line', 'missing_in_books'],
  ...['number_differs', 'state_conflict'],
] as const;
/** When all of it is over. */
export const NOW = new Date('2026-11-27T10:00:00+08:00');
/** What the first line of a file is: its head. */
const FIRST_LINE_NO = 2;

const some = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** `often` times as often there as not. */
const perhaps = <T>(value: fc.Arbitrary<T>, often = 2): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null, freq: often + 1 });

/** Noons and the seconds beside them, so that windows are met to the second. */
const times = ['12:00:00', '12:00:01', '11:59:59', '00:00:00', '23:59:59'] as const;
const at = (from: number, to: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.integer({ min: from, max: to }), some(...times))
    .map(([day, time]) => `2026-11-${String(day)} ${time}`);

const [STATES, AMOUNTS] = [
  [
    'processing',
    'succeeded',
    'succeeded',
    'requested',
    'unknown',
    'failed/closed',
    'failed',
    'needs_action/abnormal',
  ],
  [100, 200],
] as const;

const refundOf = fc.record({
  hasChannelNo: some(true, true, false),
  payment: some(1, 1, 2),
  amount: some(...AMOUNTS),
  state: some(...STATES),
  requestedAt: at(19, 26),
  acceptedAfterDays: some(0, 0, 1, 3, null),
  succeededAfterDays: some(0, 1, 2, null),
});

/** Few numbers and few amounts, so that they meet. */
const lineOf = fc.record({
  day: some(...DAYS),
  time: some(...times),
  refundNo: perhaps(some('R1', 'R2', 'R3', 'X1')),
  channelRefundNo: perhaps(some('C1', 'C2', 'C3', 'C9'), 1),
  transactionId: perhaps(some('T1', 'T1', 'T2', 'T9'), 3),
  amount: some(...AMOUNTS),
  status: perhaps(some('SUCCESS', 'PROCESSING', 'CLOSED')),
});

/** Most lines of a bill are right: those say what their refund says. */
const rightLine = fc.record({
  day: some(...DAYS),
  time: some(...times),
  ofRefund: some(1, 2, 3),
  leavesOut: some('nothing', 'nothing', 'our number', 'both numbers'),
});

export const world = fc.record({
  refunds: fc.array(refundOf, { minLength: 0, maxLength: 3 }),
  lines: fc.array(lineOf, { maxLength: 4 }),
  right: fc.array(rightLine, { maxLength: 3 }),
  secondPaymentUnknown: some(true, false),
});
export type World = ReturnType<typeof world.generate>['value'];

export interface Books {
  readonly refunds: readonly DuckRefund[];
  readonly lines: readonly DuckLine[];
}

/** The world with numbers of its own, and ids that go on from those before. */
function booksOf({ refunds, lines, right, secondPaymentUnknown }: World, nth: number): Books {
  const own = (number: string | null): string | null =>
    number === null ? null : `W${String(nth)}-${number}`;
  const known = refunds.map((refund, index): DuckRefund => {
    const [state = '', reason = null] = refund.state.split('/');
    const number = String(index + 1);
    return {
      id: nth * 10 + index + 1,
      refund_no: `W${String(nth)}-R${number}`,
      channel_refund_no: refund.hasChannelNo ? own(`C${number}`) : null,
      transaction_id: refund.payment === 2 && secondPaymentUnknown ? null : own(`T${String(refund.payment)}`),
      payment_no: `W${String(nth)}-P${String(refund.payment)}`,
      amount_minor: refund.amount,
      state,
      state_reason: reason,
      requested_at: refund.requestedAt,
      accepted_at:
        refund.acceptedAfterDays === null || state === 'requested'
          ? null
          : later(refund.requestedAt, refund.acceptedAfterDays),
      succeeded_at:
        refund.succeededAfterDays === null || state !== 'succeeded'
          ? null
          : later(refund.requestedAt, (refund.acceptedAfterDays ?? 0) + refund.succeededAfterDays),
    };
  });
  const made = [
    ...lines.map((line) => ({
      ...{ bill_date: line.day, occurred_at: `${line.day} ${line.time}`, refund_no: own(line.refundNo) },
      ...{ channel_refund_no: own(line.channelRefundNo), transaction_id: own(line.transactionId) },
      ...{ amount_minor: line.amount, status: line.status },
    })),
    ...right.flatMap((line) => {
      const refund = known[line.ofRefund - 1];
      if (refund === undefined) return [];
      const { refund_no, channel_refund_no, transaction_id, amount_minor } = refund;
      return {
        ...{ bill_date: line.day, occurred_at: `${line.day} ${line.time}`, transaction_id, amount_minor },
        refund_no: line.leavesOut === 'nothing' ? refund_no : null,
        channel_refund_no: line.leavesOut === 'both numbers' ? null : channel_refund_no,
        status: null,
      };
    }),
  ];
  return { refunds: known, lines: made.map((line) => ({ ...line, line_no: 0 })) };
}

function later(beijing: string, days: number): string {
  const ms = Date.parse(`${beijing.replace(' ', 'T')}Z`) + days * 86_400_000;
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** All worlds together; each line with its place in the file of its day. */
export function together(worlds: readonly World[]): Books {
  const books = worlds.map(booksOf);
  const refunds = books.flatMap((one) => one.refunds);
  const lines = books.flatMap((one) => one.lines);
  return {
    refunds,
    lines: DAYS.flatMap((day) =>
      lines
        .filter((line) => line.bill_date === day)
        .map((line, index) => ({ ...line, line_no: index + FIRST_LINE_NO })),
    ),
  };
}

/** Straight into the tables: what became of each refund before is no matter here. */
export async function fillBooks(
  db: Pick<TestDatabase, 'owner'>,
  refunds: readonly DuckRefund[],
): Promise<void> {
  const tx = await db.owner.connect();
  try {
    await tx.query('begin');
    await tx.query('set local session_replication_role = replica');
    const payments = new Map(refunds.map((refund) => [refund.payment_no, refund.transaction_id]));
    await tx.query(
      `insert into payments (merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, fingerprint, created_at)
       select $1, $2, no, transaction, 100000, 'CNY', 'made-up', $5 from unnest($3::text[], $4::text[]) as p (no, transaction)`,
      [MERCHANT, ACCOUNT, [...payments.keys()], [...payments.values()], NOW],
    );
    await tx.query(
      `insert into refunds (id, merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint,
         requested_at, accepted_at, succeeded_at, state, state_reason, channel_refund_no, payment_no, transaction_id)
       overriding system value
       select r.id, $1, $2, 'wechat', p.id, r.refund_no, r.amount_minor, 'CNY', 'made-up', r.requested_at::timestamp at time zone 'Asia/Shanghai',
              r.accepted_at::timestamp at time zone 'Asia/Shanghai', r.succeeded_at::timestamp at time zone 'Asia/Shanghai', r.state, r.state_reason, r.channel_refund_no, p.payment_no, p.transaction_id
         from jsonb_to_recordset($3::jsonb) as r (id bigint, refund_no text, amount_minor bigint, requested_at text,
                accepted_at text, succeeded_at text, state text, state_reason text, channel_refund_no text, payment_no text)
         join payments p on p.merchant_id = $1 and p.payment_no = r.payment_no`,
      [MERCHANT, ACCOUNT, JSON.stringify(refunds)],
    );
    await tx.query('commit');
  } finally {
    tx.release();
  }
}

export function plain(line: DuckLine): PlainLine {
  return {
    type: line.status === null ? 'refund' : `refund:${line.status}`,
    at: line.occurred_at,
    transactionId: line.transaction_id ?? '',
    channelRefundNo: line.channel_refund_no ?? '',
    refundNo: line.refund_no ?? '',
    amount: line.amount_minor,
  };
}
