/** What an act of two people consists of. Each act is a file beside this one; `carry-out.ts` asks for them and does them. */
import { createHash } from 'node:crypto';
import type { Act, Approval, ApprovalContent, ApprovalSubject } from '../../domain/approval.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { Db, Tx } from '../pool.ts';

/** What is to be done, and to what. */
export interface ActOn {
  readonly merchantId: string;
  readonly subject: ApprovalSubject;
  /** What the act itself was told; in an approval, the evidence that there was as well. */
  readonly content: ApprovalContent;
}

/** The approval that an act is carried out by. */
export interface ApprovedBy {
  /** As it is with the decision. */
  readonly approval: Approval;
  readonly approvalId: string;
  readonly content: ApprovalContent;
  readonly askedBy: string;
  readonly decidedBy: string;
  /** When it was approved, business time. */
  readonly now: Date;
}

/** An act and its subject as they stand at one moment. */
export interface ActAtHand {
  /** A hash, or a few words, of what whoever approves has before them: when it differs by then, it is asked for again. */
  readonly evidence: string;
  /** What the request says besides what was told, because it follows from its subject. */
  readonly says?: ApprovalContent;
  /** @throws AppError `approval_not_applicable` naming what it cannot be done to */
  assertApplies(): void;
  /** Does it, to the whole subject or not at all. */
  carryOut(tx: Tx, by: ApprovedBy): Promise<void>;
}

/** An act of two people. Each kind of subject has its own way of looking at it. */
export interface ActOfTwo {
  /**
   * Looks at the subject, with `lock` so that it stays like that until the transaction ends.
   * @throws AppError `request_invalid` for too many, or for what this act is not about, and when it is unknown
   */
  look(db: Db, on: ActOn, o: { readonly lock: boolean }): Promise<ActAtHand>;
}

/** A refund with all the evidence that there is about it. */
export interface KnownRefund {
  readonly refund: Refund;
  readonly known: readonly Observation[];
}

/** An approved act on one refund, inside the transaction that uses the approval. */
export interface Carrying extends KnownRefund, ApprovedBy {}

/** An act on refunds, each by itself: `refund-acts.ts` does it on all that a request names. */
export interface RefundAct {
  readonly act: Act;
  /** Whether one request may be about several refunds. */
  readonly bulk: boolean;
  /** Whether it can be done now, as far as the evidence goes. */
  applies(to: KnownRefund, content: ApprovalContent): boolean;
  /** What whoever approves has seen: when it differs by then, it must be asked for again. */
  seen(of: KnownRefund): string;
  carryOut(tx: Tx, on: Carrying): Promise<void>;
}

/** A hash of all the evidence there is. */
export function evidenceSeen({ known }: KnownRefund): string {
  const keys = known.map(observationKey).toSorted();
  return createHash('sha256').update(JSON.stringify(keys)).digest('hex');
}

/** The identity of evidence that an approval makes. */
export function byApproval(on: ApprovedBy): {
  readonly source: 'operator';
  readonly ref: string;
  readonly at: string;
} {
  return { source: 'operator', ref: `approval/${on.approvalId}`, at: on.now.toISOString() };
}
