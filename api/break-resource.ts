/** A break as the API shows it: in a list, and by itself with its history, both sides, and what to do about it. */
import { z } from 'zod';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { BREAK_EVENTS, atStakeMinor } from '../domain/statement/break-work.ts';
import type { Side } from '../domain/statement/sides.ts';
import { AGREEMENTS } from '../domain/statement/sides.ts';
import type { Suggestion } from '../domain/statement/suggestion.ts';
import { SUGGESTED_ACTS } from '../domain/statement/suggestion.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import type { BreakEvent } from '../store/break-events.ts';
import type { BreakExplained } from '../store/break-facts.ts';
import type { Break } from '../store/breaks.ts';
import type { MatchedTogether } from '../store/matched-together.ts';
import { instantField } from './fields.ts';
import { serialsSchema } from './refund-resource.ts';

export const breakSchema = z
  .object({
    id: z.string(),
    kind: z.enum(BREAK_KINDS),
    status: z.enum(['open', 'closed']),
    account_id: z.string(),
    amount_minor: z.string().nullable().describe('What the line says'),
    expected_minor: z.string().nullable().describe('What our books say'),
    at_stake_minor: z.string().describe('How much money it leaves unexplained'),
    currency: z.string(),
    line: z.object({ statement_id: z.string(), line_no: z.int(), bill_date: z.string() }).nullable(),
    serials: serialsSchema.extend({ refund_no: z.string().nullable() }).meta({ id: 'BreakSerials' }),
    occurred_at: instantField.nullable(),
    opened_at: instantField,
    age_business_days: z.int().describe('Business days since it was opened, until it was closed'),
    assigned_to: z.string().nullable().describe('Who works on it'),
    parked_until: z.iso.date().nullable().describe('Nobody needs to look at it before this Beijing day'),
    closed_at: instantField.nullable(),
    closed_reason: z
      .string()
      .nullable()
      .describe(
        'What ended it: evidence; people (`resolved`, `written_off`, `force_matched`, `matched_together`); a rule (`resolved_by_rule`)',
      ),
  })
  .meta({
    id: 'Break',
    description:
      'A difference between the books and a statement; evidence closes it, or people with a reason',
  });

const sideSchema = z
  .object({
    refund_no: z.string().nullable(),
    channel_refund_no: z.string().nullable(),
    transaction_id: z.string().nullable(),
    payment_no: z.string().nullable(),
    amount_minor: z.string(),
    currency: z.string(),
    at: instantField.nullable(),
  })
  .meta({ id: 'BreakSide', description: 'What one side, a line or a refund of ours, says of itself' });

const agreement = z.enum(AGREEMENTS);

const keysSchema = z
  .object({
    refund_no: agreement,
    channel_refund_no: agreement,
    transaction_id: agreement,
    payment_no: agreement,
    amount: agreement,
    time: agreement,
  })
  .meta({
    id: 'BreakKeys',
    description:
      'Both sides key by key. `close`: but for one slip of the hand. `absent`: one side does not say',
  });

const suggestionSchema = z
  .object({
    act: z.enum(SUGGESTED_ACTS),
    why: z.string(),
    break_no: z.string().nullable().describe('Of a force-match: the break about the line'),
    refund_no: z.string().nullable().describe('Of a force-match: the refund that the line belongs to'),
    code: z.string().nullable().describe('The reason code to give'),
    until: z.iso.date().nullable().describe('Of waiting: until when'),
  })
  .meta({ id: 'BreakSuggestion', description: 'What the rules would do, and why. Nothing is done by it' });

const eventSchema = z
  .object({
    id: z.string(),
    at: instantField,
    kind: z.enum(BREAK_EVENTS),
    by: z.string().nullable().describe('The person; null where evidence or a rule did it'),
    reason_code: z.string().nullable(),
    note: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
    approval_id: z.string().nullable().describe('Where it took two people: their request'),
  })
  .meta({ id: 'BreakEvent' });

const togetherSchema = z.object({
  approval_id: z.string(),
  code: z.string(),
  lines: z.array(
    z.object({ break_no: z.string(), statement_id: z.string(), line_no: z.int(), amount_minor: z.string() }),
  ),
  refunds: z.array(z.object({ refund_no: z.string(), amount_minor: z.string() })),
  remainder_minor: z.string().describe('What the lines are more than the refunds'),
  remainder_code: z.string().nullable(),
});

export const breakShownSchema = breakSchema
  .extend({
    ours: sideSchema.nullable().describe('The refund that it names'),
    theirs: sideSchema.nullable().describe('The line that it is about'),
    keys: keysSchema.nullable().describe('Where both sides are there'),
    candidates: z
      .array(
        z.object({
          break_no: z.string(),
          refund_no: z.string(),
          taken: z.boolean().describe('Whether a line has this refund already'),
          keys: keysSchema,
          side: sideSchema,
        }),
      )
      .describe('What could be the side that is missing'),
    together: togetherSchema.nullable().describe('What two people matched its line with, one to many'),
    suggestion: suggestionSchema.nullable().describe('Null once it is closed'),
    history: z.array(eventSchema).describe('What was done to it, oldest first'),
  })
  .meta({ id: 'BreakShown' });

export interface AgeOf {
  readonly calendar: BusinessCalendar;
  readonly now: Date;
}

export function toBreakResource(one: Break, { calendar, now }: AgeOf): z.infer<typeof breakSchema> {
  const until = one.closedAt ?? now;
  return {
    id: one.id,
    kind: one.kind,
    status: one.status,
    account_id: one.accountId,
    amount_minor: one.amountMinor?.toString() ?? null,
    expected_minor: one.expectedMinor?.toString() ?? null,
    at_stake_minor: atStakeMinor(one).toString(),
    currency: one.currency,
    line:
      one.line === null
        ? null
        : { statement_id: one.line.fileId, line_no: one.line.lineNo, bill_date: one.line.billDate },
    serials: {
      refund_no: one.refundNo,
      channel_refund_no: one.channelRefundNo,
      transaction_id: one.transactionId,
    },
    occurred_at: one.occurredAt?.toISOString() ?? null,
    opened_at: one.openedAt.toISOString(),
    age_business_days: calendar.businessDaysBetween(beijingDateOf(one.openedAt), beijingDateOf(until)),
    assigned_to: one.assignedTo,
    parked_until: one.parkedUntil,
    closed_at: one.closedAt?.toISOString() ?? null,
    closed_reason: one.closedReason,
  };
}

export function toBreakShown(
  one: Break,
  told: { readonly explained: BreakExplained; readonly history: readonly BreakEvent[] },
  age: AgeOf,
): z.infer<typeof breakShownSchema> {
  const { ours, theirs, keys, candidates, suggestion } = told.explained;
  return {
    ...toBreakResource(one, age),
    ours: ours === null ? null : toSide(ours),
    theirs: theirs === null ? null : toSide(theirs),
    keys,
    candidates: candidates.map((each) => ({
      ...{ break_no: each.breakId, refund_no: each.refundNo, taken: each.taken },
      ...{ keys: each.keys, side: toSide(each.side) },
    })),
    together: told.explained.together === null ? null : toTogether(told.explained.together),
    suggestion: one.status === 'closed' ? null : toSuggestion(suggestion),
    history: told.history.map((event) => ({
      ...{ id: event.id, at: event.at.toISOString(), kind: event.kind, by: event.by },
      ...{ reason_code: event.reasonCode, note: event.note, detail: event.detail },
      approval_id: event.approvalId,
    })),
  };
}

function toTogether(match: MatchedTogether): z.infer<typeof togetherSchema> {
  return {
    ...{ approval_id: match.approvalId, code: match.code, remainder_code: match.remainderCode },
    remainder_minor: match.remainderMinor.toString(),
    lines: match.lines.map((line) => ({
      ...{ break_no: line.breakId, statement_id: line.fileId, line_no: line.lineNo },
      amount_minor: line.amountMinor.toString(),
    })),
    refunds: match.refunds.map(({ refundNo, amountMinor }) => ({
      ...{ refund_no: refundNo, amount_minor: amountMinor.toString() },
    })),
  };
}

function toSuggestion(one: Suggestion): z.infer<typeof suggestionSchema> {
  return {
    ...{ act: one.act, why: one.why },
    break_no: one.act === 'force_match' ? one.breakId : null,
    refund_no: one.act === 'force_match' ? one.refundNo : null,
    code: 'code' in one ? one.code : null,
    until: one.act === 'wait' ? one.until : null,
  };
}

function toSide(side: Side): z.infer<typeof sideSchema> {
  return {
    refund_no: side.refundNo,
    channel_refund_no: side.channelRefundNo,
    transaction_id: side.transactionId,
    payment_no: side.paymentNo,
    amount_minor: side.amountMinor.toString(),
    currency: side.currency,
    at: side.at?.toISOString() ?? null,
  };
}
