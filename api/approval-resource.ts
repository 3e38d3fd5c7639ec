/** A request for an act of two people, as the API shows it. */
import { z } from 'zod';
import type { Approval } from '../domain/approval.ts';
import {
  ACTS,
  APPROVAL_STATUSES,
  VERDICTS,
  approvalStatus,
  breakIdsOf,
  refundNosOf,
} from '../domain/approval.ts';
import { instantField } from './fields.ts';

export const approvalSchema = z
  .object({
    id: z.string(),
    act: z.enum(ACTS),
    refund_no: z
      .string()
      .nullable()
      .describe('The refund that it is about; null in a bulk act, and where it is about something else'),
    refund_nos: z.array(z.string()).describe('All refunds that it is about'),
    break_nos: z.array(z.string()).describe('All breaks that it is about'),
    day: z
      .object({ account_id: z.string(), bill_date: z.string() })
      .nullable()
      .describe('The account and the day whose books it is about'),
    content: z.record(z.string(), z.string()).describe('Exactly what is done when it is approved'),
    fingerprint: z.string().describe('SHA-256 over it; sent back with the decision'),
    status: z
      .enum(APPROVAL_STATUSES)
      .describe('`used`: approved and done. `expired`: nobody decided in time; it is asked for again'),
    asked_by: z.string(),
    asked_at: instantField,
    reason: z.string(),
    expires_at: instantField,
    decision: z
      .object({ verdict: z.enum(VERDICTS), by: z.string(), at: instantField, reason: z.string() })
      .nullable(),
    used_at: instantField.nullable(),
  })
  .meta({ id: 'Approval', description: 'A request of one named person that another decides' });

export type ApprovalResource = z.infer<typeof approvalSchema>;

export function toApprovalResource(approval: Approval, now: Date): ApprovalResource {
  const { decision, subject } = approval;
  const refundNos = refundNosOf(subject);
  const [only = null] = refundNos;
  return {
    id: approval.id,
    act: approval.act,
    refund_no: refundNos.length === 1 ? only : null,
    refund_nos: [...refundNos],
    break_nos: [...breakIdsOf(subject)],
    day: subject.of === 'day' ? { account_id: subject.accountId, bill_date: subject.billDate } : null,
    content: approval.content,
    fingerprint: approval.fingerprint,
    status: approvalStatus(approval, now),
    asked_by: approval.askedBy,
    asked_at: approval.askedAt.toISOString(),
    reason: approval.reason,
    expires_at: approval.expiresAt.toISOString(),
    decision:
      decision === null
        ? null
        : {
            verdict: decision.verdict,
            by: decision.by,
            at: decision.at.toISOString(),
            reason: decision.reason,
          },
    used_at: approval.usedAt?.toISOString() ?? null,
  };
}
