/** Closing a day over HTTP: the checklist, the two people, the closing, its file and its proofs, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishedKey, VerificationKey } from '../../receipts/receipt-keys.ts';
import { readPublishedKeys } from '../../receipts/verify-file.ts';
import { verifyDayFile } from '../../closing/day-file.ts';
import { verifyDayProof } from '../../closing/day-proof.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { bring } from '../statements/bills.ts';
import { chunksOf } from '../statements/plain-statement.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';

const DAY = '2026-11-21';
const AFTER = '2026-11-22';
const LATER = '2026-11-23';

let api: ApiUnderTest;
let keys: readonly VerificationKey[];
let breakId: string;

const of = (day: string, account = 'wx-1'): string => `/v1/accounts/${account}/days/${day}`;

beforeAll(async () => {
  api = await apiUnderTest();
  const published = (await call(api, '/.well-known/yuanlu-receipt-keys.json')).json as {
    keys: PublishedKey[];
  };
  keys = readPublishedKeys(JSON.stringify(published), 'keys');
  await refundOn(DAY, 'R-CLOSED', '234');
  await refundOn(LATER, 'R-OPEN', '500');
  await loaded(DAY, ['R-CLOSED', 234], ['R-STRANGER', 7]);
  await loaded(AFTER);
  await loaded(LATER, ['R-OPEN', 500]);
  const { breaks } = (await call(api, '/v1/breaks?status=open')).json as { breaks: { id: string }[] };
  breakId = breaks[0]?.id ?? '';
});

afterAll(async () => {
  await api.close();
});

async function refundOn(day: string, refundNo: string, amount: string): Promise<void> {
  api.clock.at = new Date(`${day}T09:00:00+08:00`);
  const asked = { refund_no: refundNo, payment_no: await newPayment(api), amount_minor: amount };
  refundIn(await ask(api, { ...asked, currency: 'CNY' }));
  const refund = await getRefund(api.database.pool, 'm1', refundNo);
  const at = api.clock.at.toISOString();
  await observe(api.database.pool, refund?.id ?? '', [
    { kind: 'attempt_started', source: 'submit', ref: 'a1', at, attempt: 1 },
    { kind: 'channel_report', source: 'query', ref: 'q1', at, status: 'processing', acceptedAt: at },
  ]);
  api.clock.at = NOW;
}

async function loaded(day: string, ...lines: readonly [string, number][]): Promise<void> {
  const of = lines.map(([refundNo, amount]) => ({ at: `${day} 12:00:00`, refundNo, amount }));
  await bring(api.database, { billDate: day, lines: of }, { accountId: 'wx-1', now: NOW });
}

const post = (body: object, key = api.people.alice): Promise<Answer> =>
  call(api, '/v1/approvals', { method: 'POST', key, body: { reason: '全部核平', ...body } });

const closing = (o: object = {}): object => ({ act: 'close_day', account_id: 'wx-1', bill_date: DAY, ...o });
const accepting = (): object => ({
  accept_breaks: [{ break_id: breakId, reason: '商户后台手工退款，工单 8841' }],
});

async function approve(answer: Answer, key = api.people.bob): Promise<Answer> {
  expect(answer.status, answer.text).toBe(201);
  const { id, fingerprint } = answer.json as { id: string; fingerprint: string };
  const body = { verdict: 'approved', fingerprint, reason: 'seen' };
  return call(api, `/v1/approvals/${id}/decision`, { method: 'POST', key, body });
}

describe('before it is closed', () => {
  test('a day says what stands in the way, and what does not', async () => {
    expect((await call(api, of(DAY))).json).toMatchObject({
      ...{ account_id: 'wx-1', bill_date: DAY, status: 'open', closable: false, closing: null },
      open_breaks: [{ id: breakId, kind: 'missing_in_books', refund_no: 'R-STRANGER' }],
      checks: [
        ...['day_over', 'statement_there', 'statement_matched', 'statement_final', 'totals_agree'].map(
          (check) => ({
            ...{ check, ok: true },
          }),
        ),
        {
          check: 'lines_accounted',
          ok: true,
          says: ['2 refund lines are matched or left over with a break'],
        },
        { check: 'nothing_set_aside', ok: true },
        {
          check: 'no_open_break',
          ok: false,
          says: [expect.stringContaining(`break ${breakId}, missing_in_books`)],
        },
      ],
    });
  });

  test('there is nothing to show, to export or to prove', async () => {
    problemIn(await call(api, `${of(DAY)}/closing`), 'day_not_closed');
    problemIn(await call(api, `${of(DAY)}/closing/file`), 'day_not_closed');
    problemIn(await call(api, '/v1/refunds/R-CLOSED/day-proof'), 'refund_in_no_closed_day');
    problemIn(await post({ act: 'reopen_day', account_id: 'wx-1', bill_date: DAY }), 'day_not_closed');
  });
});

describe('closing is refused', () => {
  test('while something stands in the way', async () => {
    const { detail } = problemIn(await post(closing()), 'day_not_closable');
    expect(detail).toContain(`no_open_break: break ${breakId}`);
    const notFinal = problemIn(await post(closing({ bill_date: LATER })), 'day_not_closable');
    expect(notFinal.detail).toContain('statement_final');
    problemIn(await post(closing({ bill_date: '2026-11-24' })), 'day_not_closable');
  });

  test('when what is accepted is not there', async () => {
    const wrong = { accept_breaks: [{ break_id: '999', reason: 'x' }] };
    const { detail } = problemIn(await post(closing(wrong)), 'day_not_closable');
    expect(detail).toContain('break 999 is not there to be accepted');
  });

  test.each<[string, object]>([
    ['a day that is none', { bill_date: '2026-02-30' }],
    ['no reason for what is accepted', { accept_breaks: [{ break_id: '1' }] }],
    ['a number that is none', { accept_breaks: [{ break_id: 'x', reason: 'y' }] }],
    ['a refund', { refund_nos: ['R-CLOSED'] }],
  ])('with %s', async (_, o) => {
    problemIn(await post(closing(o)), 'request_invalid');
  });

  test("of another merchant's account, of one that is unknown, or by a program", async () => {
    problemIn(await post(closing(), api.people.mallory), 'account_unknown');
    problemIn(await post(closing({ account_id: 'wx-3' })), 'account_unknown');
    problemIn(await post(closing({ account_id: 'wx-gone' })), 'account_unknown');
    problemIn(await post(closing(), api.keys.m1), 'operator_needed');
    problemIn(await call(api, of(DAY), { key: api.keys.m2 }), 'account_unknown');
    problemIn(await call(api, of(DAY), { key: api.keys.reader }), 'forbidden');
  });

  test('where there are no keys to sign with', async () => {
    const bare = await apiUnderTest({ receipts: null });
    const body = { ...closing(), reason: 'x' };
    const answer = await call(bare, '/v1/approvals', { method: 'POST', key: bare.people.alice, body });
    problemIn(answer, 'receipts_not_set_up');
    await bare.close();
  });
});

describe('a day that two people close', () => {
  test('is closed with what both accepted, and not by one of them alone', async () => {
    const asked = await post(closing(accepting()));
    problemIn(await approve(asked, api.people.alice), 'approval_own');

    expect((await approve(asked)).json).toMatchObject({
      ...{ act: 'close_day', status: 'used', refund_nos: [], day: { account_id: 'wx-1', bill_date: DAY } },
      content: { [`accept_break_${breakId}`]: '商户后台手工退款，工单 8841' },
    });
    expect((await call(api, of(DAY))).json).toMatchObject({
      ...{ status: 'closed', closable: false, closing: { closing: 1, changed: false, leaves: 4 } },
    });
    problemIn(await post(closing(accepting())), 'day_closed');
  });

  test('is shown with its signed record and listed', async () => {
    expect((await call(api, `${of(DAY)}/closing`)).json).toMatchObject({
      ...{ closing: 1, reopened: null, changed_since: {}, changes: [] },
      record: { closed_day: { accepted: [{ id: breakId }], approved: { by: 'bob' } } },
    });
    const listed = (await call(api, `/v1/closed-days?account_id=wx-1&from=${DAY}&to=${DAY}`)).json;
    expect(listed).toMatchObject({ closed_days: [{ bill_date: DAY, changed: false }], next_cursor: null });
    expect((await call(api, '/v1/closed-days?changed=true')).json).toMatchObject({ closed_days: [] });
    expect((await call(api, '/v1/closed-days', { key: api.keys.m2 })).json).toMatchObject({
      closed_days: [],
    });
  });

  test('proves itself as a file, with the public keys alone', async () => {
    const { text } = await call(api, `${of(DAY)}/closing/file`);

    expect(text.split('\n').length).toBe(1 + 4 + 1);
    expect((await verifyDayFile(chunksOf(text), keys)).verdict).toBe('genuine');
    expect((await verifyDayFile(chunksOf(text.replace('"234"', '"235"')), keys)).verdict).toBe('changed');
  });

  test('proves that a refund stood in it, and no other', async () => {
    const { text } = await call(api, '/v1/refunds/R-CLOSED/day-proof');

    expect(verifyDayProof(text, keys)).toMatchObject({
      ...{ verdict: 'genuine', refundNo: 'R-CLOSED', record: { bill_date: DAY } },
      leaves: [
        { leaf: 'line', amount_minor: '234' },
        { leaf: 'match', pass: 1 },
      ],
    });
    problemIn(await call(api, '/v1/refunds/R-OPEN/day-proof'), 'refund_in_no_closed_day');
    problemIn(await call(api, '/v1/refunds/R-NONE/day-proof'), 'refund_unknown');
    problemIn(await call(api, '/v1/refunds/R-CLOSED/day-proof', { key: api.keys.m2 }), 'refund_unknown');
  });

  test('F46 that is restated says so everywhere, and still proves what was closed', async () => {
    await loaded(DAY, ['R-CLOSED', 235], ['R-STRANGER', 7]);

    const shown = (await call(api, `${of(DAY)}/closing`)).json as { changes: { change: string }[] };
    expect(shown).toMatchObject({ changed: true, changed_since: { statement_added: 1 } });
    expect(shown.changes.map(({ change }) => change)).toContain('statement_added');
    expect((await call(api, '/v1/closed-days?changed=true')).json).toMatchObject({
      closed_days: [{ bill_date: DAY, changed: true }],
    });
    const { text } = await call(api, `${of(DAY)}/closing/file`);
    expect((await verifyDayFile(chunksOf(text), keys)).verdict).toBe('genuine');
    const proof = (await call(api, '/v1/refunds/R-CLOSED/day-proof')).text;
    expect(verifyDayProof(proof, keys)).toMatchObject({ verdict: 'genuine' });
  });

  test('whose books were tampered with behind our back proves nothing, and says so', async () => {
    const { owner } = api.database;
    await owner.query(`update statement_lines set amount_minor = 8 where refund_no = 'R-STRANGER'`);

    problemIn(await call(api, '/v1/refunds/R-CLOSED/day-proof'), 'day_differs');
    const { text } = await call(api, `${of(DAY)}/closing/file`);
    expect((await verifyDayFile(chunksOf(text), keys)).verdict).toBe('changed');
    await owner.query(`update statement_lines set amount_minor = 7 where refund_no = 'R-STRANGER'`);
  });

  test('is reopened by two people, and then open', async () => {
    const reopening = { act: 'reopen_day', account_id: 'wx-1', bill_date: DAY, reason: 'restated file' };
    expect((await approve(await post(reopening))).json).toMatchObject({ status: 'used' });

    expect((await call(api, of(DAY))).json).toMatchObject({
      ...{
        status: 'reopened',
        closing: { changed: false, reopened: { by: 'bob', reason: 'restated file' } },
      },
    });
  });
});
