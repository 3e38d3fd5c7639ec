/** A sandbox's world lasts: what was accepted before a stop, or a kill, goes on after it as if nothing had been. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CHANNEL_NAMES } from '../../domain/refund/refund.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { ControlledSandbox } from '../../sandbox/control/controlled-sandbox.ts';
import type { SandboxShops, ShopKeys } from '../../sandbox/shops.ts';
import { openShops, shopKeys } from '../../sandbox/shops.ts';
import { turnableClock } from '../../sandbox/turnable-clock.ts';
import { systemClock } from '../../workers/clock.ts';
import { receiveAnswering } from './notice-receiver.ts';

const COMMAND = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));
const START = new Date('2026-09-01T10:00:00+08:00');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let keys: ShopKeys;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-kept-keys-'));
  keys = await shopKeys(folder, systemClock());
  await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-kept-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Opened {
  readonly of: (channel: ChannelName) => ControlledSandbox;
  readonly said: readonly string[];
  readonly stop: SandboxShops['stop'];
}

/** All three channels; their clock stands still unless it is turned. */
async function open(
  folder: string,
  o: { notifyBase?: string; keeps?: boolean; keys?: ShopKeys } = {},
): Promise<Opened> {
  const said: string[] = [];
  const keep = { folder: join(folder, 'worlds'), say: (line: string) => said.push(line) };
  const shops = await openShops({
    ...{ folder, keys: o.keys ?? keys, merchant: { id: 'shop', name: 'Shop' }, suffix: 'kept' },
    notifyBase: o.notifyBase ?? 'http://127.0.0.1:9',
    basics: () => ({
      clock: turnableClock({ start: START, rate: 0 }),
      ...(o.keeps === false ? {} : { keep }),
    }),
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await shops.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  const of = (channel: ChannelName): ControlledSandbox => {
    const shop = shops.shops.find((one) => one.channel === channel);
    if (shop === undefined) throw new Error(`no ${channel}`);
    return shop.sandbox;
  };
  return { of, said, stop };
}

const PAYMENT = 'ORDER0000001';

function payAndRefund(
  sandbox: ControlledSandbox,
  paymentNo = PAYMENT,
  source: 'wallet' | 'debit_card' = 'debit_card',
): void {
  sandbox.pay({ paymentNo, amountMinor: 1_000n, source, paidAt: START });
  sandbox.refundByHand({ paymentNo, amountMinor: 400n });
}

const shown = (sandbox: ControlledSandbox) => ({
  ledger: sandbox.ledger(),
  postings: sandbox.postings(),
  payments: sandbox.payments(),
  refunds: sandbox.refunds(),
});

describe.each([...CHANNEL_NAMES])('the sandbox of %s', (channel) => {
  test('knows after a restart what it knew before, to the fen', async () => {
    const folder = await newFolder();
    const first = await open(folder);
    payAndRefund(first.of(channel));
    const before = shown(first.of(channel));
    await first.stop();
    const second = await open(folder);

    expect(shown(second.of(channel))).toEqual(before);
    expect(second.said).toEqual([]);
  });

  test('brings a refund that was accepted before the stop to its end, once, as if it had never stopped', async () => {
    const folder = await newFolder();
    const [first, unstopped] = [await open(folder), await open(await newFolder(), { keeps: false })];
    for (const { of } of [first, unstopped]) payAndRefund(of(channel));
    await first.stop();
    const second = await open(folder);
    const later = new Date(START.getTime() + 10 * DAY_MS);
    for (const { of } of [second, unstopped]) await of(channel).turnClock(later);

    const { ledger } = shown(second.of(channel));
    expect(ledger).toMatchObject({
      balanced: true,
      doublePayments: 0,
      paidOut: [{ count: 1, amountMinor: 400n }],
    });
    expect(shown(second.of(channel))).toEqual(shown(unstopped.of(channel)));
  });

  test('pays a refund that had ended before the stop no second time', async () => {
    const folder = await newFolder();
    const first = await open(folder);
    payAndRefund(first.of(channel));
    await first.of(channel).turnClock(new Date(START.getTime() + 10 * DAY_MS));
    const before = shown(first.of(channel));
    await first.stop();
    const second = await open(folder);
    await second.of(channel).turnClock(new Date(START.getTime() + 20 * DAY_MS));

    expect(second.of(channel).ledger()).toEqual(before.ledger);
  });

  test('lets its time not go back behind what happened', async () => {
    const folder = await newFolder();
    const first = await open(folder);
    await first.of(channel).turnClock(new Date(START.getTime() + 5 * DAY_MS));
    payAndRefund(first.of(channel));
    await first.stop();
    const second = await open(folder);

    expect(second.of(channel).clock().now.getTime()).toBeGreaterThanOrEqual(START.getTime() + 5 * DAY_MS);
  });

  test('gives no number twice after a restart', async () => {
    const folder = await newFolder();
    const first = await open(folder);
    payAndRefund(first.of(channel));
    await first.stop();
    const second = await open(folder);
    payAndRefund(second.of(channel), 'ORDER0000002');
    const numbers = second
      .of(channel)
      .ledger()
      .paidOut.map(({ channelRefundNo }) => channelRefundNo);
    const transactions = second
      .of(channel)
      .postings()
      .map(({ voucher, reference }) => `${voucher} ${reference}`);

    expect(new Set(numbers).size).toBe(numbers.length);
    expect(second.of(channel).payments()).toHaveLength(2);
    expect(transactions.some((one) => one.startsWith('ORDER0000002 '))).toBe(true);
  });

  test('keeps troubles that were planned and not met', async () => {
    const folder = await newFolder();
    const first = await open(folder);
    first.of(channel).plan.forNext(2, { kind: 'line_missing' });
    const before = first.of(channel).plan.list();
    await first.stop();

    expect((await open(folder)).of(channel).plan.list()).toEqual(before);
  });
});

test('a notice that nobody took before the stop is sent after it, and its signature is of the same key', async () => {
  const folder = await newFolder();
  const receiver = await receiveAnswering(null);
  const first = await open(folder, { notifyBase: receiver.url });
  payAndRefund(first.of('wechat'), PAYMENT, 'wallet');
  await first.of('wechat').turnClock(new Date(START.getTime() + HOUR_MS));
  const before = receiver.received.length;
  const serial = receiver.received[0]?.headers['wechatpay-serial'];
  expect(before).toBeGreaterThan(0);
  await first.stop();

  receiver.answers(204);
  const second = await open(folder, { notifyBase: receiver.url });
  await second.of('wechat').turnClock(new Date(START.getTime() + 24 * HOUR_MS));

  const after = receiver.received.slice(before);
  expect(after.map(({ headers }) => headers['wechatpay-serial'])).toEqual([serial]);
  expect(second.of('wechat').deliveries().at(-1)).toMatchObject({ taken: true });
});

describe('the file of a world', () => {
  const path = (folder: string): string => join(folder, 'worlds', 'wechat.world');

  async function keptIn(folder: string): Promise<void> {
    const first = await open(folder);
    payAndRefund(first.of('wechat'));
    await first.stop();
  }

  test('is its owner’s alone, and no draft is left beside it', async () => {
    const folder = await newFolder();
    await keptIn(folder);

    expect((await stat(path(folder))).mode & 0o777).toBe(0o600);
    expect((await readdir(join(folder, 'worlds'))).toSorted()).toEqual([
      'alipay.world',
      'unionpay.world',
      'wechat.world',
    ]);
  });

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 10), 'is damaged'],
    ['empty', () => Buffer.alloc(0), 'is no world of a sandbox of wechat'],
    ['another file', () => Buffer.from('hello\nworld'), 'is no world of a sandbox of wechat'],
    [
      'of an older version',
      (bytes) => Buffer.from(bytes.toString('latin1').replace('"version":1', '"version":0'), 'latin1'),
      'is of another version (0, and this one reads 1)',
    ],
    [
      'with one byte changed',
      (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
      'is damaged',
    ],
  ])('that is %s is put aside and said, and the sandbox begins anew', async (_, spoil, why) => {
    const folder = await newFolder();
    await keptIn(folder);
    const spoilt = spoil(await readFile(path(folder)));
    await writeFile(path(folder), spoilt);
    const second = await open(folder);

    expect(second.said).toHaveLength(1);
    expect(second.said[0]).toContain(`${path(folder)} ${why}. It was put aside as `);
    expect(second.of('wechat').payments()).toEqual([]);
    expect(second.of('wechat').ledger().balanced).toBe(true);
    const aside = (await readdir(join(folder, 'worlds'))).find((name) => name.includes('aside'));
    expect((await readFile(join(folder, 'worlds', aside ?? ''))).equals(spoilt)).toBe(true);
  });

  test('that belongs to other keys is put aside: callbacks signed before would not verify', async () => {
    const folder = await newFolder();
    await keptIn(folder);
    const second = await open(folder, { keys: await shopKeys(join(folder, 'new'), systemClock()) });

    expect(second.said).toHaveLength(3);
    expect(second.said.join()).toContain('belongs to other keys');
  });
});

describe('killed', () => {
  async function start(folder: string): Promise<{ readonly url: string; kill(): Promise<void> }> {
    const child = spawn(process.execPath, [COMMAND, 'sandbox', '--dir', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    onTestFinished(() => {
      if (child.exitCode === null) child.kill('SIGKILL');
    });
    let text = '';
    for await (const part of child.stdout) {
      text += String(part);
      if (text.includes('\n')) break;
    }
    const facts = JSON.parse(text) as Record<ChannelName, { readonly url: string }>;
    return {
      url: facts.wechat.url,
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }

  async function control(url: string, path: string, body?: object): Promise<unknown> {
    const sent = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${url}/sandbox${path}`, body === undefined ? {} : sent);
    expect(answer.ok, path).toBe(true);
    return answer.json();
  }

  test('the moment it has answered, it knows after its next start what it answered', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    await control(first.url, '/payments', { payment_no: PAYMENT, amount_minor: '1000' });
    await control(first.url, '/refunds-by-hand', { payment_no: PAYMENT, amount_minor: '400' });
    await first.kill();
    const second = await start(folder);

    const refunds = JSON.stringify(await control(second.url, '/refunds'));
    expect(refunds).toContain('"400"');
    expect(JSON.stringify(await control(second.url, '/payments'))).toContain(PAYMENT);
    await second.kill();
  }, 60_000);
});
