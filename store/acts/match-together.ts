/**
 * Two people match lines and refunds one to many. The database does it in one step, from the approval itself: it checks the sums
 * again, and that nothing is matched twice (migration 0047). Matching keeps to it.
 */
import type { Currency } from '../../domain/money.ts';
import { BULK_REFUNDS_MAX, breakIdsOf } from '../../domain/approval.ts';
import { AppError } from '../../domain/errors.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { RemainderCode } from '../../domain/statement/matched-together.ts';
import { REMAINDER_CODES, remainderMinor, togetherRefused } from '../../domain/statement/matched-together.ts';
import { currentBreakRules } from '../break-rules.ts';
import type { Break } from '../breaks.ts';
import { answerMissing, isAboutLooseLine, readBreaks } from '../breaks.ts';
import { matchedLineOf } from '../matched-lines.ts';
import { observationsOf, observeInside } from '../observations.ts';
import type { Db, Tx } from '../pool.ts';
import { getRefund } from '../refunds.ts';
import type { ActOfTwo, ActOn, ApprovedBy } from './act.ts';
import { evidenceSeen } from './act.ts';
import { breaksSeen, lockBreaksInOrder } from './break-acts.ts';

export const matchTogether: ActOfTwo = {
  look: async (db, on, { lock }) => {
    const ids = breakIdsOf(on.subject);
    if (ids.length < 1 || ids.length > BULK_REFUNDS_MAX)
      throw new AppError('request_invalid', { break_nos: ids.length });
    const breaks = await (lock ? lockBreaksInOrder : readBreaks)(db, on.merchantId, ids);
    const refunds = await refundsOf(db, on);
    const seen: string[] = [];
    for (const refund of refunds)
      seen.push(`${refund.id} ${evidenceSeen({ refund, known: await observationsOf(db, refund.id) })}`);
    const why = await refusal(db, { breaks, refunds }, on);
    const evidence = seen.join(' ');
    const over = remainderMinor(sumsOf({ breaks, refunds }));
    return {
      says: over === 0n ? {} : { remainder_minor: over.toString() },
      evidence: breaksSeen(breaks.map((one) => [one, { evidence, refused: null }])),
      assertApplies: () => {
        if (why === null) return;
        throw new AppError('approval_not_applicable', {
          ...{ act: 'match_together', break_nos: ids.join(' '), why },
        });
      },
      carryOut: (tx, by) => carryOut(tx, refunds, by),
    };
  },
};

async function refundsOf(db: Db, { merchantId, content }: ActOn): Promise<readonly Refund[]> {
  const numbers = (content['refund_nos'] ?? '').split(' ').filter((number) => number !== '');
  const refunds: Refund[] = [];
  for (const refundNo of numbers) {
    const refund = await getRefund(db, merchantId, refundNo);
    if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
    refunds.push(refund);
  }
  return refunds;
}

interface Sides {
  readonly breaks: readonly Break[];
  readonly refunds: readonly Refund[];
}

function sumsOf({ breaks, refunds }: Sides): { readonly lines: bigint[]; readonly refunds: bigint[] } {
  return {
    lines: breaks.map(({ amountMinor }) => amountMinor ?? 0n),
    refunds: refunds.map(({ amountMinor }) => amountMinor),
  };
}

/** In words, why these lines are not those refunds; null when they can be. */
async function refusal(db: Db, sides: Sides, { content }: ActOn): Promise<string | null> {
  const { breaks, refunds } = sides;
  const [{ accountId, currency }] = breaks as readonly [Break, ...Break[]];
  for (const one of breaks) {
    const why = lineRefused(one, { accountId, currency });
    if (why !== null) return `break ${one.id}: ${why}`;
  }
  const other = refunds.find((one) => one.accountId !== accountId || one.currency !== currency);
  if (other !== undefined) return `refund ${other.refundNo} is of another account`;
  const code = REMAINDER_CODES.find((each): each is RemainderCode => each === content['remainder_code']);
  const rules = await currentBreakRules(db);
  return (
    togetherRefused(sumsOf(sides), code, rules) ??
    (await booksRefuse(db, sides, { accountId, datedBeforeMaxHours: rules.datedBeforeMaxHours }))
  );
}

function lineRefused(
  one: Break,
  of: { readonly accountId: string; readonly currency: Currency },
): string | null {
  if (one.status !== 'open') return 'it is closed';
  if (!isAboutLooseLine(one)) return 'it is not about a line that has no refund';
  return one.accountId === of.accountId && one.currency === of.currency ? null : 'it is of another account';
}

/** What the books say against it: a line that is gone, a refund that has a line, a refund that a line contradicts. */
async function booksRefuse(
  db: Db,
  { breaks, refunds }: Sides,
  o: { readonly accountId: string; readonly datedBeforeMaxHours: number },
): Promise<string | null> {
  const { rows } = await db.query<{ gone: bigint | null; taken: string | null; contradicted: string | null }>(
    `select (select min(b.id) from yuanlu.breaks b join yuanlu.statement_files f on f.id = b.file_id
              where b.id = any ($1::bigint[]) and f.status <> 'loaded') as gone,
            (select min(r.refund_no) from yuanlu.refund_book r join yuanlu.live_matches m on m.account_id = $3 and m.refund_id = r.id
              where r.id = any ($2::bigint[])) as taken,
            (select min(r.refund_no)
               from yuanlu.refund_book r, yuanlu.breaks b
               join yuanlu.statement_files f on f.id = b.file_id
               join yuanlu.statement_lines l on l.account_id = b.account_id and l.bill_date = b.bill_date
                and l.file_id = b.file_id and l.line_no = b.line_no
              where r.id = any ($2::bigint[]) and b.id = any ($1::bigint[])
                and yuanlu.line_conflicts(r.state, r.state_reason, f.proves = 'acceptance', b.occurred_at, r.requested_at,
                                          make_interval(hours => $4), l.status)) as contradicted`,
    [breaks.map(({ id }) => id), refunds.map(({ id }) => id), o.accountId, o.datedBeforeMaxHours],
  );
  const { gone = null, taken = null, contradicted = null } = rows[0] ?? {};
  if (gone !== null) return `break ${String(gone)}: a newer delivery has taken the place of its statement`;
  if (taken !== null) return `a line of a statement has refund ${taken} already`;
  return contradicted === null ? null : `a line contradicts what the books know of refund ${contradicted}`;
}

async function carryOut(tx: Tx, refunds: readonly Refund[], by: ApprovedBy): Promise<void> {
  const { approvalId, decidedBy, now } = by;
  await tx.query('select yuanlu.match_together($1, $2, $3)', [approvalId, decidedBy, now]);
  for (const { id } of refunds) {
    const line = (await isNews(tx, id)) ? await matchedLineOf(tx, id, now) : null;
    if (line !== null) await observeInside(tx, id, [line]);
    await answerMissing(tx, { refundId: id }, now);
  }
}

/** Whether the line says more than the books know: then it is recorded, as matching has it recorded. */
async function isNews(tx: Tx, refundId: string): Promise<boolean> {
  const { rows } = await tx.query<{ news: boolean }>(
    `select line_is_news(r.state, r.state_reason, f.proves = 'acceptance') as news
       from refunds r join live_matches m on m.account_id = r.account_id and m.refund_id = r.id
       join statement_files f on f.id = m.file_id where r.id = $1`,
    [refundId],
  );
  return rows[0]?.news === true;
}
