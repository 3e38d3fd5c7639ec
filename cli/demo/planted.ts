/** What became of every trouble that was planted, read from the books and compared with what was to become of it. */
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { isDayTrouble, notMadeYet } from '../../sandbox/trouble-plan.ts';
import type { Pool } from '../../store/pool.ts';
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { DemoPlan } from './plan.ts';
import { readStates } from './states.ts';
import type { PlannedTrouble } from './trouble.ts';

export interface Planted {
  readonly channel: string;
  readonly trouble: string;
  readonly refund_no: string;
  readonly expected: string;
  readonly found: string;
}

/** What became of every planted trouble. `firstDay` is that of the month. */
export async function readPlanted(
  pool: Pool,
  plan: DemoPlan,
  shops: readonly SandboxShop[],
  firstDay: PlainDate,
): Promise<readonly Planted[]> {
  const states = await readStates(pool);
  const planted = troubled(plan).map(({ refundNo, channel, trouble }) => ({
    channel,
    trouble: trouble.name,
    refund_no: refundNo,
    expected: trouble.expected,
    found: states.get(refundNo) ?? 'nothing',
  }));
  return [
    ...planted,
    ...(await readDifferences(pool, plan, shops)),
    ...(await readLateStatements(pool, plan, shops, firstDay)),
  ];
}

/** The numbers by which breaks can name what was planted: of refunds in trouble, and of refunds made by hand. */
export function plantedNumbers(
  plan: DemoPlan,
  shops: readonly Pick<SandboxShop, 'channel' | 'sandbox'>[],
): ReadonlySet<string> {
  return new Set([
    ...troubled(plan).map(({ refundNo }) => refundNo),
    ...byHandOf(shops).flatMap(({ refundNo, channelRefundNo }) => [refundNo, channelRefundNo]),
  ]);
}

/** Of open breaks, by their ids, those that are about one of `numbers`. */
export async function readPlantedBreaks(
  pool: Pool,
  ids: readonly string[],
  numbers: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ id: string }>(
    `select id::text as id from breaks
      where id = any ($1::bigint[]) and (refund_no = any ($2) or channel_refund_no = any ($2))`,
    [ids, [...numbers]],
  );
  return new Set(rows.map((row) => row.id));
}

interface Troubled {
  readonly refundNo: string;
  readonly channel: string;
  readonly trouble: PlannedTrouble;
}

function troubled(plan: DemoPlan): readonly Troubled[] {
  return plan.refunds.flatMap(({ refundNo, payment: { channel }, trouble }) =>
    trouble === null ? [] : [{ refundNo, channel, trouble }],
  );
}

/** Differences between statement and books that must have become breaks. */
async function readDifferences(
  pool: Pool,
  plan: DemoPlan,
  shops: readonly SandboxShop[],
): Promise<readonly Planted[]> {
  const { rows } = await pool.query<{ kind: string; refund_no: string | null }>(
    `select kind, coalesce(refund_no, channel_refund_no) as refund_no from breaks where status = 'open'`,
  );
  const open = new Set(rows.map((row) => `${row.kind} ${row.refund_no ?? ''}`));
  const left = (kind: string, numbers: readonly string[]): Pick<Planted, 'expected' | 'found'> => ({
    expected: kind,
    found: numbers.some((number) => open.has(`${kind} ${number}`)) ? kind : 'no break',
  });
  const ofTroubles = troubled(plan).flatMap(({ refundNo, channel, trouble: { name, leaves = [] } }) =>
    leaves.map((kind) => ({ channel, trouble: name, refund_no: refundNo, ...left(kind, [refundNo]) })),
  );
  const made = byHandOf(shops);
  const byHand = plan.byHand.map(({ payment: { channel }, amountMinor }) => {
    const one = made.find((each) => each.channel === channel && each.amountMinor === amountMinor);
    const of = { channel, trouble: 'refund_by_hand', refund_no: one?.refundNo ?? 'not made' };
    return {
      ...of,
      ...left('missing_in_books', one === undefined ? [] : [one.refundNo, one.channelRefundNo]),
    };
  });
  return [...ofTroubles, ...byHand];
}

function byHandOf(shops: readonly Pick<SandboxShop, 'channel' | 'sandbox'>[]): readonly {
  readonly channel: string;
  readonly refundNo: string;
  readonly channelRefundNo: string;
  readonly amountMinor: bigint;
}[] {
  return shops.flatMap(({ channel, sandbox }) =>
    sandbox
      .ledger()
      .paidOut.filter((paid) => paid.origin === 'console')
      .map(({ refundNo, channelRefundNo, amountMinor }) => ({
        channel,
        refundNo,
        channelRefundNo,
        amountMinor,
      })),
  );
}

/** Days whose trade statement was asked for in vain, and fetched later: one that has anything to show is loaded in the end. */
async function readLateStatements(
  pool: Pool,
  plan: DemoPlan,
  shops: readonly SandboxShop[],
  firstDay: PlainDate,
): Promise<readonly Planted[]> {
  const { rows } = await pool.query<{ account_id: string; bill_date: string; status: string }>(
    `select account_id, bill_date, status from statement_files where kind = 'trade' and status in ('loaded', 'empty')`,
  );
  const statusOf = new Map(rows.map((row) => [`${row.account_id} ${row.bill_date}`, row.status]));
  const plain = new Set(
    plan.refunds.flatMap(({ refundNo, trouble }) => (trouble === null ? [refundNo] : [])),
  );
  return plan.lateStatements.map(({ channel, day }) => {
    const billDate = addDays(firstDay, day);
    const shop = shops.find((one) => one.channel === channel);
    const status = statusOf.get(`${shop?.accountId ?? ''} ${billDate}`) ?? 'missing';
    const isLoaded = status === 'loaded' || (status === 'empty' && !hasPaid(shop, billDate, plain));
    return {
      ...{ channel, trouble: 'bill_late', refund_no: billDate, expected: 'loaded' },
      found: wasLate(shop, billDate) ? (isLoaded ? 'loaded' : status) : 'never late',
    };
  });
}

function wasLate(shop: SandboxShop | undefined, billDate: PlainDate): boolean {
  const planned = shop?.sandbox.plan.list() ?? [];
  return planned.some(
    (one) =>
      isDayTrouble(one.trouble) &&
      one.billDate === billDate &&
      one.applied.some(({ what }) => what === notMadeYet('trade')),
  );
}

/** The last hour of a day may count for the next one's statement. */
const LAST_HOUR_MS = 3_600_000;

/** Whether the channel paid one of these refunds on the day, by its own ledger. */
function hasPaid(shop: SandboxShop | undefined, day: PlainDate, refundNos: ReadonlySet<string>): boolean {
  const paid = shop?.sandbox.ledger().paidOut ?? [];
  return paid.some(
    ({ refundNo, firstAt }) =>
      refundNos.has(refundNo) &&
      beijingDateOf(firstAt) === day &&
      beijingDateOf(new Date(firstAt.getTime() + LAST_HOUR_MS)) === day,
  );
}
