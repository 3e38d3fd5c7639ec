/** Breaks by the many, as people run it: suggestions accepted as one list, and one line matched with two refunds. */
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listBreaks } from '../../store/breaks.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from '../api/api-under-test.ts';
import { NOW, apiUnderTest } from '../api/api-under-test.ts';
import { ask, newPayment, refundIn } from '../api/calls.ts';
import { bring } from '../statements/bills.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import { start } from './spawned.ts';

let api: ApiUnderTest;
let deployment: Deployment;
let url: string;
beforeAll(async () => {
  api = await apiUnderTest();
  deployment = await openDeployment();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${String((api.app.server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  await deployment.close();
  await api.close();
});

async function said(person: 'alice' | 'bob', ...args: readonly string[]): Promise<string> {
  const ended = await start(args, {
    ...deployment.env,
    ...{ YUANLU_DATABASE_URL: api.database.url, YUANLU_API_URL: url, YUANLU_API_KEY: api.people[person] },
  }).ended;
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
}

test('what the rules suggest is seen with its sums, and then accepted as it was seen', async () => {
  const twice = { at: '2026-11-24 12:00:00', refundNo: 'NB', channelRefundNo: 'N1', amount: 700 };
  await bring(api.database, { lines: [twice, twice] }, { accountId: 'wx-1', expectMerchantNo: null });
  const command = ['breaks', 'accept-suggestions', '--date', '2026-11-24', '--max-amount', '10.00'];

  const seen = await said('alice', ...command);
  expect(seen).toMatch(/resolve printed_twice: 1 break, 7.00 CNY at stake/);
  const [fingerprint = ''] = /[0-9a-f]{64}/.exec(seen) ?? [];
  const done = await said('alice', ...command, '--fingerprint', fingerprint, '--note', 'month end');

  expect(done).toContain('Accepted.');
  expect(await said('alice', ...command)).toContain('Nothing to accept.');
}, 120_000);

test('a line is matched with two refunds by two people, and its break and its statement say so', async () => {
  const { pool } = api.database;
  const payment = await newPayment(api);
  const numbers = ['RF-A', 'RF-B'];
  for (const [at, refundNo] of numbers.entries()) {
    const amount = { amount_minor: at === 0 ? '300' : '200', currency: 'CNY' };
    refundIn(await ask(api, { refund_no: refundNo, payment_no: payment, ...amount }));
    const { id = '' } = (await getRefund(pool, 'm1', refundNo)) ?? {};
    await observe(pool, id, [
      {
        ...{ kind: 'channel_report', source: 'query', ref: 'q1', at: NOW.toISOString() },
        ...{ status: 'success', channelRefundNo: `5030011${String(at)}` },
      },
    ]);
  }
  const { fileId } = await bring(
    api.database,
    { lines: [{ at: '2026-11-24 12:00:00', channelRefundNo: 'N9', amount: 500 }] },
    { accountId: 'wx-1', expectMerchantNo: null },
  );
  const { breaks } = await listBreaks(pool, { status: 'open', fileId, limit: 5 });
  const [number = ''] = breaks.map(({ id }) => id);

  const asked = JSON.parse(
    await said(
      ...(['alice', 'breaks', 'match-together', number, '--refund', ...numbers] as const),
      ...['--code', 'number_missing', '--reason', 'one line for both', '--json'],
    ),
  ) as { id: string; fingerprint: string };
  await said(
    ...(['bob', 'approvals', 'approve', asked.id] as const),
    ...['--fingerprint', asked.fingerprint, '--reason', 'seen'],
  );

  expect(await said('alice', 'breaks', 'explain', number)).toMatch(
    new RegExp(
      `together +${fileId}:2 5.00 .break ${number}. = ${numbers.join(' 3.00 [+] ')} 2.00; number_missing`,
    ),
  );
  expect(await said('alice', 'statements', 'show', fileId)).toContain('matched together');
}, 120_000);
