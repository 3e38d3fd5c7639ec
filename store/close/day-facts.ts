/** What is the case about a day of an account, read from the books: the facts that its checklist is worked out from. */
import type { CountAndSum, DayFacts, DayStatement, OpenBreak } from '../../domain/close/checklist.ts';
import { ACCEPTED_MAX } from '../../domain/close/checklist.ts';
import type { BreakKind } from '../../domain/statement/break.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { addDays } from '../../domain/time/plain-date.ts';
import { assertAllSeen } from '../partitions.ts';
import type { Db } from '../pool.ts';
import { TOGETHER } from '../match-by-people.ts';
import type { StatementFile, StatementFileRow } from '../statements-files.ts';
import { STATEMENT_FILE_COLUMNS, toStatementFile } from '../statements-files.ts';

export interface AccountDay {
  readonly accountId: string;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
}

/** @param o what the channel makes of each day, and the present instant of the business */
export async function dayFacts(
  db: Db,
  day: AccountDay,
  o: Pick<DayFacts, 'expected' | 'now'>,
): Promise<DayFacts> {
  const files = await liveFiles(db, day);
  const statements: DayStatement[] = [];
  for (const file of files) statements.push(await statementFacts(db, file));
  return {
    ...day,
    ...o,
    statements,
    refused: await refusals(db, day),
    dayAfter: await dayAfter(db, day),
    ...(await openBreaks(db, day)),
  };
}

/** The statements of the day that count, in the order in which a closing names them. */
async function liveFiles(db: Db, { accountId, billDate }: AccountDay): Promise<StatementFile[]> {
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and status in ('loaded', 'empty') order by id`,
    [accountId, billDate],
  );
  return rows.map(toStatementFile);
}

async function statementFacts(db: Db, file: StatementFile): Promise<DayStatement> {
  const { id, kind, part, revision, sha256, lines, quarantined: setAside, totals } = file;
  const status = file.status === 'empty' ? 'empty' : 'loaded';
  const counts = status === 'loaded' && kind === 'trade' ? await refundCounts(db, file) : NO_REFUNDS;
  return {
    ...{ id, kind, part, revision, status, sha256, lines, setAside, totals },
    matched: file.matchedAt !== null,
    ...counts,
  };
}

const NOTHING: CountAndSum = { lines: 0, minor: 0n };
const NO_REFUNDS = { refunds: NOTHING, refundsMatched: NOTHING, refundsLeftOver: NOTHING };

/** What became of each refund line, in one pass over the statement's own tables. */
async function refundCounts(
  db: Db,
  file: StatementFile,
): Promise<Pick<DayStatement, 'refunds' | 'refundsMatched' | 'refundsLeftOver'>> {
  const { id, accountId, billDate } = file;
  const { rows } = await db.query<Record<'n' | 'sum' | 'matched_n' | 'matched' | 'left_n' | 'left', bigint>>(
    `select count(*) as n, coalesce(sum(amount_minor), 0)::bigint as sum,
            count(*) filter (where matched) as matched_n,
            coalesce(sum(amount_minor) filter (where matched), 0)::bigint as matched,
            count(*) filter (where not matched and left_over) as left_n,
            coalesce(sum(amount_minor) filter (where not matched and left_over), 0)::bigint as left
       from (select l.amount_minor, coalesce(m.line_no, g.line_no) is not null as matched, b.line_no is not null as left_over
               from yuanlu.statement_lines l
               left join yuanlu.matches m
                 on m.account_id = $2 and m.bill_date = $3 and m.file_id = $1 and m.line_no = l.line_no and m.pass <> ${String(TOGETHER)}
               -- Of a match of several each line is matched, and is one line.
               left join yuanlu.match_group_lines g on g.file_id = $1 and g.line_no = l.line_no and g.ended_at is null
               left join (select distinct line_no from yuanlu.breaks where file_id = $1) b on b.line_no = l.line_no
              where l.account_id = $2 and l.bill_date = $3 and l.file_id = $1 and l.line_type = 'refund') refund_lines`,
    [id, accountId, billDate],
  );
  const row = rows[0];
  if (row === undefined) return NO_REFUNDS;
  assertAllSeen(file, Number(row.n));
  return {
    refunds: { lines: Number(row.n), minor: row.sum },
    refundsMatched: { lines: Number(row.matched_n), minor: row.matched },
    refundsLeftOver: { lines: Number(row.left_n), minor: row.left },
  };
}

/** Why the newest delivery of each kind was refused. */
async function refusals(db: Db, { accountId, billDate }: AccountDay): Promise<DayFacts['refused']> {
  const { rows } = await db.query<{ kind: StatementKind; code: string }>(
    `select distinct on (kind) kind, refusal_code as code from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and status = 'refused' order by kind, id desc`,
    [accountId, billDate],
  );
  return rows;
}

async function dayAfter(db: Db, { accountId, billDate }: AccountDay): Promise<DayFacts['dayAfter']> {
  const { rows } = await db.query<{ kind: StatementKind; matched: boolean }>(
    `select kind, bool_and(matched_at is not null) as matched
       from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and status in ('loaded', 'empty') group by kind`,
    [accountId, addDays(billDate, 1)],
  );
  return rows;
}

/** Parked and assigned ones, too: a break stands in the way of its day until it has ended. */
async function openBreaks(
  db: Db,
  { accountId, billDate }: AccountDay,
): Promise<Pick<DayFacts, 'openBreaks' | 'openBreaksCount'>> {
  const { rows } = await db.query<{
    id: bigint;
    kind: BreakKind;
    refund_no: string | null;
    line: string | null;
    total: bigint;
  }>(
    `select id, kind, refund_no, file_id || ':' || line_no as line, count(*) over () as total
       from yuanlu.breaks b
      where account_id = $1 and yuanlu.day_of_break(b.bill_date, b.detail) = $2 and status = 'open'
      order by id limit $3`,
    [accountId, billDate, ACCEPTED_MAX],
  );
  const named = rows.map(({ id, kind, refund_no: refundNo, line }): OpenBreak => {
    return { id: String(id), kind, refundNo, line };
  });
  return { openBreaks: named, openBreaksCount: Number(rows[0]?.total ?? 0n) };
}
