/** What an act of two people consists of. Each act is a file beside this one; `carry-out.ts` asks for them and does them. */
import { createHash } from 'node:crypto';
import type { Act, ApprovalContent } from '../../domain/approval.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { Tx } from '../pool.ts';

/** A refund with all the evidence that there is about it. */
export interface KnownRefund {
  readonly refund: Refund;
  readonly known: readonly Observation[];
}

/** An approved act on one refund, inside the transaction that uses the approval. */
export interface Carrying extends KnownRefund {
  readonly content: ApprovalContent;
  readonly approvalId: string;
  /** When it was approved, business time. */
  readonly now: Date;
}

export interface TwoPersonAct {
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
export function byApproval(on: Carrying): {
  readonly source: 'operator';
  readonly ref: string;
  readonly at: string;
} {
  return { source: 'operator', ref: `approval/${on.approvalId}`, at: on.now.toISOString() };
}
