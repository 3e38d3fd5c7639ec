/** What is here of the statements that should be: a few hundred names, in one look. */
import type { StatementKind } from '../domain/statement/statement.ts';
import type { ExpectingAccount, StatementGap } from '../domain/statement/gaps.ts';
import { gapKey, gapsFrom, statementGaps } from '../domain/statement/gaps.ts';
import type { Db } from './pool.ts';

/**
 * Statements of these accounts that should be here by `now` and are not, oldest day first. An account is expected to have
 * statements from the day of its first one on, or of its first refund while it has none.
 */
export async function findStatementGaps(
  db: Db,
  now: Date,
  accounts: readonly Omit<ExpectingAccount, 'since'>[],
): Promise<readonly StatementGap[]> {
  const ids = accounts.map(({ id }) => id);
  const { rows } = await db.query<{
    account_id: string;
    kind: StatementKind;
    bill_date: string;
    there: boolean;
    refused: string | null;
  }>(
    `select account_id, kind, bill_date, bool_or(status in ('loaded', 'empty')) as there,
            (array_agg(refusal_code order by id desc) filter (where status = 'refused'))[1] as refused
       from yuanlu.statement_files
      where account_id = any ($1::text[]) and bill_date >= $2
      group by account_id, kind, bill_date`,
    [ids, gapsFrom(now)],
  );
  const named = rows.map((row) => {
    const key = gapKey({ accountId: row.account_id, kind: row.kind, billDate: row.bill_date });
    return { key, ...row };
  });
  const since = await firstDays(db, ids);
  return statementGaps(
    now,
    accounts.map((one) => ({ ...one, since: since.get(one.id) ?? null })),
    {
      there: new Set(named.filter(({ there }) => there).map(({ key }) => key)),
      refused: new Map(named.flatMap(({ key, refused }) => (refused === null ? [] : [[key, refused]]))),
    },
  );
}

/**
 * Writes down, once each, which statements are missing and which of those that were have come, and puts both into the outbox of
 * webhooks. `gaps` are all that there are now of these accounts; gaps of kinds that they no longer have end without a word.
 * Running it again, or twice at once, changes nothing.
 */
export async function noteStatementGaps(
  db: Db,
  gaps: readonly StatementGap[],
  o: { readonly now: Date; readonly accounts: readonly Pick<ExpectingAccount, 'id' | 'kinds'>[] },
): Promise<void> {
  const rows = gaps.map(({ accountId, kind, billDate, dueAt }) => ({
    ...{ account_id: accountId, kind, bill_date: billDate, due_at: dueAt.toISOString() },
  }));
  const expected = o.accounts.map(({ id, kinds }) => ({ id, kinds }));
  await db.query('select note_statement_gaps($1, $2, $3, $4)', [
    ...[JSON.stringify(rows), JSON.stringify(expected), gapsFrom(o.now), o.now],
  ]);
}

/** Refunds are looked through only for accounts that have no statement at all, which have few of them. */
async function firstDays(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; since: string | null }>(
    `select a.id, coalesce(
              (select f.bill_date from yuanlu.statement_files f where f.account_id = a.id order by f.bill_date limit 1),
              (select (min(r.requested_at) at time zone interval '08:00')::date from yuanlu.refunds r where r.account_id = a.id)) as since
       from yuanlu.channel_accounts a where a.id = any ($1::text[])`,
    [ids],
  );
  return new Map(rows.flatMap(({ id, since }) => (since === null ? [] : [[id, since]])));
}
