/** The demo's traffic against an API that is slow, or refuses: what is asked at once, and how it ends. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
import { createFlight } from '../../cli/demo/flight.ts';
import type { DemoPlan } from '../../cli/demo/plan.ts';
import { planMonth } from '../../cli/demo/plan.ts';
import { playTraffic } from '../../cli/demo/traffic.ts';
import { virtualClock } from '../../workers/clock.ts';
import type { Stack } from '../../workers/stack.ts';

const REFUNDS = 80;
const DAYS = 30;
const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An API that answers each request with `status` after a while. */
async function slowApi(status: number, afterMs: number) {
  const seen = { atOnce: 0, atOnceMax: 0, requests: 0 };
  const server = createServer((request, response) => {
    seen.atOnce += 1;
    seen.requests += 1;
    seen.atOnceMax = Math.max(seen.atOnceMax, seen.atOnce);
    request.resume();
    setTimeout(() => {
      seen.atOnce -= 1;
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"code":"some_code"}');
    }, afterMs);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, url: `http://127.0.0.1:${String(port)}` };
}

/** As much of a stack as the traffic touches; the month passes at `rate`. */
function stackOf(url: string, rate: number): Stack {
  const clock = virtualClock({ originMs: 0, epochMs: Date.now(), rate });
  const plan = { forDay: () => undefined, forRefund: () => undefined };
  const sandbox = {
    plan,
    merchantNo: 'M',
    pay: () => ({ transactionId: 'T' }),
    refundByHand: () => undefined,
  };
  const shops = DEMO_CHANNELS.map(({ channel }) => ({ channel, accountId: channel, sandbox }));
  const rest = { api: { url }, apiKey: 'key', config: { virtualTime: clock.time() }, context: { clock } };
  return { ...rest, shops } as unknown as Stack;
}

function planOf(): DemoPlan {
  return planMonth({ refunds: REFUNDS, seed: 1, days: DAYS, channels: DEMO_CHANNELS });
}

test('a slow API is asked a few things at once, and all of it in the end, each once', async () => {
  const { seen, url } = await slowApi(201, 100);
  const flight = createFlight({ max: 5 });

  // The whole month in a fraction of a second: nearly everything is due at once.
  const traffic = await playTraffic(stackOf(url, DAYS * 864_000), planOf(), { flight });

  expect(traffic).toEqual({ accepted: REFUNDS, repeated: 0 });
  expect(seen).toMatchObject({ atOnceMax: 5, requests: REFUNDS });
  expect(flight.oldestMs()).toBe(0);
});

test('a request that is refused ends the traffic at once, and not at the end of the month', async () => {
  const { seen, url } = await slowApi(409, 10);

  // At this pace the month would take longer than the test may.
  const played = playTraffic(stackOf(url, 86_400), { ...planOf(), byHand: [] });

  await expect(played).rejects.toThrow(/was refused: 409 some_code/);
  expect(seen.requests).toBeLessThan(REFUNDS / 2);
});
