/** The rules that a story is played by. A test may put a broken one in the place of a real one, to see it found out. */
import type { Observation } from '../../domain/refund/observation.ts';
import type { RefundStatus } from '../../domain/refund/state.ts';
import { advance, reservesAmount, statusOf } from '../../domain/refund/state.ts';
import type { SubmissionStep } from '../../domain/refund/submission.ts';
import { stepAfterAsking, submissionStep, waitAfterHold } from '../../domain/refund/submission.ts';

export interface Rules {
  readonly statusOf: (amountMinor: bigint, known: readonly Observation[]) => RefundStatus;
  readonly advance: typeof advance;
  readonly reservesAmount: typeof reservesAmount;
  readonly submissionStep: (status: RefundStatus, known: readonly Observation[]) => SubmissionStep;
  readonly stepAfterAsking: typeof stepAfterAsking;
  readonly waitAfterHold: typeof waitAfterHold;
  /** The number under which an attempt is sent. */
  readonly numberOf: (refundNo: string, attempt: number) => string;
  /** Whether the attempt is committed before the order leaves. */
  readonly commitsFirst: boolean;
}

export const REAL_RULES: Rules = {
  statusOf,
  advance,
  reservesAmount,
  submissionStep,
  stepAfterAsking,
  waitAfterHold,
  numberOf: (refundNo) => refundNo,
  commitsFirst: true,
};
