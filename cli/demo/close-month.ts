/**
 * The month is closed day by day, by two people over the API: what trouble was planted is known, and accepted by its break. One
 * difference nobody explains: its day cannot be closed, and says why. A difference that nobody planted is a fault of the
 * product and stands in the way of its day, too.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AxiosInstance } from 'axios';
import type { z } from 'zod';
import type { ApprovalResource } from '../../api/approval-resource.ts';
import type { daySchema } from '../../api/day-resource.ts';
import { makeApiKey } from '../../api/keys.ts';
import { verifyDayFile } from '../../closing/day-file.ts';
import { AppError } from '../../domain/errors.ts';
import { backfillWorkflowId } from '../../domain/ids.ts';
import { addDays } from '../../domain/time/plain-date.ts';
import { readPublishedKeys } from '../../receipts/verify-file.ts';
import { createApiKey } from '../../store/api-keys.ts';
import { createPool } from '../../store/pool.ts';
import type { Stack } from '../../workers/stack.ts';
import type { backfill } from '../../workflows/backfill.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { apiClient, bodyOf } from '../commands/api-client.ts';
import { addressOf } from '../commands/close.ts';
import { counted } from '../output.ts';
import type { Check } from './checks.ts';
import type { DemoPlan } from './plan.ts';
import { plantedNumbers, readPlantedBreaks } from './planted.ts';

/** Business seconds per wall second while people decide: a request waits a day, which is most of a minute here. */
const RATE_OF_PEOPLE = 1_728;

export interface ClosedMonth {
  readonly closed: number;
  readonly not_closed: readonly NotClosed[];
  /** Whether the file of a closed day verifies, and what is said of it with one fen changed. */
  readonly file: { readonly verdict: string; readonly changed: string };
}

interface NotClosed {
  readonly account_id: string;
  readonly bill_date: string;
  readonly why: string;
}

interface AccountDay {
  readonly accountId: string;
  readonly billDate: string;
}

const NO_FILE = { verdict: 'no file', changed: 'no file' };

type Day = z.infer<typeof daySchema>;

interface People {
  readonly asks: AxiosInstance;
  readonly decides: AxiosInstance;
}

export async function closeMonth(
  stack: Stack,
  month: { readonly first: string; readonly days: number; readonly plan: DemoPlan },
  update: (text: string) => void,
): Promise<ClosedMonth> {
  const { virtual, shops } = stack;
  const rate = virtual?.time().rate ?? 1;
  virtual?.setRate(RATE_OF_PEOPLE);
  try {
    const people = { asks: await personOf(stack, 'lin.mei'), decides: await personOf(stack, 'wang.qiang') };
    const dates = Array.from({ length: month.days }, (_, nth) => addDays(month.first, nth));
    const explained = explainedOf(stack, month.plan);
    const closed: AccountDay[] = [];
    const closeDays = async (accountId: string, days: readonly string[]): Promise<NotClosed[]> => {
      const notClosed: NotClosed[] = [];
      for (const billDate of days) {
        const why = await closeOne(people, { accountId, billDate }, explained);
        if (why === null) closed.push({ accountId, billDate });
        else notClosed.push({ account_id: accountId, bill_date: billDate, why });
        update(`closing ${billDate}: ${counted(closed.length, 'day')} of accounts closed by two people`);
      }
      return notClosed;
    };
    /** Accounts are closed side by side, each day after day. */
    const close = async (daysOf: (accountId: string) => readonly string[]): Promise<NotClosed[]> => {
      const each = await Promise.all(shops.map(({ accountId }) => closeDays(accountId, daysOf(accountId))));
      return each.flat();
    };
    let open = await close(() => dates);
    const missing = open.filter(({ why }) => why.includes('statement_'));
    if (missing.length > 0) {
      update(`fetching the statements of ${String(missing.length)} days that were missed`);
      await backfillDays(stack, missing);
      const left = open;
      open = await close((accountId) =>
        left.filter((one) => one.account_id === accountId).map((one) => one.bill_date),
      );
    }
    const some = closed.find(({ accountId }) => accountId === shops[0]?.accountId);
    const file =
      some === undefined ? NO_FILE : await verdictsOn(people.asks, addressOf(some.accountId, some.billDate));
    return { closed: closed.length, not_closed: open, file };
  } finally {
    virtual?.setRate(rate);
  }
}

/** The number of a refund that somebody made by hand, and that nobody will explain. */
function unexplainedOf({ shops }: Stack): string | null {
  const [shop] = shops;
  const byHand = shop?.sandbox.ledger().paidOut.find((paid) => paid.origin === 'console');
  return byHand?.refundNo ?? null;
}

type OpenBreak = Day['open_breaks'][number];

/** Finds, of the open breaks of a day, those that somebody can explain: they were planted. */
function explainedOf(
  stack: Stack,
  plan: DemoPlan,
): (open: readonly OpenBreak[]) => Promise<readonly OpenBreak[]> {
  const unexplained = unexplainedOf(stack);
  const numbers = plantedNumbers(plan, stack.shops);
  return async (open) => {
    if (open.length === 0) return open;
    const ids = open.map(({ id }) => id);
    const planted = await readPlantedBreaks(stack.context.pool, ids, numbers);
    return open.filter((one) => one.refund_no !== unexplained && planted.has(one.id));
  };
}

/** Null when it is closed, else what stands in the way. */
async function closeOne(
  { asks, decides }: People,
  { accountId, billDate }: AccountDay,
  explainedOnes: ReturnType<typeof explainedOf>,
): Promise<string | null> {
  const day = bodyOf(await asks.get(addressOf(accountId, billDate))) as unknown as Day;
  const explained = await explainedOnes(day.open_breaks);
  const request = {
    ...{ act: 'close_day', account_id: accountId, bill_date: billDate, reason: '全部核平' },
    accept_breaks: explained.map(({ id, kind }) => ({
      break_id: id,
      reason: `planted in the demo: ${kind}`,
    })),
  };
  try {
    const asked = bodyOf(await asks.post('/v1/approvals', request)) as unknown as ApprovalResource;
    const decision = { verdict: 'approved', fingerprint: asked.fingerprint, reason: 'checked' };
    bodyOf(await decides.post(`/v1/approvals/${asked.id}/decision`, decision));
    return null;
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${String(error.details['detail'])}`;
    throw error;
  }
}

/** A machine that was late at the start of the month missed the bills of its first days, as an installation does that was away. */
async function backfillDays({ context }: Stack, missing: readonly NotClosed[]): Promise<void> {
  const { client } = context.temporal;
  for (const accountId of new Set(missing.map((one) => one.account_id))) {
    const dates = missing.filter((one) => one.account_id === accountId).map((one) => one.bill_date);
    const [from = '', to = ''] = [dates.at(0), dates.at(-1)];
    for (const kind of context.channels.get(accountId).limits.statementKinds) {
      await client.workflow.execute<typeof backfill>('backfill', {
        taskQueue: REFUND_QUEUE,
        workflowId: backfillWorkflowId(accountId, kind, from, to),
        args: [{ accountId, kind, from, to }],
      });
    }
  }
}

async function personOf(
  { api, config, context, merchantId }: Stack,
  operator: string,
): Promise<AxiosInstance> {
  const { text, sha256 } = makeApiKey(randomBytes);
  const scopes = ['statements:read', 'approvals:read', 'approvals:write'];
  const owner = createPool({ url: config.databaseUrl, role: null, max: 1, name: 'demo-keys' });
  try {
    const key = { merchantId, name: operator, operator, sha256, scopes, expiresAt: null };
    await createApiKey(owner, key, { person: 'demo', now: context.clock.now() });
  } finally {
    await owner.end();
  }
  return apiClient({ YUANLU_API_URL: api.url, YUANLU_API_KEY: text });
}

async function verdictsOn(client: AxiosInstance, address: string): Promise<ClosedMonth['file']> {
  const published = await client.get<string>('/.well-known/yuanlu-receipt-keys.json', {
    responseType: 'text',
  });
  const keys = readPublishedKeys(published.data, 'published keys');
  const file = await client.get<string>(`${address}/closing/file`, { responseType: 'text' });
  const verdict = async (text: string): Promise<string> =>
    (await verifyDayFile(Readable.from([Buffer.from(text)]), keys)).verdict;
  const fen = /"amount_minor":"(?=[0-9])/;
  // A day on which nothing happened has no amount to change.
  const changed = fen.test(file.data)
    ? file.data.replace(fen, '$&1')
    : file.data.replace('"closing":', '$&1');
  return { verdict: await verdict(file.data), changed: await verdict(changed) };
}

export function closingChecks(month: ClosedMonth): readonly Check[] {
  const [open, ...others] = month.not_closed;
  return [
    {
      name: 'the month is closed day by day, but for the day with a difference that nobody explains',
      ok: others.length === 0 && /no_open_break: break [0-9]+, missing_in_books/.test(open?.why ?? ''),
      detail: [
        `${String(month.closed)} closed by two people`,
        ...month.not_closed.map((one) => `${one.account_id} on ${one.bill_date}: ${one.why}`),
      ].join('; '),
    },
    {
      name: 'a closed day verifies, and a changed one does not',
      ok: month.file.verdict === 'genuine' && month.file.changed !== 'genuine',
      detail: `${month.file.verdict}, ${month.file.changed}`,
    },
  ];
}
