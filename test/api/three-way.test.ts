/** A day three ways over HTTP: the caller's accounts only, and every amount a string. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bringTrade } from '../statements/flow-days.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { call, problemIn } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
  const rows = [{ refundNo: 'R1', amount: 500, payer: 450, fee: 3 }];
  await bringTrade(api.database, '2026-11-23', rows, { accountId: 'wx-1' });
});

afterAll(async () => {
  await api.close();
});

const ask = (query: string, o: { key?: string } = {}) => call(api, `/v1/three-way?${query}`, o);

describe('a day three ways', () => {
  test('says of each side how much it was, and of each difference why', async () => {
    const { json } = await ask('account_id=wx-1&bill_date=2026-11-23');

    expect(json).toEqual({
      ...{ account_id: 'wx-1', bill_date: '2026-11-23', explained: false, unexplained_minor: '500' },
      // This test's channel has no fund-flow statement: what is cleared is what left.
      statements: { trade: 'loaded', fund_flow: 'clearing' },
      books: { count: 0, minor: '0' },
      trade: { count: 1, minor: '500', payer_minor: '450', fee_minor: '3' },
      fund_flow: { count: 1, minor: '450', fee_minor: '3', back_minor: '0', back_fee_minor: '0' },
      fund_accounts: [],
      steps: {
        books_to_trade: {
          ...{ from_minor: '0', to_minor: '500' },
          items: [{ kind: 'missing_in_books', explained: false, count: 1, minor: '500' }],
        },
        trade_to_fund_flow: {
          ...{ from_minor: '500', to_minor: '450' },
          items: [{ kind: 'discount', explained: true, count: 1, minor: '-50' }],
        },
        fees: { from_minor: '3', to_minor: '3', items: [] },
        given_back: { from_minor: '0', to_minor: '0', items: [] },
      },
    });
  });

  test('of which nothing is there yet is all nothing, and not explained', async () => {
    const { json } = await ask('account_id=wx-1&bill_date=2026-11-01');

    expect(json).toMatchObject({
      explained: false,
      unexplained_minor: '0',
      statements: { trade: 'missing' },
    });
  });

  test.each(['0000-02-29', '2026-02-30', '1999-12-31', 'today'])('of no day that can be: %s', async (day) => {
    problemIn(await ask(`account_id=wx-1&bill_date=${day}`), 'request_invalid');
  });

  test('of an account of somebody else is not there', async () => {
    problemIn(await ask('account_id=wx-1&bill_date=2026-11-23', { key: api.keys.m2 }), 'account_unknown');
    problemIn(await ask('account_id=nobody&bill_date=2026-11-23'), 'account_unknown');
  });
});
