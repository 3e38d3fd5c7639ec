/** A day of an account, and a closing of it, as the API shows them. */
import { z } from 'zod';
import type { Checklist, OpenBreak } from '../domain/close/checklist.ts';
import { ACCEPTED_MAX, CHECKS } from '../domain/close/checklist.ts';
import type { Closing, DayChangeSeen } from '../store/close/closed-days.ts';
import { DAY_CHANGES, hasChanged } from '../store/close/closed-days.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { instantField } from './fields.ts';

const checkSchema = z
  .object({
    check: z.enum(CHECKS),
    ok: z.boolean(),
    says: z
      .array(z.string())
      .describe('What stands in the way, a sentence each; what was looked at where nothing does'),
  })
  .meta({ id: 'DayCheck' });

export const closingSchema = z
  .object({
    account_id: z.string(),
    bill_date: z.iso.date(),
    closing: z.int().describe('1, 2, … for the closings of one day'),
    closed_at: instantField,
    approval_id: z.string().describe('Who asked, who approved, and why: GET /v1/approvals/{id}'),
    root: z.string().describe('Merkle root over the lines, matches and breaks of the day, hex'),
    leaves: z.int(),
    reopened: z.object({ at: instantField, by: z.string(), reason: z.string() }).nullable(),
    changed: z
      .boolean()
      .describe(
        'The day is closed, and something about it is not as it was closed: it is looked at, and perhaps reopened',
      ),
    changed_since: z
      .partialRecord(z.enum(DAY_CHANGES), z.int())
      .describe('How often what has changed since it was closed'),
  })
  .meta({ id: 'DayClosing', description: 'A day that two people closed' });

export const daySchema = z
  .object({
    account_id: z.string(),
    bill_date: z.iso.date(),
    status: z.enum(['open', 'closed', 'reopened']),
    closable: z.boolean().describe('Whether it can be closed as it stands, with nothing accepted'),
    checks: z.array(checkSchema),
    open_breaks: z
      .array(
        z.object({
          id: z.string(),
          kind: z.enum(BREAK_KINDS),
          refund_no: z.string().nullable(),
          line: z
            .string()
            .nullable()
            .describe('Statement and line; null for a refund that no statement shows'),
        }),
      )
      .describe(`What can be accepted by its id, the first ${String(ACCEPTED_MAX)}`),
    closing: closingSchema.nullable().describe('The newest one'),
  })
  .meta({ id: 'Day', description: 'What stands in the way of closing a day of an account' });

export const changeSchema = z
  .object({
    change: z.enum(DAY_CHANGES),
    recorded_at: instantField.describe('By the clock of the database'),
    statement_id: z.string().nullable(),
    line_no: z.int().nullable(),
    break_id: z.string().nullable(),
    refund_no: z.string().nullable(),
  })
  .meta({ id: 'DayChange' });

export function toClosingResource(closing: Closing): z.infer<typeof closingSchema> {
  const { reopened } = closing;
  return {
    account_id: closing.accountId,
    bill_date: closing.billDate,
    closing: closing.closing,
    closed_at: closing.closedAt.toISOString(),
    approval_id: closing.approvalId,
    root: closing.root,
    leaves: closing.treeSize,
    reopened: reopened === null ? null : { ...reopened, at: reopened.at.toISOString() },
    changed: reopened === null && hasChanged(closing),
    changed_since: closing.changedSince,
  };
}

export function toDayResource(
  day: { readonly accountId: string; readonly billDate: string },
  { closable, checks }: Checklist,
  openBreaks: readonly OpenBreak[],
  closing: Closing | null,
): z.infer<typeof daySchema> {
  const closed = closing !== null && closing.reopened === null;
  return {
    account_id: day.accountId,
    bill_date: day.billDate,
    status: closed ? 'closed' : closing === null ? 'open' : 'reopened',
    closable: closable && !closed,
    checks: checks.map(({ check, ok, says }) => ({ check, ok, says: [...says] })),
    open_breaks: openBreaks.map(({ id, kind, refundNo, line }) => ({ id, kind, refund_no: refundNo, line })),
    closing: closing === null ? null : toClosingResource(closing),
  };
}

export function toChangeResource(change: DayChangeSeen): z.infer<typeof changeSchema> {
  return {
    change: change.change,
    recorded_at: change.recordedAt.toISOString(),
    statement_id: change.statementId,
    line_no: change.lineNo,
    break_id: change.breakId,
    refund_no: change.refundNo,
  };
}
