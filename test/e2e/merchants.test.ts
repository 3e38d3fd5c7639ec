/**
 * Two merchants with two accounts at each of the three channels, all on one system at once and under the same numbers of
 * payments and refunds. Who owns what is written by hand; the channels' ledgers, the books and the API must agree.
 */
import '../support/quiet-temporal.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AxiosInstance } from 'axios';
import axios from 'axios';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChannelName } from '../../domain/refund/refund.ts';
import { statementWorkflowId } from '../../domain/ids.ts';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { until } from './shop.ts';

const ORIGIN = new Date('2026-09-01T18:00:00+08:00');
const DAYS_PER_SECOND = 0.25;
const CAPTURED_MINOR = 90_000n;
const FIRST = 'demo-shop';
const SECOND = 'other-shop';
const OTHERS = [
  { merchant: { id: FIRST, name: 'Demo shop' }, suffix: 'demo2' },
  { merchant: { id: SECOND, name: 'Other shop' }, suffix: 'other' },
  { merchant: { id: SECOND, name: 'Other shop' }, suffix: 'other2' },
];
/** Every account of a merchant refunds one under a number that the other merchant uses, too, and one under its own. */
const NUMBERS_PER_ACCOUNT = 2;
const ACCOUNTS = 12;

interface Asked {
  readonly shop: SandboxShop;
  readonly refundNo: string;
  readonly paymentNo: string;
  readonly amountMinor: bigint;
}

vi.setConfig({ testTimeout: 90_000 });

let dataDir: string;
let stack: Stack;
const clients = new Map<string, AxiosInstance>();
let asked: readonly Asked[];

beforeAll(async () => {
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  dataDir = await mkdtemp(join(root, 'merchants-'));
  stack = await startStack({
    ...{ dataDir, keepData: false, apiPort: 0, seed: 11, others: OTHERS },
    virtualTime: () => ({ originMs: ORIGIN.getTime(), epochMs: Date.now(), rate: DAYS_PER_SECOND * 86_400 }),
    ...{ schedule: '* * * * * *', lookBackDays: 1, pollFloorMs: 500 },
    // Twenty statements a day, each looked at again and again: the test asks for those that it needs.
    without: ['scheduler'],
    ...{ logLevel: 'silent', temporalUi: false, durableTemporal: false },
    say: () => undefined,
  });
  for (const { merchantId, apiKey } of stack.shops) {
    clients.set(
      merchantId,
      axios.create({
        baseURL: stack.api.url,
        headers: { authorization: `Bearer ${apiKey}` },
        timeout: 20_000,
        proxy: false,
        validateStatus: () => true,
      }),
    );
  }
  const wanted = [FIRST, SECOND].flatMap((merchantId) =>
    accountsOf(merchantId).flatMap((shop, index) => [
      { shop, refundNo: `RF${tailOf(index)}` },
      { shop, refundNo: `${merchantId === FIRST ? 'A' : 'B'}RF${tailOf(50 + index)}` },
    ]),
  );
  asked = await Promise.all(wanted.map(({ shop, refundNo }, index) => sellAndRefund(shop, refundNo, index)));
}, 120_000);

afterAll(async () => {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

function accountsOf(merchantId: string): readonly SandboxShop[] {
  return stack.shops.filter((shop) => shop.merchantId === merchantId);
}

function api(merchantId: string): AxiosInstance {
  const client = clients.get(merchantId);
  if (client === undefined) throw new Error(`nobody has the key of ${merchantId}`);
  return client;
}

/** The twelve digits that UnionPay asks for; the other channels take them, too. */
function tailOf(number: number): string {
  return String(number).padStart(12, '0');
}

/** Both merchants number their payments alike. No two refunds of the test have one amount. */
async function sellAndRefund(shop: SandboxShop, refundNo: string, index: number): Promise<Asked> {
  const paymentNo = `ORD${tailOf(index % ((ACCOUNTS / 2) * NUMBERS_PER_ACCOUNT))}`;
  const amountMinor = 1_001n + BigInt(index);
  const { transactionId } = shop.sandbox.pay({
    ...{ merchantNo: shop.merchantNo, paymentNo, amountMinor: CAPTURED_MINOR },
    ...{ source: shop.channel === 'unionpay' ? 'debit_card' : 'wallet', paidAt: ORIGIN },
  });
  const answer = await ask(shop.merchantId, { shop, refundNo, paymentNo, amountMinor }, transactionId);
  expect(answer.status, JSON.stringify(answer.data)).toBe(201);
  return { shop, refundNo, paymentNo, amountMinor };
}

function ask(merchantId: string, { shop, refundNo, paymentNo, amountMinor }: Asked, transactionId: string) {
  return api(merchantId).post<Record<string, unknown>>(
    '/v1/refunds',
    {
      ...{ refund_no: refundNo, payment_no: paymentNo, amount_minor: String(amountMinor), currency: 'CNY' },
      payment: {
        account_id: shop.accountId,
        transaction_id: transactionId,
        captured_minor: String(CAPTURED_MINOR),
        currency: 'CNY',
        paid_at: ORIGIN.toISOString(),
      },
    },
    { headers: { 'idempotency-key': `key-${refundNo}` } },
  );
}

async function read(merchantId: string, path: string): Promise<Record<string, unknown>> {
  const { status, data } = await api(merchantId).get<Record<string, unknown>>(path);
  if (status !== 200) throw new Error(`GET ${path}: ${String(status)} ${JSON.stringify(data)}`);
  return data;
}

function askedOf(shop: SandboxShop): readonly Asked[] {
  return asked.filter((one) => one.shop === shop);
}

async function everyRefundIs(...wanted: readonly string[]): Promise<void> {
  await until(`every refund is ${wanted.join(' or ')}`, async () => {
    const states = await Promise.all(
      asked.map(async (one) => (await read(one.shop.merchantId, `/v1/refunds/${one.refundNo}`))['state']),
    );
    return { done: states.every((state) => wanted.includes(String(state))), value: states };
  });
}

/** Every statement of every account from the first day to this one: each is waited for until the channel has made it. */
async function fetchStatements(lastDay: string): Promise<void> {
  const { channels, temporal } = stack.context;
  const first = beijingDateOf(ORIGIN);
  const days = Array.from({ length: 10 }, (_, index) => addDays(first, index)).filter(
    (day) => day <= lastDay,
  );
  const runs = stack.shops.flatMap(({ accountId }) =>
    channels
      .get(accountId)
      .limits.statementKinds.flatMap((kind) =>
        days.map((billDate) => ({ accountId, kind, billDate, recheck: 0 as const })),
      ),
  );
  await Promise.all(
    runs.map((run) =>
      temporal.client.workflow.execute<typeof statementDay>('statementDay', {
        taskQueue: REFUND_QUEUE,
        workflowId: statementWorkflowId(run.accountId, run.kind, run.billDate),
        args: [run],
      }),
    ),
  );
}

describe('two merchants with two accounts at each channel', () => {
  test('have every refund followed to its end: settled by the statement of its own account', async () => {
    await everyRefundIs('succeeded', 'settled');
    await fetchStatements(addDays(beijingDateOf(stack.context.clock.now()), 1));
    await everyRefundIs('settled');

    expect(asked).toHaveLength(ACCOUNTS * NUMBERS_PER_ACCOUNT);
    for (const { shop, refundNo, amountMinor, paymentNo } of asked) {
      expect(await read(shop.merchantId, `/v1/refunds/${refundNo}`)).toMatchObject({
        ...{ refund_no: refundNo, payment_no: paymentNo, amount_minor: String(amountMinor) },
        ...{ account_id: shop.accountId, channel: shop.channel, state: 'settled', state_reason: null },
      });
    }
  });

  test("each account's own ledger holds exactly its own refunds, each paid once", () => {
    for (const shop of stack.shops) {
      const ledger = shop.sandbox.ledger();
      const paid = ledger.paidOut
        .filter((one) => one.merchantNo === shop.merchantNo)
        .map(({ refundNo, amountMinor, count }) => ({ refundNo, amountMinor, count }));

      expect(ledger).toMatchObject({ doublePayments: 0, overRefundedPayments: [], balanced: true });
      expect(paid).toHaveLength(NUMBERS_PER_ACCOUNT);
      expect(paid).toEqual(
        expect.arrayContaining(
          askedOf(shop).map(({ refundNo, amountMinor }) => ({ refundNo, amountMinor, count: 1 })),
        ),
      );
    }
  });

  test("each account's statement lines are matched with its own refunds, and nothing is left over", async () => {
    const { rows } = await stack.context.pool.query<{
      account_id: string;
      refund_no: string;
      amount: bigint;
    }>(
      `select m.account_id, r.refund_no, m.amount_minor as amount
         from live_matches m join refunds r on r.id = m.refund_id and r.account_id = m.account_id
        where m.amount_agrees`,
    );
    const files = await stack.context.pool.query<{ account_id: string; lines: bigint }>(
      `select account_id, sum(refund_lines) as lines from statement_files
        where kind = 'trade' and status in ('loaded', 'empty') group by 1`,
    );

    for (const shop of stack.shops) {
      const own = rows.filter((row) => row.account_id === shop.accountId);
      expect(own.map((row) => [row.refund_no, row.amount]).toSorted()).toEqual(
        askedOf(shop)
          .map((one) => [one.refundNo, one.amountMinor])
          .toSorted(),
      );
      const lines = files.rows.find((row) => row.account_id === shop.accountId)?.lines;
      expect(Number(lines)).toBe(NUMBERS_PER_ACCOUNT);
    }
    expect(rows).toHaveLength(asked.length);
    for (const merchantId of [FIRST, SECOND])
      expect(await read(merchantId, '/v1/breaks?status=open')).toMatchObject({ breaks: [] });
  });

  test('a merchant sees its own refunds only, and under a number that both use its own', async () => {
    for (const [merchantId, other] of [
      [FIRST, SECOND],
      [SECOND, FIRST],
    ] as const) {
      const listed = await read(merchantId, '/v1/refunds?limit=100');
      const seen = listed['refunds'] as readonly { refund_no: string; account_id: string }[];
      const own = asked.filter((one) => one.shop.merchantId === merchantId);
      expect(seen.map((one) => `${one.account_id} ${one.refund_no}`).toSorted()).toEqual(
        own.map((one) => `${one.shop.accountId} ${one.refundNo}`).toSorted(),
      );

      const theirs = asked.filter((one) => one.shop.merchantId === other);
      for (const { refundNo } of theirs.filter(
        (one) => !own.some((mine) => mine.refundNo === one.refundNo),
      )) {
        for (const path of [`/v1/refunds/${refundNo}`, `/v1/refunds/${refundNo}/observations`]) {
          const { status, data } = await api(merchantId).get<Record<string, unknown>>(path);
          expect([status, data['code']]).toEqual([404, 'refund_unknown']);
        }
      }
    }
  });

  test("a merchant that names another's account is told that there is no such account, and nothing is recorded", async () => {
    for (const shop of accountsOf(SECOND)) {
      const wanted = { shop, refundNo: `XRF${tailOf(99)}`, paymentNo: 'ORD-NOT-MINE', amountMinor: 1n };

      const answer = await ask(FIRST, wanted, '4200000000000000000000000001');

      expect([answer.status, answer.data['code']]).toEqual([422, 'account_unknown']);
    }
    const { rows } = await stack.context.pool.query('select from payments where payment_no = $1', [
      'ORD-NOT-MINE',
    ]);
    expect(rows).toEqual([]);
  });
});

interface Kept {
  readonly id: bigint;
  readonly account_id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One genuine notice of each account, as it came. */
async function genuineNotices(): Promise<readonly Kept[]> {
  const { rows } = await stack.context.pool.query<Kept>(
    `select distinct on (account_id) id, account_id, headers, body from callbacks
      where verdict = 'refund' and applied_at is not null order by account_id, id`,
  );
  return rows;
}

async function observations(): Promise<bigint> {
  const { rows } = await stack.context.pool.query<{ n: bigint }>('select count(*) as n from observations');
  return rows[0]?.n ?? 0n;
}

/** What the address of another account says to a genuine notice. WeChat Pay's is sealed with the merchant's own key. */
const REFUSED_AS: Readonly<Record<ChannelName, string>> = {
  wechat: 'callback_undecipherable',
  alipay: 'callback_account_differs',
  unionpay: 'callback_account_differs',
};

describe('a genuine notice that is sent to the address of another account', () => {
  test('of the channel is refused, kept as refused, and changes nothing', async () => {
    const notices = await until('every account has had a notice', async () => {
      const value = await genuineNotices();
      return { done: value.length === ACCOUNTS, value };
    });
    const before = await observations();

    for (const { account_id: from, headers, body } of notices) {
      const shop = stack.shops.find((one) => one.accountId === from);
      const strangers = stack.shops.filter((one) => one.channel === shop?.channel && one !== shop);
      expect(strangers).toHaveLength(3);
      for (const { channel, accountId } of strangers) {
        const answer = await axios.post(`${stack.api.url}/callbacks/${channel}/${accountId}`, body, {
          headers: signedPart(headers),
          proxy: false,
          validateStatus: () => true,
        });

        expect(answer.status, `${from} at ${accountId}`).toBeGreaterThanOrEqual(400);
        const { rows } = await stack.context.pool.query(
          `select verdict, refusal_code, applied_at, refund_no from callbacks where account_id = $1 and body = $2`,
          [accountId, body],
        );
        expect(rows, `${from} at ${accountId}`).toEqual([
          { verdict: 'refused', refusal_code: REFUSED_AS[channel], applied_at: null, refund_no: null },
        ]);
      }
    }
    expect(await observations()).toBe(before);
  });
});

function signedPart(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'content-type' || name.startsWith('wechatpay-')),
  );
}
