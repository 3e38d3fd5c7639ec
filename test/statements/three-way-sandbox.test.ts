/** Bills of the sandboxes, as our own readers take them, in a real Postgres: the day three ways, with every trouble of its own. */
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALIPAY_MOVEMENT_WORDS } from '../../channels/alipay/movement-words.ts';
import type { StatementContent } from '../../channels/channel.ts';
import { WECHAT_MOVEMENT_WORDS } from '../../channels/wechat/movement-words.ts';
import { openWechatStatement } from '../../channels/wechat/bill-reader.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import type { MovementWord } from '../../domain/statement/movement.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { ThreeWay } from '../../domain/statement/three-way.ts';
import { isExplained } from '../../domain/statement/three-way.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { matchMovements } from '../../store/flow-match.ts';
import { matchStatement } from '../../store/match.ts';
import { importStatement, recordEmptyStatement } from '../../store/statements.ts';
import { threeWayOf } from '../../store/three-way.ts';
import { openOurShop } from '../sandbox/alipay/our-shop.ts';
import { ourChannel } from '../sandbox/wechat/our-channel.ts';
import { askForBill } from '../sandbox/wechat/plain-bill.ts';
import { openShop } from '../sandbox/wechat/shop.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

const FIRST = '2026-09-01';
const SECOND = '2026-09-02';
const THIRD = '2026-09-03';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  const account = (id: string, channel: 'wechat' | 'alipay') => ({
    id,
    merchantId: 'shop',
    channel,
    externalId: id,
  });
  await syncAccounts(db.pool, [account('wx', 'wechat'), account('wx3', 'wechat'), account('ali', 'alipay')]);
});
afterAll(() => db.drop());

const BOTH: readonly StatementKind[] = ['trade', 'fund_flow'];

/** Where bills come from: null for a day on which there is none. */
interface Source {
  readonly accountId: string;
  readonly words: readonly MovementWord[];
  /** {@link BOTH} where left out. */
  readonly kinds?: readonly StatementKind[];
  readonly numberWithin: 'account' | 'payment';
  bill(kind: StatementKind, day: string): Promise<StatementContent | null>;
}

/** What the statement run of a day does, without its engines. */
async function runDay(source: Source, day: string): Promise<void> {
  const { accountId, words, kinds = BOTH, numberWithin } = source;
  for (const kind of kinds) {
    const now = new Date(`${day}T16:00:00+08:00`);
    const content = await source.bill(kind, day);
    const what = { accountId, kind, billDate: day, now };
    if (content === null) await recordEmptyStatement(db.ingest, what);
    else {
      const { bytes, reader } = content;
      const more = { source: bytes, reader, uri: null, expectHash: null, expectMerchantNo: null };
      const { fileId } = await importStatement(db.ingest, { ...what, ...more });
      await matchStatement(db.ingest, fileId, { now });
    }
    await matchMovements(db.ingest, { accountId, billDate: day, words, kinds, numberWithin, now });
  }
}

function threeWay({ accountId, words, kinds = BOTH }: Source, billDate: string): Promise<ThreeWay> {
  return threeWayOf(db.pool, {
    accountId,
    billDate,
    words,
    kinds,
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });
}

const kinds = ({ tradeToFundFlow, fees }: ThreeWay): string[] =>
  [tradeToFundFlow, fees].flatMap(({ items }, n) =>
    items.map(
      ({ kind, count, minor }) =>
        `${n === 0 ? 'refunds' : 'fees'} ${kind} ${String(count)}: ${String(minor)}`,
    ),
  );

async function openBreaks(accountId: string): Promise<string[]> {
  const { rows } = await db.owner.query<{ said: string }>(
    `select concat_ws(' ', kind, bill_date, amount_minor || '/' || coalesce(expected_minor::text, '-')) as said
       from breaks where account_id = $1 and status = 'open' and dedupe_key like 'flow/%' order by 1`,
    [accountId],
  );
  return rows.map(({ said }) => said);
}

test('WeChat Pay: a movement that is missing, one that is late and a fee that differs are told apart, and the late one ends by itself', async () => {
  const shop = await openShop();
  const source: Source = {
    ...{ accountId: 'wx', words: WECHAT_MOVEMENT_WORDS, numberWithin: 'account' },
    bill: async (kind, day) => {
      const name = kind === 'trade' ? 'tradebill' : 'fundflowbill';
      const offer = await askForBill(shop, `bill_date=${day}`, name);
      if (offer.status !== 200) return null;
      const file = await shop.callRaw('GET', String(offer.json['download_url']));
      return openWechatStatement(Readable.from([file.bytes]));
    },
  };
  const troubles = [
    null,
    { kind: 'movement_missing' },
    { kind: 'movement_late' },
    { kind: 'movement_fee_differs', fen: 2 },
  ];
  for (const [n, trouble] of troubles.entries()) {
    const wish = shop.wish(await shop.pay(100_000), 10_000 * (n + 1));
    if (trouble !== null) await shop.plan(wish.out_refund_no, trouble);
    await shop.refund(wish);
  }

  await shop.turnTo(`${SECOND}T10:00:00+08:00`);
  await runDay(source, FIRST);
  const morning = await threeWay(source, FIRST);
  expect(morning.trade).toMatchObject({ count: 4, payerMinor: 100_000n, feeMinor: 600n });
  expect(kinds(morning)).toEqual([
    'refunds waiting 2: -50000',
    'fees fee_differs 1: 2',
    'fees waiting 1: -180',
  ]);

  await shop.turnTo(`${THIRD}T10:00:00+08:00`);
  await runDay(source, SECOND);
  const day = await threeWay(source, FIRST);
  expect(kinds(day)).toEqual([
    'refunds booked_on_other_day 1: -30000',
    'refunds missing_in_fund_flow 1: -20000',
    'fees booked_on_other_day 1: -180',
    'fees fee_differs 1: 2',
  ]);
  expect(isExplained(day)).toBe(false);
  const next = await threeWay(source, SECOND);
  expect(kinds(next)).toEqual(['refunds booked_for_other_day 1: 30000', 'fees booked_for_other_day 1: 180']);
  expect(await openBreaks('wx')).toEqual([
    `fee_differs ${FIRST} 242/240`,
    `missing_in_fund_flow ${FIRST} 20000/-`,
  ]);
});

test('WeChat Pay: refunds paid from two fund accounts, with fees on a third, agree over all of them; what is planted does not', async () => {
  const shop = await openShop();
  const channel = ourChannel(shop, ['basic', 'operation', 'fees']);
  const source: Source = {
    ...{ accountId: 'wx3', words: channel.movementWords, kinds: channel.limits.statementKinds },
    numberWithin: 'account',
    bill: async (kind, day) => {
      const found = await channel.requestStatement(kind, day);
      if (found.outcome !== 'ready') return null;
      return channel.openStatement(kind, await found.ticket.download());
    },
  };
  await shop.control('POST', '/transfer', { from: 'BASIC', to: 'OPERATION', amount_minor: '900000' });
  await shop.control('POST', '/transfer', { from: 'BASIC', to: 'FEES', amount_minor: '50000' });
  const planned = [
    [],
    [{ kind: 'paid_from_operation' }],
    [{ kind: 'paid_from_operation' }, { kind: 'movement_missing' }],
    [{ kind: 'paid_from_operation' }, { kind: 'movement_fee_differs', fen: 2 }],
    [{ kind: 'paid_from_operation' }, { kind: 'closed' }],
  ];
  const paidBy: unknown[] = [];
  for (const [n, troubles] of planned.entries()) {
    const order = await shop.pay(100_000, { fee_account: 'FEES' });
    const { out_refund_no: refundNo } = shop.wish(order, 1);
    for (const trouble of troubles) await shop.plan(refundNo, trouble);
    const amountMinor = BigInt(10_000 * (n + 1));
    const answer = await channel.submitRefund({
      ...{ refundNo, amountMinor, capturedMinor: 100_000n, currency: 'CNY', reason: null },
      ...{ paymentNo: order.payment_no, transactionId: order.transaction_id, paidAt: null },
      requestedAt: new Date(),
    });
    paidBy.push(answer.outcome === 'reported' ? reportFacts(answer.report).fundAccount : answer);
  }
  expect(paidBy).toEqual([undefined, 'operation', 'operation', 'operation', 'operation']);

  await shop.turnTo(`${SECOND}T10:00:00+08:00`);
  await runDay(source, FIRST);
  await shop.turnTo(`${THIRD}T10:00:00+08:00`);
  await runDay(source, SECOND);

  const day = await threeWay(source, FIRST);
  const none = { count: 0, minor: 0n };
  expect(day.trade).toMatchObject({ count: 5, minor: 150_000n, feeMinor: 900n });
  expect(day.fundAccounts).toEqual([
    {
      ...{ kind: 'fund_flow', statement: 'loaded', count: 1, minor: 10_000n, feeMinor: 0n },
      ...{ backMinor: 0n, backFeeMinor: 0n, toOwn: { count: 2, minor: 950_000n }, fromOwn: none },
    },
    {
      ...{ kind: 'fund_flow_operation', statement: 'loaded', count: 3, minor: 110_000n, feeMinor: 0n },
      ...{ backMinor: 50_000n, backFeeMinor: 0n, toOwn: none, fromOwn: { count: 1, minor: 900_000n } },
    },
    {
      ...{ kind: 'fund_flow_fees', statement: 'loaded', count: 0, minor: 0n, feeMinor: 902n },
      ...{ backMinor: 0n, backFeeMinor: 300n, toOwn: none, fromOwn: { count: 1, minor: 50_000n } },
    },
  ]);
  expect(kinds(day)).toEqual(['refunds missing_in_fund_flow 1: -30000', 'fees fee_differs 1: 2']);
  expect(await openBreaks('wx3')).toEqual([
    `fee_differs ${FIRST} 242/240`,
    // These books know of no refund: what came back of the closed one is nobody's.
    `missing_in_books ${FIRST} 300/-`,
    `missing_in_books ${FIRST} 50000/-`,
    `missing_in_fund_flow ${FIRST} 30000/-`,
  ]);
});

test('Alipay: the account’s log shows refunds and their fees under the number in the remark', async () => {
  const shop = await openOurShop();
  const source: Source = {
    ...{ accountId: 'ali', words: ALIPAY_MOVEMENT_WORDS, numberWithin: 'payment' },
    bill: async (kind, day) => {
      const found = await shop.channel.requestStatement(kind, day);
      return found.outcome === 'ready'
        ? shop.channel.openStatement(kind, await found.ticket.download())
        : null;
    },
  };
  for (const trouble of [
    null,
    { kind: 'movement_fee_differs' as const },
    { kind: 'movement_late' as const },
  ]) {
    const order = shop.order(10_000n, 4_000n);
    if (trouble !== null) shop.sandbox.plan.forRefund(order.refundNo, trouble);
    await shop.channel.submitRefund(order);
  }

  await shop.turnTo(`${SECOND}T10:00:00+08:00`);
  await runDay(source, FIRST);
  await shop.turnTo(`${THIRD}T10:00:00+08:00`);
  await runDay(source, SECOND);

  expect(kinds(await threeWay(source, FIRST))).toEqual([
    'refunds booked_on_other_day 1: -4000',
    'fees booked_on_other_day 1: -24',
    'fees fee_differs 1: 1',
  ]);
  expect(await openBreaks('ali')).toEqual([`fee_differs ${FIRST} 25/24`]);
});
