/** Our own client at the sandbox, over HTTP: account files read as in production, notices read by the channel. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { readAlipayAccount } from '../../../channels/alipay/read-account.ts';
import type { CallbackReading, Channel, RefundOrder } from '../../../channels/channel.ts';
import { alipayAccountFiles, merchantOf } from '../../../sandbox/alipay/account-files.ts';
import type { KeyMode } from '../../../sandbox/alipay/keys.ts';
import { makeAlipayKeys } from '../../../sandbox/alipay/keys.ts';
import type { PaySource } from '../../../sandbox/alipay/model.ts';
import { startSandbox } from '../../../sandbox/alipay/server.ts';
import type { Sandbox } from '../../../sandbox/alipay/server.ts';
import { turnableClock } from '../../../sandbox/turnable-clock.ts';

/** A Tuesday morning in Beijing. Time stands still there until a test turns the clock. */
const TUESDAY_TEN = new Date('2026-09-01T10:00:00+08:00');

/** Making keys is slow, so all sandboxes of a test file have the same. */
const KEYS = makeAlipayKeys(new Date());

export interface OurShop {
  readonly sandbox: Sandbox;
  readonly channel: Channel;
  /** What the channel made of each notice that came, in order. */
  readonly readings: readonly CallbackReading[];
  /** A payment of so many fen, and the order for a refund of a part of it. */
  order(totalMinor: bigint, refundMinor: bigint, source?: PaySource): RefundOrder;
  /** Sets the clock forward by so many seconds. */
  turn(seconds: number): Promise<void>;
  turnTo(instant: string): Promise<void>;
}

/** Opens a shop that is closed at the end of the test. */
export async function openOurShop(
  o: { readonly mode?: KeyMode; readonly balanceMinor?: bigint } = {},
): Promise<OurShop> {
  const clock = turnableClock({ start: TUESDAY_TEN, rate: 0 });
  const readings: CallbackReading[] = [];
  // The channel needs the sandbox's address, the sandbox the merchant's, and the merchant the channel.
  const opened: { channel?: Channel } = {};
  const notifyUrl = await listen(async (body) => {
    const { channel } = opened;
    if (channel === undefined) return { status: 503, text: 'fail' };
    const reading = await channel.readCallback({ headers: {}, body });
    readings.push(reading);
    const fault = reading.verdict === 'refused' ? { status: 400, title: reading.code } : null;
    const reply = channel.callbackReply(fault);
    return { status: reply.status, text: reply.body?.text ?? '' };
  });
  const merchant = merchantOf(KEYS.merchant, notifyUrl, o.mode);
  const balance = o.balanceMinor === undefined ? {} : { openingBalanceMinor: o.balanceMinor };
  const sandbox = await startSandbox({
    clock,
    merchants: [{ ...merchant, ...balance }],
    keys: KEYS.channel,
  });
  onTestFinished(() => sandbox.stop());
  const channel = channelAt(sandbox, notifyUrl, o.mode, clock);
  opened.channel = channel;
  return { sandbox, channel, readings, ...acts(sandbox) };
}

function channelAt(
  sandbox: Sandbox,
  notifyUrl: string,
  mode: KeyMode | undefined,
  clock: ReturnType<typeof turnableClock>,
): Channel {
  const options = { accountId: 'ali-1', apiBase: sandbox.url, notifyUrl };
  const { files, entry } = alipayAccountFiles(KEYS, options, mode);
  const account = readAlipayAccount(
    { merchant_id: 'shop', ...entry },
    (path) => String(files[path]),
    new Date(),
  );
  return account.open({ clock, randomBytes: () => Buffer.alloc(0) });
}

function acts(sandbox: Sandbox): Pick<OurShop, 'order' | 'turn' | 'turnTo'> {
  let made = 0;
  const now = (): Date => sandbox.clock().now;
  return {
    order: (totalMinor, refundMinor, source = 'wallet') => {
      made += 1;
      const paymentNo = `ORD-${String(made)}`;
      const paid = sandbox.pay({ paymentNo, amountMinor: totalMinor, source });
      return {
        refundNo: `RF-${String(made)}`,
        requestedAt: now(),
        paymentNo,
        transactionId: paid.transactionId,
        paidAt: paid.paidAt,
        amountMinor: refundMinor,
        capturedMinor: totalMinor,
        currency: 'CNY',
        reason: '尺码不符, 7天无理由',
      };
    },
    turn: async (seconds) => {
      await sandbox.turnClock(new Date(now().getTime() + seconds * 1000));
    },
    turnTo: async (instant) => {
      await sandbox.turnClock(new Date(instant));
    },
  };
}

/** The merchant's end of a notice. Returns its address. */
async function listen(
  answer: (body: Buffer) => Promise<{ readonly status: number; readonly text: string }>,
): Promise<string> {
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      void answer(Buffer.concat(parts)).then(({ status, text }) => {
        reply.writeHead(status, { 'content-type': 'text/plain' }).end(text);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/callbacks/alipay/ali-1`;
}
