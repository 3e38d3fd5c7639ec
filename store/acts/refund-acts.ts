/** Acts on refunds: one, or several of which all are done or none. */
import { createHash } from 'node:crypto';
import type { ApprovalContent } from '../../domain/approval.ts';
import { BULK_REFUNDS_MAX, refundNosOf } from '../../domain/approval.ts';
import { AppError } from '../../domain/errors.ts';
import { observationsOf } from '../observations.ts';
import type { Db } from '../pool.ts';
import { getRefund } from '../refunds.ts';
import type { ActOfTwo, KnownRefund, RefundAct } from './act.ts';

export function onRefunds(act: RefundAct): ActOfTwo {
  return {
    look: async (db, { merchantId, subject, content }, { lock }) => {
      const names = { merchantId, refundNos: refundNosOf(subject) };
      assertCount(act, names.refundNos.length);
      if (lock) await lockRefunds(db, names);
      const refunds = await known(db, names);
      return {
        evidence: seenOf(act, refunds),
        assertApplies: () => {
          assertApplies(act, refunds, content);
        },
        carryOut: async (tx, by) => {
          for (const one of refunds) await act.carryOut(tx, { ...one, ...by });
        },
      };
    },
  };
}

function assertCount(act: RefundAct, count: number): void {
  if (count < 1 || count > (act.bulk ? BULK_REFUNDS_MAX : 1))
    throw new AppError('request_invalid', { refund_nos: count });
}

function assertApplies(act: RefundAct, refunds: readonly KnownRefund[], content: ApprovalContent): void {
  const not = refunds.find((one) => !act.applies(one, content));
  if (not === undefined) return;
  const { refundNo, state, stateReason } = not.refund;
  throw new AppError('approval_not_applicable', {
    ...{ refund_no: refundNo, act: act.act, state },
    ...(stateReason === null ? {} : { reason: stateReason }),
    ...(content['as'] === undefined ? {} : { as: content['as'] }),
  });
}

interface RefundNames {
  readonly merchantId: string;
  readonly refundNos: readonly string[];
}

/** In the order of their ids, as everybody locks them, so that nobody waits for each other. */
async function lockRefunds(db: Db, { merchantId, refundNos }: RefundNames): Promise<void> {
  await db.query(
    `select 1 from refunds where merchant_id = $1 and refund_no = any ($2::text[]) order by id for no key update`,
    [merchantId, refundNos],
  );
}

async function known(db: Db, { merchantId, refundNos }: RefundNames): Promise<KnownRefund[]> {
  const found: KnownRefund[] = [];
  for (const refundNo of refundNos) {
    const refund = await getRefund(db, merchantId, refundNo);
    if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
    found.push({ refund, known: await observationsOf(db, refund.id) });
  }
  return found;
}

function seenOf(act: RefundAct, refunds: readonly KnownRefund[]): string {
  const each = refunds.map((one) => [one.refund.refundNo, act.seen(one)] as const);
  const [first] = each;
  if (first !== undefined && each.length === 1) return first[1];
  return createHash('sha256').update(JSON.stringify(each)).digest('hex');
}
