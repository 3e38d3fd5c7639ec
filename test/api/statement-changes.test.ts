/** What a restated statement changed, over HTTP: line by line, both sides, page by page. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importPlain } from '../statements/bills.ts';
import type { PlainLine } from '../statements/plain-statement.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { call, problemIn } from './calls.ts';

const DAY = '2026-11-20';
const line = (refundNo: string, amount: number, o: Partial<PlainLine> = {}): PlainLine => ({
  ...{ at: `${DAY} 12:00:00`, refundNo, amount, ...o },
});

let api: ApiUnderTest;
let first: string;
let second: string;

beforeAll(async () => {
  api = await apiUnderTest();
  const bring = async (lines: readonly PlainLine[]): Promise<string> =>
    (await importPlain(api.database, { billDate: DAY, lines }, { accountId: 'wx-1' })).fileId;
  first = await bring([line('A', 1), line('B', 2, { transactionId: 'T2' }), line('C', 3)]);
  second = await bring([line('A', 1), line('B', 20, { transactionId: 'T2' }), line('D', 4), line('E', 5)]);
});

afterAll(async () => {
  await api.close();
});

interface Page {
  readonly supersedes: string | null;
  readonly counts: object | null;
  readonly changes: readonly { readonly no: number; readonly change: string }[];
  readonly next_cursor: string | null;
}

const changesOf = async (id: string, query = ''): Promise<Page> =>
  (await call(api, `/v1/statements/${id}/changes${query}`)).json as Page;

test('F46 a changed line comes with both sides, the numbers that make it the same, and what differs', async () => {
  const { supersedes, counts, changes } = await changesOf(second);

  expect({ supersedes, counts }).toEqual({ supersedes: first, counts: { added: 2, gone: 1, changed: 1 } });
  expect(changes).toMatchObject([
    {
      ...{ no: 1, change: 'changed', same_by: { refund_no: 'B', transaction_id: 'T2' } },
      differs_in: ['amount_minor', 'payer_minor'],
      before: { line_no: 3, amount_minor: '2' },
      after: { line_no: 3, amount_minor: '20', occurred_at: '2026-11-20T04:00:00.000Z', currency: 'CNY' },
    },
    { no: 2, change: 'added', same_by: { refund_no: 'D' }, differs_in: [], before: null },
    { no: 3, change: 'gone', same_by: { refund_no: 'C' }, before: { line_no: 4 }, after: null },
    { no: 4, change: 'added', same_by: { refund_no: 'E' } },
  ]);
});

test('they come page by page, each once', async () => {
  const one = await changesOf(second, '?limit=3');
  const other = await changesOf(second, `?limit=3&cursor=${one.next_cursor ?? ''}`);

  expect([...one.changes, ...other.changes].map(({ no }) => no)).toEqual([1, 2, 3, 4]);
  expect(other.next_cursor).toBeNull();
  const linked = await call(api, `/v1/statements/${second}/changes?limit=3`);
  expect(linked.headers['link']).toBe(`</v1/statements/${second}/changes?limit=3&cursor=3>; rel="next"`);
});

test('the first delivery of a day has none, and the counts stand with the statement', async () => {
  expect(await changesOf(first)).toEqual({ supersedes: null, counts: null, changes: [], next_cursor: null });
  expect((await call(api, `/v1/statements/${first}`)).json).toMatchObject({ changes: null });
  expect((await call(api, `/v1/statements/${second}`)).json).toMatchObject({
    changes: { added: 2, gone: 1, changed: 1 },
  });
});

test('those of another merchant are not there, nor is a cursor that no page gave', async () => {
  const path = `/v1/statements/${second}/changes`;
  problemIn(await call(api, path, { key: api.keys.m2 }), 'statement_unknown');
  problemIn(await call(api, `${path}?cursor=x`), 'request_invalid');
});
