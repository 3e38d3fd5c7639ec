/**
 * Four eyes: an act that one named person asks for and another decides. A request says exactly what is to be done, under a
 * fingerprint; it expires, is decided once and used once. The database holds the same rules (migration 0023).
 */
import type { ErrorCode } from './errors.ts';
import type { PlainDate } from './time/plain-date.ts';

/**
 * Every act that needs two people: to decide what became of a refund that its channel leaves open, to let one go that is
 * over a limit, to send an abnormal one elsewhere, to record that one came back, to pay the payer another way, to lift an
 * overdue flag; to give a statement line to a refund, to match one to many, to write a difference off, to take back how people ended one; to close
 * the books of a day, to reopen them.
 */
export const ACTS = [
  'resolve_refund',
  'release_refund',
  'redirect_refund',
  'record_return',
  'fallback_route',
  'lift_overdue',
  'force_match',
  'match_together',
  'write_off_break',
  'reopen_break',
  'close_day',
  'reopen_day',
] as const;
export type Act = (typeof ACTS)[number];

/** Refunds, or breaks, that one request may be about, all of them or none. */
export const BULK_REFUNDS_MAX = 200;

/** What a request is about: refunds, or breaks by their numbers, or the books of an account on one day. */
export type ApprovalSubject =
  | { readonly of: 'refunds'; readonly refundNos: readonly string[] }
  | { readonly of: 'breaks'; readonly breakIds: readonly string[] }
  | { readonly of: 'day'; readonly accountId: string; readonly billDate: PlainDate };

/** The refunds that a request is about; none where it is about something else. */
export function refundNosOf(subject: ApprovalSubject): readonly string[] {
  return subject.of === 'refunds' ? subject.refundNos : [];
}

/** The breaks that a request is about; none where it is about something else. */
export function breakIdsOf(subject: ApprovalSubject): readonly string[] {
  return subject.of === 'breaks' ? subject.breakIds : [];
}

/** How long a request may wait, business ms: what was true a day ago is asked for again. */
export const APPROVAL_LIFETIME_MS = 24 * 3_600_000;

/** What is to be done, to the letter: flat names and texts, so that there is one way only to fingerprint it. */
export type ApprovalContent = Readonly<Record<string, string>>;

export interface Approval {
  readonly id: string;
  readonly merchantId: string;
  readonly act: Act;
  readonly subject: ApprovalSubject;
  readonly content: ApprovalContent;
  /** SHA-256 of act, merchant, subject and content, hex. */
  readonly fingerprint: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  /** Why it is asked for, in words of the person who asks. */
  readonly reason: string;
  readonly expiresAt: Date;
  readonly decision: Decision | null;
  readonly usedAt: Date | null;
}

export interface Decision {
  readonly verdict: Verdict;
  readonly by: string;
  readonly at: Date;
  readonly reason: string;
}

export const VERDICTS = ['approved', 'rejected'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** `used`: what was approved has been done. */
export const APPROVAL_STATUSES = ['open', 'approved', 'used', 'rejected', 'expired'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** How it stands at `now`. What was used or rejected stays so; everything else expires. */
export function approvalStatus(
  approval: Pick<Approval, 'decision' | 'expiresAt' | 'usedAt'>,
  now: Date,
): ApprovalStatus {
  if (approval.usedAt !== null) return 'used';
  if (approval.decision?.verdict === 'rejected') return 'rejected';
  if (now >= approval.expiresAt) return 'expired';
  return approval.decision === null ? 'open' : 'approved';
}

/** Why `by`, who saw what has this fingerprint, may not decide it at `now`; null when they may. */
export function decisionRefused(
  approval: Approval,
  o: { readonly by: string; readonly fingerprint: string; readonly now: Date },
): ErrorCode | null {
  const status = approvalStatus(approval, o.now);
  if (status === 'expired') return 'approval_expired';
  if (status !== 'open') return 'approval_decided';
  if (isSamePerson(approval.askedBy, o.by)) return 'approval_own';
  return approval.fingerprint === o.fingerprint ? null : 'approval_differs';
}

/** Names differ in more than their case. */
function isSamePerson(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
