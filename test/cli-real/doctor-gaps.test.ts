/** F41: a statement that is missing is said by the doctor, with its day and how to ask for it again. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import { start } from './spawned.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
});
afterAll(() => deployment.close());

async function finding(): Promise<unknown> {
  const { stdout } = await start(['doctor', '--json'], deployment.env).ended;
  const { findings } = JSON.parse(stdout) as { findings: { check: string }[] };
  return findings.find(({ check }) => check === 'statements');
}

test('F41 the doctor names what is missing, and nothing while nothing is', async () => {
  const { accountId, database } = deployment;
  const account = {
    id: accountId,
    merchantId: 'demo-shop',
    channel: 'wechat',
    externalId: '1900000109',
  } as const;
  await syncAccounts(database.pool, [account]);
  expect(await finding()).toMatchObject({ ok: true, detail: 'none is missing', mend: null });

  const now = new Date();
  const ago = (days: number) => addDays(beijingDateOf(now), -days);
  for (const kind of ['trade', 'fund_flow'] as const)
    for (const days of [4, 2, 1])
      await recordEmptyStatement(database.ingest, { accountId, kind, billDate: ago(days), now });

  expect(await finding()).toMatchObject({
    ok: false,
    detail: expect.stringMatching(
      new RegExp(
        `^2 missing\n${accountId} trade of ${ago(3)}, due .*\n${accountId} fund_flow of ${ago(3)}, due `,
      ),
    ) as string,
    mend: expect.stringContaining(
      `yuanlu statements run --account ${accountId} --kind trade --date ${ago(3)}`,
    ) as string,
  });
});
