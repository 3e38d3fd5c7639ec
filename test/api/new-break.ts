/** A break as the sweep leaves it; put in by the owner, because no caller of the API can make one. */
import type { ApiUnderTest } from './api-under-test.ts';
import { NOW } from './api-under-test.ts';

let made = 0;

/** @returns its number */
export async function newBreak(api: ApiUnderTest, amountMinor = 234n, openedAt = NOW): Promise<string> {
  made += 1;
  const { rows } = await api.database.owner.query<{ id: bigint }>(
    `insert into yuanlu.breaks (kind, dedupe_key, account_id, refund_id, refund_no, expected_minor, currency, opened_at)
     values ('missing_at_channel', $1, 'wx-1', $2, $3, $4, 'CNY', $5) returning id`,
    [`missing_at_channel/new-${String(made)}`, 900_000 + made, `NB-${String(made)}`, amountMinor, openedAt],
  );
  return String(rows[0]?.id);
}
