/** How this installation closes a day: what its channels make of one, the tree, and the signature under the record. */
import { buildDayTree } from '../closing/day-tree.ts';
import { RECORD_VERSION, recordHash, signRecord } from '../closing/record.ts';
import type { CountAndSum, DayFacts } from '../domain/close/checklist.ts';
import { AppError } from '../domain/errors.ts';
import type { DaySealing, DayToSign } from '../store/acts/close-day.ts';
import type { ApiDeps } from './deps.ts';
import type { ReceiptDesk } from './receipt-desk.ts';

type SealingDeps = Pick<ApiDeps, 'channels' | 'clock'> & {
  readonly receipts?: Pick<ReceiptDesk, 'keys'>;
};

/** Null without keys to sign with. */
export function daySealing(deps: SealingDeps): DaySealing | null {
  const keys = deps.receipts?.keys;
  if (keys === undefined) return null;
  return {
    now: () => deps.clock.now(),
    expected: (accountId) => expectedOf(deps, accountId),
    tree: (leaves) => buildDayTree(leaves),
    sign: (day) => signRecord(recordOf(day), keys.signing),
  };
}

/** @throws AppError `account_unknown` where this process does not serve the account */
export function expectedOf({ channels }: SealingDeps, accountId: string): DayFacts['expected'] {
  const channel = channels.get(accountId);
  if (channel === undefined) throw new AppError('account_unknown', { account_id: accountId });
  const { statementKinds: kinds, statementReadyAfterMs: readyAfterMs } = channel.limits;
  return { kinds, readyAfterMs };
}

function recordOf(day: DayToSign): Parameters<typeof signRecord>[0] {
  const { facts, tree, accepted } = day;
  const person = ({ by, at, reason }: DayToSign['asked']) => ({ by, at: at.toISOString(), reason });
  return {
    ...{ version: RECORD_VERSION, merchant_id: day.merchantId, account_id: facts.accountId },
    ...{ channel: day.channel, bill_date: facts.billDate, closing: day.closing },
    ...{ closed_at: day.closedAt.toISOString(), approval_id: day.approvalId },
    ...{ asked: person(day.asked), approved: person(day.approved) },
    statements: facts.statements.map((one) => ({
      ...{ id: one.id, kind: one.kind, part: one.part, revision: one.revision, status: one.status },
      ...{ sha256: one.sha256, lines: one.lines, set_aside: one.setAside, refunds: sumOf(one.refunds) },
      ...{ refunds_matched: sumOf(one.refundsMatched), refunds_left_over: sumOf(one.refundsLeftOver) },
    })),
    accepted: [
      ...[...accepted.breaks].map(([id, reason]) => ({ about: 'break' as const, id, reason })),
      ...[...accepted.setAside].map(([id, reason]) => ({ about: 'rows_set_aside_of' as const, id, reason })),
    ],
    tree: {
      ...{ hash: 'RFC 6962 SHA-256', size: tree.size, root: tree.root },
      ...{ lines: tree.counts.line, matches: tree.counts.match, breaks: tree.counts.break },
    },
    previous: day.previous === null ? null : recordHash(day.previous),
  };
}

function sumOf({ lines, minor }: CountAndSum): { lines: number; minor: string } {
  return { lines, minor: minor.toString() };
}
