/** Channel accounts as rows, so that everything else can refer to them. The accounts file is their source. */
import type { ChannelName } from '../domain/refund/refund.ts';
import { AppError } from '../domain/errors.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

export interface AccountRow {
  readonly id: string;
  readonly merchantId: string;
  readonly channel: ChannelName;
  /** The merchant number at the channel (WeChat: mchid). */
  readonly externalId: string;
}

/**
 * Makes the rows agree with the accounts file. Accounts that left the file stay: their refunds refer to them. One that is
 * new is known from `now` on, or from the database's.
 */
export async function syncAccounts(pool: Pool, accounts: readonly AccountRow[], now?: Date): Promise<void> {
  await inTransaction(pool, async (tx) => {
    // Processes that start at once write the same rows: one after the other, or the second unique number of a row
    // clashes before the conflict on the first is seen.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('yuanlu/accounts', 0))`);
    for (const { id, merchantId, channel, externalId } of accounts) {
      await tx.query(
        `insert into channel_accounts as a (id, merchant_id, channel, external_id, created_at) values ($1, $2, $3, $4, coalesce($5, now()))
         on conflict (id) do update set merchant_id = $2, channel = $3, external_id = $4
          where (a.merchant_id, a.channel, a.external_id) is distinct from ($2, $3, $4)`,
        [id, merchantId, channel, externalId, now ?? null],
      );
    }
  });
}

/** An account of this merchant. @throws AppError `account_unknown` */
export async function ownAccount(
  db: Db,
  merchantId: string,
  accountId: string,
): Promise<{ readonly channel: ChannelName }> {
  const { rows } = await db.query<{ channel: ChannelName }>(
    'select channel from channel_accounts where id = $1 and merchant_id = $2',
    [accountId, merchantId],
  );
  if (rows[0] === undefined) throw new AppError('account_unknown', { account_id: accountId });
  return rows[0];
}

/** Ids of the accounts of a merchant, in their order. */
export async function merchantAccounts(db: Db, merchantId: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from channel_accounts where merchant_id = $1 order by id',
    [merchantId],
  );
  return rows.map(({ id }) => id);
}

/**
 * From which Beijing day on each of these accounts is looked after: when it became known, or had its first statement or, while it has
 * none, its first refund, where that is earlier. A statement that is missed (`findStatementGaps`) is never of a day before.
 */
export async function lookedAfterSince(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; since: string }>(
    `select a.id, least((a.created_at at time zone interval '08:00')::date, coalesce(
              (select f.bill_date from statement_files f where f.account_id = a.id order by f.bill_date limit 1),
              (select (min(least(r.requested_at, r.accepted_at, r.succeeded_at)) at time zone interval '08:00')::date
                 from refunds r where r.account_id = a.id))) as since
       from channel_accounts a where a.id = any ($1::text[])`,
    [ids],
  );
  return new Map(rows.map(({ id, since }) => [id, since]));
}
