/**
 * F11: WeChat Pay allows a merchant six failing calls a second. What it answers to "is there a bill of that day?" is no such
 * failure: looking back over quiet days must not hold refunds up.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRateLimiter } from '../../../channels/rate-limit.ts';
import type { Transport } from '../../../channels/wechat/transport.ts';
import { createTransport } from '../../../channels/wechat/transport.ts';
import { virtualTime } from '../virtual-time.ts';
import type { Desk, Script } from './pay-desk.ts';
import { CLOCK, accountAt, openDesk } from './pay-desk.ts';

const FAILING_PER_SECOND = 6;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());

/** A transport whose calls begin at one instant, unless the limiter makes them wait. */
function atOneInstant(): { readonly transport: Transport; readonly waiting: () => number } {
  const time = virtualTime();
  const limiter = createRateLimiter({
    ...{ goodPerSecond: 150, failingPerSecond: FAILING_PER_SECOND, waitingMax: 10 },
    nowMs: time.nowMs,
    sleep: time.sleep,
  });
  const transport = createTransport(accountAt(desk.url), { clock: CLOCK, randomBytes, limiter });
  return { transport, waiting: () => time.sleeping() };
}

const fault = (code: string, status = 400): Script => ({
  status,
  body: { code, message: code },
  sign: null,
});

test.each(['NO_STATEMENT_EXIST', 'STATEMENT_CREATING'])('twenty times %s delay no call', async (code) => {
  desk.answer(fault(code));
  const { transport } = atOneInstant();

  for (let day = 0; day < 20; day += 1)
    expect(await transport.get(`/v3/bill/tradebill?bill_date=${String(day)}`)).toMatchObject({ code });
});

test.each([
  ['PARAM_ERROR', 400],
  ['RESOURCE_NOT_EXISTS', 404],
  ['SYSTEM_ERROR', 500],
])('the seventh call after six times %s waits', async (code, status) => {
  desk.answer(fault(code, status));
  const { transport, waiting } = atOneInstant();
  for (let call = 0; call < FAILING_PER_SECOND; call += 1)
    await transport.get('/v3/refund/domestic/refunds/R1');
  const stop = new AbortController();

  const seventh = transport.get('/v3/refund/domestic/refunds/R1', stop.signal);

  expect(waiting()).toBe(1);
  stop.abort();
  await expect(seventh).rejects.toMatchObject({ code: 'channel_busy' });
});
