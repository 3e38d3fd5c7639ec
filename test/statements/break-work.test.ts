/** Breaks that people work: what one person does alone, what takes two, and that matching and the sweep keep to it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Act, ApprovalContent } from '../../domain/approval.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { BREAK_RULES } from '../../domain/statement/break-work.ts';
import { keepBreakRules } from '../../store/break-rules.ts';
import { verifyActAudit } from '../../store/act-audit.ts';
import { historyOf } from '../../store/break-events.ts';
import { explainBreak } from '../../store/break-facts.ts';
import type { BreakDeed } from '../../store/break-work.ts';
import { workOnBreak } from '../../store/break-work.ts';
import type { Break } from '../../store/breaks.ts';
import { getBreak, listBreaks } from '../../store/breaks.ts';
import { matchStatement, sweepMissing } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import { appError } from '../domain/expectations.ts';
import { ACCOUNT, DAY_MS, MERCHANT, fresh, minute, openAccounts, said } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { approvedByBob, askedAboutBreaks } from '../support/two-people.ts';
import { DAY, DAY_AFTER, bring, lineOf, shortFates, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, forced_matches, quarantined_lines, statement_files cascade',
  );
  await openAccounts(db.pool);
});

async function paid(amountMinor: bigint): Promise<Refund> {
  const refund = await taken(db, amountMinor);
  return observe(db.pool, refund.id, [said('success', 5, { channelRefundNo: refund.channelRefundNo ?? '' })]);
}

/** A line of the refund whose numbers are typed wrong, so that no pass finds it. */
const mistyped = (refund: Refund): PlainLine =>
  lineOf(refund, { refundNo: 'typed wrong', channelRefundNo: 'wrong', transactionId: 'wrong' });

async function brought(lines: readonly PlainLine[], billDate = DAY): Promise<string> {
  return (await bring(db, { lines, billDate })).fileId;
}

const again = (fileId: string): Promise<unknown> => matchStatement(db.ingest, fileId, { now: minute(90) });

async function onlyOpen(): Promise<Break> {
  const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 10 });
  const [one, ...others] = breaks;
  if (one === undefined || others.length > 0) throw new Error(`${String(breaks.length)} open breaks`);
  return one;
}

/** The open breaks of one refund: the sweep sees the refunds of other tests, too. */
async function openOf(refund: Refund): Promise<readonly Break[]> {
  const { refundNo } = refund;
  return (await listBreaks(db.pool, { status: 'open', refundNo, limit: 10 })).breaks;
}

async function missing(refund: Refund): Promise<Break> {
  await brought([], DAY_AFTER);
  await sweep();
  const one = (await openOf(refund)).find(({ kind }) => kind === 'missing_at_channel');
  if (one === undefined) throw new Error('it is not missing');
  return one;
}

async function now({ id }: Break): Promise<Break> {
  const one = await getBreak(db.pool, id);
  if (one === null) throw new Error('it is gone');
  return one;
}

const work = (one: Break, deed: BreakDeed, by = 'alice', at = minute(70)): Promise<void> =>
  workOnBreak(db.pool, { breakId: one.id, merchantId: MERCHANT, deed, by, now: at });

const asked = (act: Act, one: Break, told: ApprovalContent = {}) =>
  askedAboutBreaks(db.pool, { merchantId: MERCHANT, act, breakIds: [one.id], told, at: minute(80) });

async function byTwo(act: Act, one: Break, told: ApprovalContent = {}): Promise<void> {
  await approvedByBob(db.pool, await asked(act, one, told), minute(81));
}

const force = (one: Break, refund: Refund): Promise<void> =>
  byTwo('force_match', one, { refund_no: refund.refundNo, code: 'number_mistyped' });

const happened = async ({ id }: Break): Promise<readonly string[]> =>
  (await historyOf(db.pool, id)).map(({ kind, by }) => `${kind} by ${by ?? 'evidence'}`);

const stateOf = async ({ id }: Refund): Promise<string | undefined> =>
  (await getRefundById(db.pool, id))?.state;

describe('one person', () => {
  test('takes a break, puts it off, says something and gives it back, and each of it is in its history', async () => {
    await brought([mistyped(await paid(500n))]);
    const one = await onlyOpen();

    await work(one, { kind: 'assigned', to: 'bob', note: 'you know them' });
    await work(one, { kind: 'parked', until: '2026-11-27', code: 'asked_the_channel' }, 'bob');
    expect(await now(one)).toMatchObject({ assignedTo: 'bob', parkedUntil: '2026-11-27', status: 'open' });
    await work(one, { kind: 'commented', note: 'ticket 18' }, 'bob');
    expect(await now(one)).toMatchObject({ assignedTo: 'bob', parkedUntil: '2026-11-27' });
    await work(one, { kind: 'unparked' }, 'bob');
    await work(one, { kind: 'released' }, 'bob');

    expect(await now(one)).toMatchObject({
      assignedTo: null,
      parkedUntil: null,
      status: 'open',
      revision: 5,
    });
    expect(await happened(one)).toEqual([
      ...['assigned by alice', 'parked by bob', 'commented by bob', 'unparked by bob', 'released by bob'],
    ]);
    expect((await historyOf(db.pool, one.id))[1]).toMatchObject({
      ...{ reasonCode: 'asked_the_channel', detail: { until: '2026-11-27' }, at: minute(70) },
    });
  });

  test('finds what is due today and what they have themselves', async () => {
    await brought([mistyped(await paid(500n))]);
    const one = await onlyOpen();
    await work(one, { kind: 'assigned', to: 'bob' });
    await work(one, { kind: 'parked', until: '2026-11-26', code: 'awaiting_statement' });
    const found = async (filter: object): Promise<number> =>
      (await listBreaks(db.pool, { status: 'open', limit: 10, ...filter })).breaks.length;

    expect(await found({ assignedTo: 'bob' })).toBe(1);
    expect(await found({ assignedTo: 'alice' })).toBe(0);
    expect(await found({ parked: { is: true, today: '2026-11-25' } })).toBe(1);
    expect(await found({ parked: { is: false, today: '2026-11-25' } })).toBe(0);
    expect(await found({ parked: { is: false, today: '2026-11-26' } })).toBe(1);
  });

  test.each(['2026-11-24', '2026-11-20', '2027-03-01'])(
    'cannot put a break off until today, a past day, or out of sight: %s',
    async (until) => {
      await brought([mistyped(await paid(500n))]);
      const deed = { kind: 'parked', until, code: 'awaiting_merchant' } as const;
      await expect(work(await onlyOpen(), deed)).rejects.toThrow(appError('request_invalid'));
    },
  );

  test('ends a break with little at stake, for a reason, and it stays ended however often its statement is matched', async () => {
    const fileId = await brought([mistyped(await paid(20_000n))]);
    const one = await onlyOpen();

    await work(one, { kind: 'resolved', code: 'put_right_at_channel', note: 'they took it back' });
    await again(fileId);

    expect(await now(one)).toMatchObject({
      ...{ status: 'closed', closedReason: 'resolved', closedAt: minute(70) },
      closingEvidence: { by: 'alice', code: 'put_right_at_channel' },
    });
    expect((await listBreaks(db.pool, { status: 'open', limit: 10 })).breaks).toEqual([]);
    await expect(work(one, { kind: 'assigned', to: 'bob' })).rejects.toThrow(appError('break_closed'));
    await work(one, { kind: 'commented', note: 'seen since' });
    expect(await happened(one)).toEqual(['resolved by alice', 'commented by alice']);
  });

  test('does not end one alone that has more at stake, nor one of another merchant', async () => {
    await brought([mistyped(await paid(20_001n))]);
    const one = await onlyOpen();
    const deed = { kind: 'resolved', code: 'reviewed', note: 'fine' } as const;

    await expect(work(one, deed)).rejects.toThrow(appError('break_needs_two_people'));
    await expect(
      workOnBreak(db.pool, { breakId: one.id, merchantId: 'stall', deed, by: 'eve', now: minute(70) }),
    ).rejects.toThrow(appError('break_unknown'));
    expect(await happened(one)).toEqual([]);
  });
});

describe('evidence that ends a break', () => {
  test('stands in its history with the link, and ends that it was put off', async () => {
    const refund = await paid(500n);
    await brought([]);
    const one = await missing(refund);
    await work(one, { kind: 'assigned', to: 'bob' });
    await work(one, { kind: 'parked', until: '2026-12-01', code: 'asked_the_channel' });

    const { fileId } = await bring(db, {
      lines: [lineOf(refund, { at: '2026-11-26 09:00:00' })],
      billDate: '2026-11-26',
    });

    expect(await now(one)).toMatchObject({ status: 'closed', closedReason: 'line_found', parkedUntil: null });
    const history = await historyOf(db.pool, one.id);
    expect(history.at(-1)).toMatchObject({
      ...{ kind: 'closed', by: null, detail: { reason: 'line_found', file_id: fileId, line_no: 2 } },
    });
    expect(await happened(one)).toHaveLength(3);
  });
});

const sweep = (): Promise<unknown> =>
  sweepMissing(db.ingest, {
    ...{ accountId: ACCOUNT, asOf: new Date(minute(0).getTime() + 5 * DAY_MS) },
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });

describe('two people give a line to a refund', () => {
  test('and it is matched, settled by that line, and stays so however often statements are matched', async () => {
    const [refund, other] = [await paid(50_000n), await paid(700n)];
    const fileId = await brought([mistyped(refund), lineOf(other)]);
    const one = await onlyOpen();
    expect(await stateOf(refund)).toBe('succeeded');

    await force(one, refund);

    const fates = [`${refund.refundNo}@9`, `${other.refundNo}@1`];
    expect(await shortFates(db, fileId)).toEqual(fates);
    expect(await stateOf(refund)).toBe('settled');
    expect(await now(one)).toMatchObject({
      ...{ status: 'closed', closedReason: 'force_matched' },
      closingEvidence: { by: 'bob', code: 'number_mistyped', refund_no: refund.refundNo },
    });
    const result = await again(fileId);
    await brought([], DAY_AFTER);
    await sweep();
    expect(result).toMatchObject({ refundNo: 1, byPeople: 1, breaks: { missing_in_books: 0 } });
    expect(await shortFates(db, fileId)).toEqual(fates);
    expect(await openOf(refund)).toEqual([]);
    expect(await verifyActAudit(db.pool)).toBeNull();
  });

  test('and what was missing at the channel is found, with the link', async () => {
    const refund = await paid(500n);
    const fileId = await brought([mistyped(refund)]);
    const line = await onlyOpen();
    const gone = await missing(refund);

    await force(line, refund);

    expect(await now(gone)).toMatchObject({
      closedReason: 'line_found',
      closingEvidence: { file_id: fileId, line_no: 2 },
    });
    expect(await happened(gone)).toEqual(['closed by evidence']);
  });

  test('a line with the right number that comes later is the duplicate, not theirs', async () => {
    const refund = await paid(500n);
    const fileId = await brought([mistyped(refund)]);
    await force(await onlyOpen(), refund);

    const later = await brought([lineOf(refund, { at: `${DAY_AFTER} 09:00:00` })], DAY_AFTER);

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@9`]);
    expect(await shortFates(db, later)).toEqual(['duplicate_line']);
    await again(fileId);
    await again(later);
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@9`]);
    expect(await shortFates(db, later)).toEqual(['duplicate_line']);
  });

  test('it proves what a line proves: a refund without an answer is taken, and one that failed is a conflict for review', async () => {
    const silent = await taken(db, 600n);
    const failed = await taken(db, 800n);
    await observe(db.pool, failed.id, [said('closed', 6)]);
    await db.owner.query('update refunds set state_reason = null where id = $1', [failed.id]);
    const fileId = await brought([
      mistyped(silent),
      { ...mistyped(failed), refundNo: 'typed wrong too', channelRefundNo: 'also wrong' },
    ]);
    const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 10 });
    const [first, second] = breaks;
    if (first === undefined || second === undefined) throw new Error('two lines are loose');

    await force(first, silent);
    await force(second, failed);

    expect(await stateOf(silent)).toBe('processing');
    const conflicts = (await listBreaks(db.pool, { status: 'open', limit: 10 })).breaks;
    expect(conflicts.map(({ kind, refundNo }) => [kind, refundNo])).toEqual([
      ['state_conflict', failed.refundNo],
    ]);
    await again(fileId);
    const after = (await listBreaks(db.pool, { status: 'open', limit: 10 })).breaks;
    expect(after.map(({ id }) => id)).toEqual(conflicts.map(({ id }) => id));
  });

  test.each(['another amount', 'another line has it', 'another account', 'it was closed since'])(
    'but not where it cannot be: %s',
    async (why) => {
      const [refund, other] = [await paid(500n), await paid(501n)];
      await brought([mistyped(refund), ...(why === 'another line has it' ? [lineOf(refund)] : [])]);
      const one = await onlyOpen();
      if (why === 'it was closed since')
        await work(one, { kind: 'resolved', code: 'reviewed', note: 'fine' });
      if (why === 'another account')
        await db.owner.query(`update breaks set account_id = 'stall-wechat' where id = $1`, [one.id]);
      const act = force(one, why === 'another amount' ? other : refund);
      await expect(act).rejects.toThrow(
        appError(why === 'another account' ? 'break_unknown' : 'approval_not_applicable'),
      );
    },
  );

  test('nor under an approval that was given for something else, whatever the code does', async () => {
    const refund = await paid(500n);
    await brought([mistyped(refund)]);
    const one = await onlyOpen();
    const { id } = await asked('force_match', one, { refund_no: refund.refundNo, code: 'number_mistyped' });

    const write = db.pool.query(
      `insert into break_events (break_id, at, kind, actor, reason_code, detail, approval_id)
       values ($1, $2, 'force_matched', 'bob', 'number_mistyped', $3, $4)`,
      [one.id, minute(81), JSON.stringify({ refund_id: refund.id, refund_no: refund.refundNo }), id],
    );
    await expect(write).rejects.toMatchObject({ code: '23000' });
    expect(await now(one)).toMatchObject({ status: 'open' });
  });

  test('when the refund has news since it was asked for, it is asked for again', async () => {
    const refund = await paid(500n);
    await brought([mistyped(refund)]);
    const request = await asked('force_match', await onlyOpen(), {
      refund_no: refund.refundNo,
      code: 'number_missing',
    });
    await observe(db.pool, refund.id, [said('success', 9, { landsIn: 'ICBC' })]);

    await expect(approvedByBob(db.pool, request, minute(81))).rejects.toThrow(appError('approval_outdated'));
  });
});

describe('two people write a difference off', () => {
  test('and the refund is what its evidence says, and the sweep does not bring it up again', async () => {
    const refund = await paid(50_000n);
    await brought([]);
    const one = await missing(refund);

    await byTwo('write_off_break', one, { code: 'not_worth_pursuing', proof: 'ticket 9' });
    await sweep();

    expect(await stateOf(refund)).toBe('succeeded');
    expect(await now(one)).toMatchObject({ closedReason: 'written_off', closingEvidence: { by: 'bob' } });
    expect(await openOf(refund)).toEqual([]);
    expect((await historyOf(db.pool, one.id))[0]).toMatchObject({
      ...{
        kind: 'written_off',
        reasonCode: 'not_worth_pursuing',
        note: 'ticket 9',
        detail: { asked_by: 'alice' },
      },
    });
  });

  test('and when the line comes after all, its history says so once, with the link', async () => {
    const refund = await paid(50_000n);
    await brought([]);
    const one = await missing(refund);
    await byTwo('write_off_break', one, { code: 'not_worth_pursuing', proof: 'ticket 9' });

    const at = '2026-11-26 09:00:00';
    const fileId = await brought([lineOf(refund, { at })], '2026-11-26');
    await sweep();
    await sweep();

    expect(await happened(one)).toEqual(['written_off by bob', 'answered by evidence']);
    expect((await historyOf(db.pool, one.id)).at(-1)).toMatchObject({
      detail: { file_id: fileId, line_no: 2 },
    });
    expect(await now(one)).toMatchObject({
      ...{ status: 'closed', closedReason: 'written_off' },
      closingEvidence: { by: 'bob', answered_by: { file_id: fileId, line_no: 2 } },
    });
  });

  test.each([
    ['not_worth_pursuing', 50_001n],
    ['rounding', 101n],
    ['channel_error', 500_001n],
    ['no such reason', 1n],
  ] as const)('but not more than the reason allows: %s of %i fen', async (code, amountMinor) => {
    await brought([mistyped(await paid(amountMinor))]);
    const told = { code, proof: 'ticket 9' };
    await expect(asked('write_off_break', await onlyOpen(), told)).rejects.toThrow(
      appError('approval_not_applicable'),
    );
  });
});

describe('two people take it back', () => {
  test('how one person ended a break: it is open, and matching sees it as ever', async () => {
    const fileId = await brought([mistyped(await paid(500n))]);
    const one = await onlyOpen();
    await work(one, { kind: 'resolved', code: 'reviewed', note: 'fine' });

    await byTwo('reopen_break', one);
    await again(fileId);

    expect((await onlyOpen()).id).toBe(one.id);
    expect(await happened(one)).toEqual(['resolved by alice', 'reopened by bob']);
  });

  test('a line that was given to a refund: the line is loose again, and the refund is not settled by it', async () => {
    const refund = await paid(500n);
    const fileId = await brought([mistyped(refund)]);
    const one = await onlyOpen();
    await force(one, refund);

    await byTwo('reopen_break', one);

    expect(await stateOf(refund)).toBe('succeeded');
    expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
    await again(fileId);
    expect(await shortFates(db, fileId)).toEqual(['missing_in_books']);
    expect((await onlyOpen()).id).toBe(one.id);
    await force(one, refund);
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@9`]);
  });

  test('not where the line has become evidence that moved the refund on', async () => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('closed', 6)]);
    await brought([mistyped(refund)]);
    const one = await onlyOpen();
    await db.owner.query('update refunds set state_reason = null where id = $1', [refund.id]);
    await force(one, refund);

    await expect(asked('reopen_break', one)).rejects.toThrow(appError('approval_not_applicable'));
  });

  test('not what evidence ended', async () => {
    const refund = await paid(500n);
    await brought([]);
    const one = await missing(refund);
    await bring(db, { lines: [lineOf(refund, { at: '2026-11-26 09:00:00' })], billDate: '2026-11-26' });

    await expect(asked('reopen_break', one)).rejects.toThrow(appError('approval_not_applicable'));
  });
});

test('I11: a line given by hand is judged by the rules that are in force, as by every later match', async () => {
  const refund = await paid(500n);
  await keepBreakRules(
    db.owner,
    { ...BREAK_RULES, revision: 1, source: 'test', datedBeforeMaxHours: 0 },
    { person: 'test', now: minute(60) },
  );
  // Six hours before the refund was asked for: within the day that holds unless the rules say otherwise.
  const at = new Date(refund.requestedAt.getTime() + 2 * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  const fileId = await brought([{ ...mistyped(refund), at }]);
  await force(await onlyOpen(), refund);
  const byHand = (await openOf(refund)).map(({ kind }) => kind);

  await again(fileId);

  expect(byHand).toEqual(['state_conflict']);
  expect((await openOf(refund)).map(({ kind }) => kind)).toEqual(byHand);
  const usual = { ...BREAK_RULES, revision: 2, source: 'test' };
  await keepBreakRules(db.owner, usual, { person: 'test', now: minute(61) });
});

describe('a day that is delivered anew', () => {
  test('keeps what people decided about the lines that it still has, wherever they stand in it', async () => {
    const [refund, other, resolved] = [await paid(50_000n), await paid(700n), await paid(300n)];
    const nobodys = { ...mistyped(resolved), refundNo: 'nobody', channelRefundNo: 'nobody' };
    const first = await brought([mistyped(refund), nobodys]);
    const { breaks } = await listBreaks(db.pool, { status: 'open', fileId: first, limit: 10 });
    const [line, small] = breaks;
    if (line === undefined || small === undefined) throw new Error('two lines are loose');
    await force(line, refund);
    await work(small, { kind: 'resolved', code: 'reviewed', note: 'fine' });

    const second = await brought([lineOf(other), nobodys, mistyped(refund)]);

    expect(await shortFates(db, second)).toEqual([`${other.refundNo}@1`, '', `${refund.refundNo}@9`]);
    expect(await stateOf(refund)).toBe('settled');
    expect(await happened(line)).toEqual(['force_matched by bob', 'carried by evidence']);
    expect((await historyOf(db.pool, small.id)).at(-1)).toMatchObject({
      ...{ kind: 'carried', detail: { file_id: second, line_no: 3, from_file: first, from_line: 3 } },
    });
    await again(second);
    expect((await listBreaks(db.pool, { status: 'open', limit: 10 })).breaks).toEqual([]);

    await byTwo('reopen_break', line);
    expect(await shortFates(db, second)).toEqual([`${other.refundNo}@1`, '', 'missing_in_books']);
  });

  test('lets lapse what was decided about a line that it has no more, and says so', async () => {
    const refund = await paid(50_000n);
    const first = await brought([mistyped(refund)]);
    const line = await onlyOpen();
    await force(line, refund);

    const second = await brought([{ ...mistyped(refund), channelRefundNo: 'wrong in another way' }]);

    expect(second).not.toBe(first);
    expect(await shortFates(db, second)).toEqual(['missing_in_books']);
    expect(await stateOf(refund)).toBe('succeeded');
    expect(await happened(line)).toEqual(['force_matched by bob', 'lapsed by evidence']);
    await force(await onlyOpen(), refund);
    expect(await shortFates(db, second)).toEqual([`${refund.refundNo}@9`]);
  });
});

describe('the history', () => {
  test.each([
    ['a closing that nobody saw', `(break_id, at, kind) values ($1, now(), 'closed')`, '23000'],
    ['a deed of nobody', `(break_id, at, kind) values ($1, now(), 'parked')`, '23000'],
    ['an end without a reason', `(break_id, at, kind, actor) values ($1, now(), 'resolved', 'eve')`, '23514'],
    [
      'a write-off by one',
      `(break_id, at, kind, actor, reason_code) values ($1, now(), 'written_off', 'eve', 'fee')`,
      '23514',
    ],
  ])('takes no %s', async (_, values, code) => {
    await brought([mistyped(await paid(500n))]);
    const { id } = await onlyOpen();
    await expect(db.pool.query(`insert into break_events ${values}`, [id])).rejects.toMatchObject({ code });
  });
});

describe('explained', () => {
  const explained = async (one: Break) => explainBreak(db.pool, one, minute(60));

  test('F69 a line that is nobody’s: there is nothing to compare it with, and people look', async () => {
    await brought([{ at: `${DAY} 12:00:00`, refundNo: fresh('X'), channelRefundNo: fresh('X'), amount: 7 }]);

    expect(await explained(await onlyOpen())).toMatchObject({
      ...{ ours: null, keys: null, candidates: [], theirs: { amountMinor: 7n } },
      suggestion: { act: 'look' },
    });
  });

  test('a line of another day that fits one refund by transaction and amount is near, and not taken for it', async () => {
    const refund = await paid(500n);
    const at = '2026-12-20 12:00:00';
    await brought([lineOf(refund, { refundNo: '', channelRefundNo: '', at })], '2026-12-20');

    const { candidates, suggestion } = await explained(await onlyOpen());
    expect(candidates).toMatchObject([
      {
        ...{ refundNo: refund.refundNo, taken: false },
        keys: { refund_no: 'absent', transaction_id: 'agrees', amount: 'agrees', time: 'differs' },
      },
    ]);
    expect(suggestion).toMatchObject({ act: 'look' });
  });

  test('F73 of two refunds that a line could be none is guessed; once a line has the other one, the last is suggested', async () => {
    const { payment } = await paid(500n);
    const [one, other] = [await taken(db, 300n, { payment }), await taken(db, 300n, { payment })];
    await brought([
      lineOf(one, { refundNo: '', channelRefundNo: '' }),
      lineOf(one, { refundNo: '', channelRefundNo: '' }),
    ]);
    const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 10 });
    const [first, second] = breaks;
    if (first === undefined || second === undefined) throw new Error('both lines are ambiguous');
    expect((await explained(first)).suggestion).toMatchObject({ act: 'look' });

    await byTwo('force_match', first, { refund_no: one.refundNo, code: 'candidate_chosen' });

    expect((await explained(second)).suggestion).toMatchObject({
      ...{ act: 'force_match', refundNo: other.refundNo, breakId: second.id },
    });
  });

  test('a refund that is missing is brought together with the line whose number has a slip, from either side', async () => {
    const refund = await paid(500n);
    const number = refund.channelRefundNo ?? '';
    const slip = `${number.slice(0, 2)}${number.slice(3)}`;
    const padded = await observe(db.pool, refund.id, [
      said('success', 9, { channelRefundNo: `50300000${number}` }),
    ]);
    await brought([
      lineOf(padded, {
        refundNo: '',
        transactionId: '',
        channelRefundNo: `50300000${slip}`,
        at: `${DAY} 12:00:00`,
      }),
    ]);
    const line = await onlyOpen();
    const gone = await missing(padded);

    expect(await explained(gone)).toMatchObject({
      ours: { refundNo: refund.refundNo, state: 'succeeded' },
      suggestion: {
        act: 'force_match',
        breakId: line.id,
        refundNo: refund.refundNo,
        code: 'number_mistyped',
      },
    });
  });
});
