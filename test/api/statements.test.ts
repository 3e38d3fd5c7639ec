/** What the channels delivered, over HTTP: files of the caller's merchant only, page by page. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { call, problemIn } from './calls.ts';
import { deliveredStatement } from './delivered-statement.ts';

let api: ApiUnderTest;
const ids: string[] = [];

beforeAll(async () => {
  api = await apiUnderTest();
  for (const day of ['2026-11-21', '2026-11-22', '2026-11-23'])
    ids.push(await deliveredStatement(api.database, 'wx-1', day));
  ids.push(await deliveredStatement(api.database, 'wx-3', '2026-11-23'));
  await api.database.owner.query(
    `insert into quarantined_lines (file_id, line_no, byte_offset, code, reason, raw) values ($1, 7, 70, null, 'no amount', '6222020200112233446,x')`,
    [ids[0]],
  );
});

afterAll(async () => {
  await api.close();
});

const listed = async (query: string, key?: string): Promise<{ ids: string[]; next: string | null }> => {
  const { json } = await call(api, `/v1/statements${query}`, key === undefined ? {} : { key });
  const page = json as { statements: { id: string }[]; next_cursor: string | null };
  return { ids: page.statements.map(({ id }) => id), next: page.next_cursor };
};

describe('statements', () => {
  test('are listed by day and page by page, each with its sums', async () => {
    const first = await listed('?limit=2');
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect((await listed(`?limit=2&cursor=${first.next ?? ''}`)).ids).toEqual([ids[2]]);
    expect((await listed('?from=2026-11-22&to=2026-11-22')).ids).toEqual([ids[1]]);
    expect((await call(api, `/v1/statements/${ids[1] ?? ''}`)).json).toMatchObject({
      ...{ bill_date: '2026-11-22', status: 'refused', set_aside: 1 },
      ...{ totals_declared: { refund: '500' }, totals_computed: { refund: '499' } },
    });
  });

  test.each(['0000-02-29', '2026-02-30', '1999-12-31'])('of no day that can be: %s', async (day) => {
    problemIn(await call(api, `/v1/statements?from=${day}`), 'request_invalid');
  });

  test('of another merchant are not there', async () => {
    expect((await listed('', api.keys.m2)).ids).toEqual([ids[3]]);
    problemIn(await call(api, `/v1/statements/${ids[3] ?? ''}`), 'statement_unknown');
  });

  test('show the rows that could not be read, without whole card numbers', async () => {
    const { json } = await call(api, `/v1/statements/${ids[0] ?? ''}`);

    expect(json).toMatchObject({
      rows_set_aside: [{ line_no: 7, code: null, reason: 'no amount', raw: '****3446,x' }],
    });
  });
});
