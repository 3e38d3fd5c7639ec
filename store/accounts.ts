/** Channel accounts as rows, so that everything else can refer to them. The accounts file is their source. */
import type { ChannelName } from '../domain/refund/refund.ts';
import type { Db } from './pool.ts';

export interface AccountRow {
  readonly id: string;
  readonly merchantId: string;
  readonly channel: ChannelName;
  /** The merchant number at the channel (WeChat: mchid). */
  readonly externalId: string;
}

/** Makes the rows agree with the accounts file. Accounts that left the file stay: their refunds refer to them. */
export async function syncAccounts(db: Db, accounts: readonly AccountRow[]): Promise<void> {
  for (const account of accounts.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    await db.query(
      `insert into channel_accounts as a (id, merchant_id, channel, external_id) values ($1, $2, $3, $4)
       on conflict (id) do update set merchant_id = $2, channel = $3, external_id = $4
        where (a.merchant_id, a.channel, a.external_id) is distinct from ($2, $3, $4)`,
      [account.id, account.merchantId, account.channel, account.externalId],
    );
  }
}
