/** Short ways to import a plain statement, match it, and see what came of each line. */
import { contentKindOf } from '../../domain/statement/statement.ts';
import type { Payment, Refund } from '../../domain/refund/refund.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { matchStatement } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import type { MatchResult } from '../../store/match.ts';
import type { ImportOptions, ImportResult } from '../../store/statements.ts';
import { importStatement } from '../../store/statements.ts';
import { ACCOUNT, fresh, minute, pay, refundOf, said, sent } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import type { PlainLine } from './plain-statement.ts';
import { MERCHANT_NO, chunksOf, plainReader, plainStatement } from './plain-statement.ts';

/** The day of the story's refunds, and the days beside it. */
export const DAY = '2026-11-24';
export const DAY_BEFORE = '2026-11-23';
export const DAY_AFTER = '2026-11-25';

export interface Bill {
  readonly billDate?: string;
  readonly lines?: readonly PlainLine[];
  /** In place of `lines`. */
  readonly text?: string | Buffer;
  readonly kind?: StatementKind;
}

/** What an import of a plain statement is given, unless a test says otherwise. */
export function importOptions(bill: Bill = {}, o: Partial<ImportOptions> = {}): ImportOptions {
  const kind = bill.kind ?? 'trade';
  return {
    accountId: ACCOUNT,
    kind,
    billDate: bill.billDate ?? DAY,
    source: chunksOf(bill.text ?? plainStatement(bill.lines ?? [])),
    reader: plainReader(contentKindOf(kind)),
    uri: null,
    expectHash: null,
    expectMerchantNo: MERCHANT_NO,
    now: minute(60),
    ...o,
  };
}

export function importPlain(
  db: Pick<TestDatabase, 'ingest'>,
  bill: Bill,
  o: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  return importStatement(db.ingest, importOptions(bill, o));
}

export interface MatchedBill extends ImportResult {
  readonly result: MatchResult;
}

/** Imports a statement and matches it. */
export async function bring(
  db: Pick<TestDatabase, 'ingest'>,
  bill: Bill,
  { numberWithin, ...o }: Partial<ImportOptions> & { readonly numberWithin?: 'payment' } = {},
): Promise<MatchedBill> {
  const imported = await importPlain(db, bill, o);
  const now = o.now ?? minute(60);
  const result = await matchStatement(db.ingest, imported.fileId, { now, numberWithin });
  return { ...imported, result };
}

/** Numbers of the refunds for which the match of a file found news, in the order of the books. */
export async function newsOf(db: Pick<TestDatabase, 'owner'>, fileId: string): Promise<string[]> {
  const { rows } = await db.owner.query<{ refund_no: string }>(
    `select r.refund_no from match_news n join refunds r on r.id = n.refund_id where n.file_id = $1 order by r.id`,
    [fileId],
  );
  return rows.map((row) => row.refund_no);
}

/** What the database says of one line: `refund no@pass` where it is matched, and its open breaks. */
export interface LineFate {
  readonly line: number;
  readonly match: string | null;
  readonly breaks: readonly string[];
}

/** The fate of each refund line of a file, in the order of the file. */
export async function fatesOf(db: Pick<TestDatabase, 'owner'>, fileId: string): Promise<LineFate[]> {
  const { rows } = await db.owner.query<LineFate>(
    `select l.line_no as line, r.refund_no || '@' || m.pass as match,
            coalesce((select array_agg(b.kind order by b.kind) from breaks b
                       where b.file_id = l.file_id and b.line_no = l.line_no and b.status = 'open'), '{}') as breaks
       from statement_lines l
       left join matches m on m.file_id = l.file_id and m.line_no = l.line_no
       left join refunds r on r.id = m.refund_id
      where l.file_id = $1 and l.line_type = 'refund' order by l.line_no`,
    [fileId],
  );
  return rows;
}

/** The fates in short: `R1@1`, `missing_in_books`, or both with a `+` between. */
export async function shortFates(db: Pick<TestDatabase, 'owner'>, fileId: string): Promise<string[]> {
  const fates = await fatesOf(db, fileId);
  return fates.map(({ match, breaks }) => [...(match === null ? [] : [match]), ...breaks].join('+'));
}

/** Everything that importing and matching may leave behind, counted. */
export async function leftBehind(db: Pick<TestDatabase, 'owner'>): Promise<Record<string, number>> {
  const { rows } = await db.owner.query<Record<string, bigint>>(
    `select (select count(*) from statement_files) as files,
            (select count(*) from statement_lines) as lines,
            (select count(*) from quarantined_lines) as quarantined,
            (select count(*) from matches) as matches,
            (select count(*) from breaks) as breaks,
            (select count(*) from pg_class where relnamespace = 'yuanlu'::regnamespace) as relations`,
  );
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]));
}

/** `count` refund lines of the day, each with numbers of its own. */
export function manyLines(count: number, day = DAY, prefix = 'N'): PlainLine[] {
  return Array.from({ length: count }, (_, n) => ({
    at: `${day} 12:00:00`,
    transactionId: `T${prefix}${String(n)}`,
    channelRefundNo: `50${prefix}${String(n)}`,
    refundNo: `${prefix}${String(n)}`,
    amount: n + 1,
  }));
}

/** A refund that the channel took, of a payment with a transaction of its own unless one is given. */
export async function taken(
  db: Pick<TestDatabase, 'pool'>,
  amountMinor: bigint,
  o: { transactionId?: string; channelRefundNo?: string; payment?: Payment; minutes?: number } = {},
): Promise<Refund> {
  const payment =
    o.payment ?? (await pay(db.pool, amountMinor * 10n, { transactionId: o.transactionId ?? fresh('T') }));
  const refund = await refundOf(db.pool, amountMinor, payment);
  const minutes = o.minutes ?? 2;
  return observe(db.pool, refund.id, [
    sent(1, minutes),
    said('processing', minutes, {
      channelRefundNo: o.channelRefundNo ?? fresh('5030'),
      acceptedAt: minute(minutes).toISOString(),
    }),
  ]);
}

/** The line that a right statement has for a refund, at noon of the day. */
export function lineOf(refund: Refund, o: Partial<PlainLine> = {}): PlainLine {
  return {
    at: `${DAY} 12:00:00`,
    transactionId: refund.payment.transactionId ?? '',
    channelRefundNo: refund.channelRefundNo ?? '',
    refundNo: refund.refundNo,
    amount: Number(refund.amountMinor),
    ...o,
  };
}
