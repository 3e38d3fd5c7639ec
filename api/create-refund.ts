/**
 * Takes a refund request in: recorded in the database first, which is the authority on whether it is new, the same
 * again or a conflict; then its workflow is started. What is recorded goes on even when the start is lost.
 */
import type { ChannelLimits } from '../channels/channel.ts';
import { AppError } from '../domain/errors.ts';
import type { Refund, RefundRequest } from '../domain/refund/refund.ts';
import { isFinal } from '../domain/refund/state.ts';
import { refundNoOfKey } from '../store/idempotency-keys.ts';
import { recordRefund } from '../store/record-refund.ts';
import type { ApiDeps } from './deps.ts';
import { makeRefundNo } from './refund-number.ts';

/** Numbers tried before a made one that is free must be given up on; a clash is one in 10^12 a day. */
const NUMBERS_TRIED_MAX = 3;

/** A request whose number may still have to be made. */
export type RefundAsked = Omit<RefundRequest, 'refundNo'> & { readonly refundNo: string | null };

export interface RefundTaken {
  readonly refund: Refund;
  readonly created: boolean;
}

/**
 * Records the refund and starts its workflow.
 * @throws AppError of the catalogue; `temporal_unavailable` only after the refund was recorded.
 */
export async function createRefund(
  deps: ApiDeps,
  asked: RefundAsked,
  idempotencyKey: string,
): Promise<RefundTaken> {
  const { releaseLimits } = deps;
  const record = (refundNo: string): Promise<RefundTaken> =>
    recordRefund(
      deps.pool,
      { ...asked, refundNo },
      { now: deps.clock.now(), idempotencyKey, releaseLimits, limitsOf: (id) => limitsOf(deps, id) },
    );

  const taken =
    asked.refundNo === null
      ? await recordUnnumbered(deps, asked, idempotencyKey, record)
      : await record(asked.refundNo);
  if (!isFinal(taken.refund.state)) await start(deps, taken.refund);
  return taken;
}

/** @throws AppError `account_unknown` */
function limitsOf(deps: ApiDeps, accountId: string): ChannelLimits {
  const channel = deps.channels.get(accountId);
  if (channel === undefined) throw new AppError('account_unknown', { account_id: accountId });
  return channel.limits;
}

/**
 * Records a refund whose caller gave no number. The key stands for the number: a repeat finds the one made first, also
 * when both arrive at the same instant.
 */
async function recordUnnumbered(
  deps: ApiDeps,
  asked: RefundAsked,
  idempotencyKey: string,
  record: (refundNo: string) => Promise<RefundTaken>,
): Promise<RefundTaken> {
  for (let tried = 1; ; tried += 1) {
    const first = await refundNoOfKey(deps.pool, asked.merchantId, idempotencyKey);
    if (first !== null) return record(first);
    try {
      return await record(makeRefundNo(deps.clock.now(), deps.randomBytes));
    } catch (error) {
      const clash =
        error instanceof AppError &&
        (error.code === 'idempotency_conflict' || error.code === 'refund_conflict');
      if (!clash || tried === NUMBERS_TRIED_MAX) throw error;
    }
  }
}

async function start(deps: ApiDeps, refund: Refund): Promise<void> {
  try {
    const { merchantId, refundNo, channel, state, id } = refund;
    const committed = state === 'requested' ? { committedId: id } : {};
    await deps.refundEngine.start({ merchantId, refundNo, channel, ...committed });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'temporal_unavailable') throw error;
    throw new AppError(
      'temporal_unavailable',
      {
        sentence: `Refund ${refund.refundNo} is recorded and goes on by itself; repeating with the same key is safe.`,
      },
      { cause: error },
    );
  }
}
