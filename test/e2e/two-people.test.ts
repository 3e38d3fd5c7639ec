/**
 * Acts of two people on the whole system: a dead card sent to another one and back to the merchant, a refund that the channel
 * never answers, one over a limit, and a payer who is paid another way. And no card is found anywhere afterwards.
 */
import { randomBytes } from 'node:crypto';
import type { AxiosResponse } from 'axios';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeApiKey } from '../../api/keys.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import { createApiKey } from '../../store/api-keys.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import type { Asked, Shop } from './shop.ts';
import { openShop, until } from './shop.ts';

/** A day lasts eight seconds: what is asked for in it is decided in it also on a busy machine. */
const DAYS_PER_SECOND = 0.125;
const LIMIT_MINOR = 500_000n;
const TRIES_MAX = 4;

const CARD = { bank: 'ICBC_DEBIT', number: '6222020200112233446', holder: '李小梅' };

vi.setConfig({ testTimeout: 120_000 });

let shop: Shop;
let owner: Pool;
let alice: string;
let bob: string;
const asked = new Map<string, Asked>();

beforeAll(async () => {
  shop = await openShop({
    seed: 5,
    daysPerSecond: DAYS_PER_SECOND,
    releaseLimits: { ...NO_LIMITS, refundMinor: LIMIT_MINOR },
  });
  owner = createPool({ url: shop.stack.config.databaseUrl, role: null, max: 1, name: 'test-owner' });
  [alice, bob] = [await personKey('alice'), await personKey('bob')];
  const abnormal = { trouble: { kind: 'abnormal' }, source: 'debit_card' } as const;
  const ask = async (name: string, o?: Parameters<Shop['ask']>[1]): Promise<void> => {
    asked.set(name, await shop.ask(name, o));
  };
  await Promise.all([
    ask('to-card', abnormal),
    ask('to-merchant', abnormal),
    ask('stuck', { trouble: { kind: 'stuck' } }),
    ask('large', { capturedMinor: 2n * LIMIT_MINOR, amountMinor: LIMIT_MINOR + 1n }),
  ]);
}, 120_000);

afterAll(async () => {
  await owner.end();
  await shop.close();
}, 60_000);

async function personKey(operator: string): Promise<string> {
  const { text, sha256 } = makeApiKey(randomBytes);
  const { merchantId } = shop.stack;
  const scopes = ['approvals:read', 'approvals:write'];
  const key = { merchantId, name: operator, operator, sha256, scopes, expiresAt: null };
  await createApiKey(owner, key, { person: 'test', now: new Date() });
  return text;
}

function post(person: string, path: string, body: object): Promise<AxiosResponse<Record<string, unknown>>> {
  return shop.http.post(path, body, { headers: { authorization: `Bearer ${person}` } });
}

/** One asks and the other approves; asked again when new evidence came in between. */
async function twoPeople(body: object, decision: object = {}): Promise<Record<string, unknown>> {
  for (let tried = 1; ; tried += 1) {
    const request = await post(alice, '/v1/approvals', { reason: 'the payer called', ...body });
    expect(request.data).toMatchObject({ status: 'open', asked_by: 'alice' });
    const { id, fingerprint } = request.data;
    const decided = await post(bob, `/v1/approvals/${String(id)}/decision`, {
      ...{ verdict: 'approved', fingerprint, reason: 'seen', ...decision },
    });
    if (decided.status === 200) return decided.data;
    expect(['approval_outdated', 'approval_expired']).toContain(decided.data['code']);
    if (tried === TRIES_MAX) throw new Error(`new evidence ${String(tried)} times`);
  }
}

const numberOf = (name: string): string => asked.get(name)?.refundNo ?? '';

async function isAbnormal(name: string): Promise<void> {
  await until(`${name} is abnormal`, async () => {
    const seen = await shop.refund(numberOf(name));
    return { done: seen.state_reason === 'abnormal', value: seen };
  });
}

describe('F9 a dead card', () => {
  test('is sent to another card of the payer by two people who both typed it, and ends settled', async () => {
    await isAbnormal('to-card');
    const body = { act: 'redirect_refund', refund_no: numberOf('to-card'), card: CARD };

    const request = await post(alice, '/v1/approvals', { ...body, reason: 'the payer named a card' });
    expect(request.data['content']).toMatchObject({
      to: 'payer_card',
      bank: 'ICBC_DEBIT',
      card_ending: '3446',
      holder: '李**',
    });
    const { id, fingerprint } = request.data;
    const decide = (card?: object): Promise<AxiosResponse<Record<string, unknown>>> =>
      post(bob, `/v1/approvals/${String(id)}/decision`, {
        ...{ verdict: 'approved', fingerprint, reason: 'seen' },
        ...(card === undefined ? {} : { card }),
      });
    expect((await decide()).data).toMatchObject({ code: 'approval_card_needed' });
    const mistyped = { number: '6222020200112233453', holder: CARD.holder };
    expect((await decide(mistyped)).data).toMatchObject({ code: 'approval_card_differs' });

    const decided = await twoPeople(body, { card: { number: CARD.number, holder: CARD.holder } });

    expect(decided).toMatchObject({ status: 'used', channel_answer: 'taken' });
    const settled = await shop.reaches(numberOf('to-card'), 'settled');
    expect(settled.lands_in).toContain('3446');
    expect(shop.paidOut(numberOf('to-card'))).toEqual([2_345n]);
  });

  test('is sent back to the merchant, is returned and not paid, and the payer is then paid another way', async () => {
    await isAbnormal('to-merchant');
    const refundNo = numberOf('to-merchant');

    await twoPeople({ act: 'redirect_refund', refund_no: refundNo });
    await shop.reaches(refundNo, 'returned');
    const route = { method: 'bank_transfer', payee: '李小梅', bank: '工商银行', account_ending: '0403' };
    await twoPeople({ act: 'fallback_route', refund_no: refundNo, ...route });
    const paid = { reference: 'T2026092500017', paid_at: shop.stack.context.clock.now().toISOString() };
    const answer = await post(alice, `/v1/refunds/${refundNo}/fallback-payment`, paid);

    expect(answer.data).toMatchObject({ state: 'returned', state_reason: 'paid_otherwise' });
    // Nothing was refunded a second time through the channel.
    expect((await shop.timeline(refundNo)).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['redirect_started', 'fallback_approved', 'fallback_paid']),
    );
  });
});

describe('a refund that the channel leaves open', () => {
  test('is decided by two people, and its workflow ends', async () => {
    const refundNo = numberOf('stuck');
    await shop.reaches(refundNo, 'processing');

    await twoPeople({ act: 'resolve_refund', refund_nos: [refundNo], as: 'paid', proof: '银行回单 8841' });

    expect((await shop.refund(refundNo)).state).toMatch(/^(succeeded|settled)$/);
    const { client } = shop.stack.context.temporal;
    const handle = client.workflow.getHandle(`refund/${shop.stack.merchantId}/${refundNo}`);
    await until('its workflow has ended', async () => {
      const { status } = await handle.describe();
      return { done: status.name === 'COMPLETED', value: status.name };
    });
  });
});

describe('F95 a refund over the limit', () => {
  test('is put to the channel by nobody until two people release it, and then goes its way', async () => {
    const refundNo = numberOf('large');
    await until('its workflow waits', async () => {
      const seen = await shop.refund(refundNo);
      return { done: seen.state_reason === 'over_limit', value: seen };
    });
    expect(shop.stack.wechat.refunds().some((one) => one.refundNo === refundNo)).toBe(false);

    await twoPeople({ act: 'release_refund', refund_nos: [refundNo] });

    await shop.reaches(refundNo, 'settled');
    expect(shop.paidOut(refundNo)).toEqual([LIMIT_MINOR + 1n]);
  });
});

describe('PCI DSS 3.5.1', () => {
  test("the payer's card is in no table of the database and in no history of a workflow", async () => {
    const { rows: tables } = await owner.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname = 'yuanlu'`,
    );
    const holding = async (text: string): Promise<string[]> => {
      const found: string[] = [];
      for (const { name } of tables) {
        const { rows } = await owner.query(`select 1 from ${name} t where strpos(t::text, $1) > 0 limit 1`, [
          text,
        ]);
        if (rows.length > 0) found.push(name);
      }
      return found;
    };
    // What may be kept is found, so the search finds what is there.
    expect(await holding('3446')).toContain('yuanlu.approvals');
    expect([...(await holding(CARD.number)), ...(await holding(CARD.holder))]).toEqual([]);
    const { client } = shop.stack.context.temporal;
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = 'refund'` })) {
      const history = JSON.stringify(await client.workflow.getHandle(workflowId).fetchHistory());
      expect(history).not.toContain(CARD.number);
      expect(history).not.toContain(Buffer.from(CARD.number).toString('base64').slice(0, 20));
    }
  });
});
