/**
 * Alipay's certificate mode over real HTTP: the sandbox signs answers and notices under a certificate that is not to be
 * believed. Answers say nothing, notices are refused under the catalogue's code and kept, and no refund moves.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAlipayAccount } from '../../channels/alipay/read-account.ts';
import type { Channel } from '../../channels/channel.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { alipayAccountFiles, merchantOf } from '../../sandbox/alipay/account-files.ts';
import type { CertificateFlaw } from '../../sandbox/alipay/keys.ts';
import { makeAlipayKeys } from '../../sandbox/alipay/keys.ts';
import type { Sandbox } from '../../sandbox/alipay/server.ts';
import { startSandbox } from '../../sandbox/alipay/server.ts';
import { turnableClock } from '../../sandbox/turnable-clock.ts';
import { freePort } from '../../workers/engines/free-port.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import { ask, call, newRefundNo, refundIn } from './calls.ts';

const MINUTE_MS = 60_000;

let api: ApiUnderTest;
let sandbox: Sandbox;
let channel: Channel;
/** By how much the channel's wall clock is ahead: it asks for certificates seldom. */
let aheadMs = 0;

beforeAll(async () => {
  const port = await freePort();
  const notifyUrl = `http://127.0.0.1:${String(port)}/callbacks/alipay/wx-1`;
  const keys = makeAlipayKeys(new Date());
  const clock = turnableClock({ start: NOW, rate: 0 });
  const merchants = [merchantOf(keys.merchant, notifyUrl, 'certificate')];
  sandbox = await startSandbox({ clock, merchants, keys: keys.channel });
  const where = { accountId: 'wx-1', apiBase: sandbox.url, notifyUrl };
  const { files, entry } = alipayAccountFiles(keys, where, 'certificate');
  const account = readAlipayAccount(
    { merchant_id: 'm1', ...entry },
    (path) => String(files[path]),
    new Date(),
  );
  channel = account.open({
    clock: { now: () => NOW, wallNow: () => new Date(Date.now() + aheadMs), toWallMs: (ms) => ms },
    randomBytes: (sizeBytes) => Buffer.alloc(sizeBytes),
  });
  api = await apiUnderTest({ channelName: 'alipay', channel: () => channel });
  await api.app.listen({ host: '127.0.0.1', port });
}, 30_000);

afterAll(async () => {
  await sandbox.stop();
  await api.close();
});

interface Sent {
  readonly refundNo: string;
  readonly outcome: string;
}

/** Asks for a refund over the API, puts it to the sandbox, and waits until its notice was answered. */
async function refundUnder(flaw: CertificateFlaw | undefined): Promise<Sent> {
  aheadMs += MINUTE_MS;
  sandbox.renewCertificate(flaw);
  const refundNo = newRefundNo();
  const paymentNo = `ORD-${refundNo}`;
  const paid = sandbox.pay({ paymentNo, amountMinor: 10_000n });
  const payment = { account_id: 'wx-1', captured_minor: '10000', currency: 'CNY' };
  const asked = { refund_no: refundNo, payment_no: paymentNo, payment, amount_minor: '100', currency: 'CNY' };
  expect(refundIn(await ask(api, asked)).state).toBe('requested');
  const answer = await channel.submitRefund({
    ...{ refundNo, paymentNo, transactionId: paid.transactionId, paidAt: paid.paidAt, requestedAt: NOW },
    ...{ amountMinor: 100n, capturedMinor: 10_000n, currency: 'CNY', reason: null },
  });
  aheadMs += MINUTE_MS;
  await minutePasses();
  return { refundNo, outcome: answer.outcome };
}

/** Until notices that fall due in it were answered. */
async function minutePasses(): Promise<void> {
  await sandbox.turnClock(new Date(sandbox.clock().now.getTime() + MINUTE_MS));
}

function lastDelivery(refundNo: string) {
  return sandbox.deliveries().findLast((one) => one.refundNo === refundNo);
}

async function stateOf(refundNo: string): Promise<unknown> {
  return ((await call(api, `/v1/refunds/${refundNo}`)).json as { state: string }).state;
}

const FLAWS: readonly (readonly [CertificateFlaw, ErrorCode])[] = [
  ['expired', 'callback_certificate_expired'],
  ['unchained', 'callback_certificate_unchained'],
  ['other_owner', 'callback_certificate_owner_differs'],
];

describe('F35 under a certificate of Alipay’s that is not to be believed', () => {
  test.each(FLAWS)(
    '(%s) the answer says nothing; the notice is refused as %s, kept, never applied',
    async (flaw, code) => {
      const { refundNo, outcome } = await refundUnder(flaw);

      expect(outcome).toBe('unknown');
      expect(sandbox.refunds().find((one) => one.refundNo === refundNo)).toMatchObject({ hasEnded: true });
      expect(lastDelivery(refundNo)).toMatchObject({ status: 401, taken: false });
      const { rows } = await api.database.pool.query<{ text: string }>(
        `select distinct on (body) verdict, account_id, applied_at, refund_id, notice_id, convert_from(body, 'UTF8') as text
         from callbacks where refusal_code = $1`,
        [code],
      );
      expect(rows).toMatchObject([
        { verdict: 'refused', account_id: 'wx-1', applied_at: null, refund_id: null, notice_id: null },
      ]);
      expect(rows[0]?.text).toContain(`out_biz_no=${refundNo}`);
      expect(await stateOf(refundNo)).toBe('requested');
    },
  );

  test('a later one that is in order is believed: the repeated notice of the same refund counts', async () => {
    const { refundNo } = await refundUnder('expired');
    expect(await stateOf(refundNo)).toBe('requested');
    aheadMs += MINUTE_MS;
    sandbox.renewCertificate();

    sandbox.resendCallback(refundNo);
    await minutePasses();

    expect(lastDelivery(refundNo)).toMatchObject({ status: 200, taken: true });
    expect(await stateOf(refundNo)).toBe('succeeded');
  });
});
