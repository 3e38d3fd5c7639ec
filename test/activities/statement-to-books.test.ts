/** From a fetched file to the books: load it whole, match it, and tell the refunds for which a line is news. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { fetchStatement } from '../../activities/statement/fetch-statement.ts';
import { loadStatement } from '../../activities/statement/load-statement.ts';
import { matchAndFollow } from '../../activities/statement/match-and-follow.ts';
import { matchStatement } from '../../activities/statement/match-statement.ts';
import { recordEmptyDay } from '../../activities/statement/record-empty-day.ts';
import { reportMatches } from '../../activities/statement/report-matches.ts';
import type { FetchedStatement, StatementDay } from '../../activities/statement/statement-day.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import { nextAttempt, observe } from '../../store/observations.ts';
import { listBreaks } from '../../store/breaks.ts';
import { noteAdjustments } from '../../store/match-adjustments.ts';
import { matchStatement as matchInBooks } from '../../store/match.ts';
import { ACCOUNT, countOf, minute, said, turnedDown } from '../store/books.ts';
import type { PlainLine } from '../statements/plain-statement.ts';
import { chunksOf, plainStatement } from '../statements/plain-statement.ts';
import { untilBlockedOr } from './blocked.ts';
import { deliveryKey } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, attemptOf, evidenceOf, rowOf, toTheEnd, workbench } from './workbench.ts';

const NEXT_DAY = new Date('2026-11-25T03:00:00Z');

let bench: Workbench;
let days = 0;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(minute(1));
  bench.useChannel();
  bench.told.length = 0;
});

afterAll(async () => {
  await bench.close();
});

/** A day of its own for each test, a year after the story where the books have nothing else. */
function freshDay(): StatementDay {
  days += 1;
  const billDate = new Date(Date.parse('2026-11-24T00:00:00Z') - days * 86_400_000)
    .toISOString()
    .slice(0, 10);
  return { accountId: ACCOUNT, kind: 'trade', billDate, recheck: 0 };
}

const DAY: StatementDay = { accountId: ACCOUNT, kind: 'trade', billDate: '2026-11-24', recheck: 0 };

async function fetchOf(day: StatementDay, content: string | Buffer): Promise<FetchedStatement> {
  bench.channel.statements.set(deliveryKey(day.kind, day.billDate), content);
  bench.clock.set(NEXT_DAY);
  const { result } = await toTheEnd(bench, fetchStatement(bench.deps), day);
  if (result.outcome === 'empty') throw new Error('the day is not empty');
  return result;
}

async function load(day: StatementDay, content: string): Promise<string> {
  const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, await fetchOf(day, content));
  return result.fileId;
}

function sha1Of(content: string): { readonly algorithm: 'sha1'; readonly hex: string } {
  return { algorithm: 'sha1', hex: createHash('sha1').update(content).digest('hex') };
}

function lineOf(day: StatementDay, refundNo: string, amount: number): PlainLine {
  return { at: `${day.billDate} 12:00:00`, refundNo, amount };
}

describe('a fetched statement', () => {
  test('is loaded whole and says how many lines it has', async () => {
    const day = freshDay();
    const file = await fetchOf(day, plainStatement([lineOf(day, 'A1', 5), lineOf(day, 'A2', 7)]));

    const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, file);

    expect(result).toMatchObject({ outcome: 'loaded', lines: 2 });
    expect(await countOf(bench.db, 'statement_lines where file_id = $1', [result.fileId])).toBe(2);
  });

  test('F45: that was loaded and matched before is known as the same, with no line more', async () => {
    const day = freshDay();
    const file = await fetchOf(day, plainStatement([lineOf(day, 'B1', 5)]));
    const first = await toTheEnd(bench, loadStatement(bench.deps), day, file);
    await toTheEnd(bench, matchStatement(bench.deps), first.result.fileId);

    const again = await toTheEnd(bench, loadStatement(bench.deps), day, file);

    expect(again.result).toEqual({ ...first.result, outcome: 'same' });
    expect(await linesOf(day)).toBe(1);
  });

  test.each([
    ['its hash, before it is downloaded', (content: string) => sha1Of(content), 0],
    ['its bytes, where the channel gives no hash', () => null, 1],
  ])(
    'F45 P11: that is there with nothing left to do is known when it is fetched, by %s',
    async (_, hashOf, downloads) => {
      const day = freshDay();
      const content = plainStatement([lineOf(day, `K${String(downloads)}`, 5)]);
      const file = { ...(await fetchOf(day, content)), hash: hashOf(content) };
      const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, file);
      await toTheEnd(bench, matchStatement(bench.deps), result.fileId);
      let downloaded = 0;
      const download = () => {
        downloaded += 1;
        return Promise.resolve(chunksOf(content));
      };
      bench.channel.script('requestStatement', {
        outcome: 'ready',
        ticket: { download, hash: hashOf(content) },
      });

      const again = await toTheEnd(bench, fetchStatement(bench.deps), { ...day, recheck: 1 });

      expect(again.result).toMatchObject({ uri: file.uri, known: { fileId: result.fileId, lines: 1 } });
      expect(downloaded).toBe(downloads);
    },
  );

  test('F44 I9: whose bytes are those that are there, under the hash of others, is not known: the load refuses it', async () => {
    const day = freshDay();
    const content = plainStatement([lineOf(day, 'K3', 5)]);
    const file = { ...(await fetchOf(day, content)), hash: sha1Of(content) };
    const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, file);
    await toTheEnd(bench, matchStatement(bench.deps), result.fileId);
    const download = () => Promise.resolve(chunksOf(content));
    const ticket = { download, hash: sha1Of(`${content}re-issued`) };
    bench.channel.script('requestStatement', { outcome: 'ready', ticket });

    const again = await toTheEnd(bench, fetchStatement(bench.deps), { ...day, recheck: 1 });

    expect(again.result).toMatchObject({ uri: file.uri, hash: ticket.hash });
    expect(again.result).not.toHaveProperty('known');
    const refused = await attemptOf(loadStatement(bench.deps), [day, again.result as FetchedStatement]);
    expect(refused).toMatchObject({ code: 'statement_hash_differs' });
  });

  test('F26 I8: that is there, unmatched or with news that nobody was told, is not known when it is fetched: the rest is still to do', async () => {
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));
    const day = freshDay();
    const content = plainStatement([lineOf(day, ref.refundNo, 2345)]);
    const loaded = await toTheEnd(bench, loadStatement(bench.deps), day, await fetchOf(day, content));
    const unmatched = await fetchOf(day, content);
    const matched = await toTheEnd(bench, matchStatement(bench.deps), loaded.result.fileId);
    const untold = await fetchOf(day, content);
    await toTheEnd(bench, reportMatches(bench.deps), matched.result.decisive);
    const done = await fetchOf(day, content);

    expect([unmatched.known, untold.known]).toEqual([undefined, undefined]);
    expect(done.known).toEqual({ fileId: loaded.result.fileId, lines: 1 });
  });

  test('F26 I8: whose worker died between the match and what follows from it is not known when it is fetched', async () => {
    const day = freshDay();
    const content = plainStatement([lineOf(day, 'K4', 5)]);
    const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, await fetchOf(day, content));
    await matchInBooks(bench.db.ingest, result.fileId, { now: minute(3) });
    const unfollowed = await fetchOf(day, content);
    await toTheEnd(bench, matchStatement(bench.deps), result.fileId);
    const followed = await fetchOf(day, content);

    expect(unfollowed).not.toHaveProperty('known');
    expect(followed).toMatchObject({ known: { fileId: result.fileId } });
  });

  test('F26 I8: whose worker died between loading and reporting is still to be matched', async () => {
    const day = freshDay();
    const file = await fetchOf(day, plainStatement([lineOf(day, 'B2', 5)]));
    const lost = await toTheEnd(bench, loadStatement(bench.deps), day, file);

    const again = await toTheEnd(bench, loadStatement(bench.deps), day, file);

    expect(again.result).toEqual({ ...lost.result, outcome: 'loaded' });
    expect(await linesOf(day)).toBe(1);
  });

  test('F44 I9: with another hash than the channel gave is refused with no line kept', async () => {
    const day = freshDay();
    const file = await fetchOf(day, plainStatement([lineOf(day, 'C1', 5)]));
    const wrong = { ...file, hash: { algorithm: 'sha1', hex: '0'.repeat(40) } } as const;

    const ended = await attemptOf(loadStatement(bench.deps), [day, wrong]);

    expect(ended).toMatchObject({ code: 'statement_hash_differs' });
    expect(await linesOf(day)).toBe(0);
  });

  test('F43 I9: whose summary disagrees is refused for good, with both sums and no line kept', async () => {
    const day = freshDay();
    const content = plainStatement([lineOf(day, 'D1', 5), lineOf(day, 'D2', 7)]).replace(
      'total,2,12',
      'total,2,13',
    );

    const ended = await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, content)]);

    expect(ended).toMatchObject({ code: 'statement_totals_differ', forGood: true });
    expect(ended.how === 'failure' ? ended.message : '').toMatch(/13.*12|12.*13/);
    expect(await linesOf(day)).toBe(0);
  });

  test('F59 I9: of another merchant is refused for good', async () => {
    const day = freshDay();
    const content = plainStatement([lineOf(day, 'E1', 5)], '1999999999');

    const ended = await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, content)]);

    expect(ended).toMatchObject({ code: 'statement_account_differs', forGood: true });
    expect(await linesOf(day)).toBe(0);
  });

  test('F42 I9: that ends in the middle is refused with no line kept', async () => {
    const day = freshDay();
    const content = plainStatement([lineOf(day, 'F1', 5)]).slice(0, -4);

    const ended = await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, content)]);

    expect(ended).toMatchObject({ code: 'statement_truncated' });
    expect(await linesOf(day)).toBe(0);
  });

  test('that is an error page is refused for good', async () => {
    const day = freshDay();

    const ended = await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, '<html>502</html>\n')]);

    expect(ended).toMatchObject({ code: 'statement_unrecognised', forGood: true });
  });

  test('is unpacked as its channel opens it', async () => {
    const day = freshDay();
    const openStatement = bench.channel.openStatement.bind(bench.channel);
    bench.channel.openStatement = (kind, packed) =>
      openStatement(kind, Readable.from(packed).pipe(createGunzip()));
    const packed = gzipSync(plainStatement([lineOf(day, 'G1', 5), lineOf(day, 'G2', 6)]));

    const { result } = await toTheEnd(bench, loadStatement(bench.deps), day, await fetchOf(day, packed));

    expect(result.lines).toBe(2);
  });

  test('whose run is called off stops and keeps nothing', async () => {
    const day = freshDay();
    const file = await fetchOf(day, plainStatement([lineOf(day, 'H1', 5)]));
    const openStatement = bench.channel.openStatement.bind(bench.channel);
    bench.channel.openStatement = (kind, packed) => ({ ...openStatement(kind, packed), bytes: stalled() });
    const environment = new MockActivityEnvironment();
    const run = environment.run(loadStatement(bench.deps), day, file);

    environment.cancel();

    await expect(run).rejects.toThrow();
    expect(await linesOf(day)).toBe(0);
  });
});

/** A source that gives a beginning and then nothing more. */
async function* stalled(): AsyncGenerator<Buffer> {
  yield Buffer.from('plain,1900000109\n');
  await new Promise(() => undefined);
}

async function linesOf(day: StatementDay): Promise<number> {
  return countOf(bench.db, 'statement_lines where account_id = $1 and bill_date = $2', [
    day.accountId,
    day.billDate,
  ]);
}

describe('F67: a line that is news', () => {
  /** Loads and matches a statement with one line for the refund and tells who is to be told. */
  async function lineComes(ref: RefundRef, amount: number): Promise<void> {
    const fileId = await load(DAY, plainStatement([lineOf(DAY, ref.refundNo, amount)]));
    const { result } = await toTheEnd(bench, matchStatement(bench.deps), fileId);
    await toTheEnd(bench, reportMatches(bench.deps), result.decisive);
  }

  async function refundThat(...evidence: Observation[]): Promise<RefundRef> {
    const ref = await aRefund(bench);
    if (evidence.length > 0) await observe(bench.db.pool, ref.refundId, evidence);
    return ref;
  }

  test('I7: about an unknown refund ends the doubt: the channel has it', async () => {
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));

    await lineComes(ref, 2345);

    expect(await rowOf(bench, ref)).toMatchObject({ state: 'processing' });
    expect(bench.told).toMatchObject([{ refundNo: ref.refundNo }]);
  });

  test('about a refund that was refused contradicts the books: a person decides', async () => {
    const ref = await refundThat(turnedDown(1, 2));

    await lineComes(ref, 2345);

    expect(await rowOf(bench, ref)).toMatchObject({
      state: 'needs_action',
      stateReason: 'conflict_of_evidence',
    });
    expect(bench.told).toHaveLength(1);
  });

  test('F33: that names another amount is kept as evidence and as a break', async () => {
    const ref = await refundThat(said('success', 3));

    await lineComes(ref, 2300);

    expect(await rowOf(bench, ref)).toMatchObject({ state: 'needs_action', stateReason: 'amount_mismatch' });
    const { breaks } = await listBreaks(bench.db.pool, { refundNo: ref.refundNo, limit: 9 });
    expect(breaks).toMatchObject([{ kind: 'amount_differs', amountMinor: 2300n, expectedMinor: 2345n }]);
  });

  test('is told with its place in the file, and recorded before anybody is told', async () => {
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));
    const seen: number[] = [];
    const teller = {
      statementMatched: async (_refund: unknown, lineRef: string) => {
        seen.push(
          await countOf(bench.db, 'observations where refund_id = $1 and ref = $2', [ref.refundId, lineRef]),
        );
      },
    };
    const fileId = await load(DAY, plainStatement([lineOf(DAY, ref.refundNo, 2345)]));
    const { result } = await toTheEnd(bench, matchStatement(bench.deps), fileId);

    await toTheEnd(bench, reportMatches({ ...bench.deps, teller }), result.decisive);

    expect(seen).toEqual([1]);
  });

  test('F78: that could not be told is recorded all the same, and told by the next attempt', async () => {
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));
    const fileId = await load(DAY, plainStatement([lineOf(DAY, ref.refundNo, 2345)]));
    const { result } = await toTheEnd(bench, matchStatement(bench.deps), fileId);
    const away = { statementMatched: () => Promise.reject(new Error('Temporal is away')) };

    const ended = await attemptOf(reportMatches({ ...bench.deps, teller: away }), [result.decisive]);
    await toTheEnd(bench, reportMatches(bench.deps), result.decisive);

    expect(ended).toMatchObject({ how: 'failure', forGood: false });
    expect((await rowOf(bench, ref)).state).toBe('processing');
    expect(bench.told).toMatchObject([{ refundNo: ref.refundNo }]);
    const lines = (await evidenceOf(bench, ref)).filter((one) => one.kind === 'statement_line');
    expect(lines).toHaveLength(1);
  });

  test('of a channel whose lines prove completion makes the refund settled', async () => {
    bench.useChannel({ lineProves: 'completion' });
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));

    await lineComes(ref, 2345);

    expect((await rowOf(bench, ref)).state).toBe('settled');
  });
});

test('a line that only agrees settles a refund that succeeded; nobody needs to be told', async () => {
  const ref = await aRefund(bench);
  await observe(bench.db.pool, ref.refundId, [said('success', 3)]);
  const fileId = await load(DAY, plainStatement([lineOf(DAY, ref.refundNo, 2345)]));

  const { result } = await toTheEnd(bench, matchStatement(bench.deps), fileId);
  await toTheEnd(bench, reportMatches(bench.deps), result.decisive);

  expect(result).toMatchObject({ refundNo: 1, decisive: { refunds: 0 } });
  expect((await rowOf(bench, ref)).state).toBe('settled');
  expect(bench.told).toEqual([]);
});

test('F66: a correction of a refund is evidence with the statement that brings it, and put before a person', async () => {
  const ref = await aRefund(bench);
  const channelRefundNo = '052511231200007863998';
  await observe(bench.db.pool, ref.refundId, [said('success', 3, { channelRefundNo })]);
  const correction: PlainLine = { at: `${DAY.billDate} 12:00:00`, amount: 2345, type: 'adjustment:in' };
  const fileId = await load(
    DAY,
    plainStatement([{ ...correction, channelRefundNo: '__251123120000786399_' }]),
  );

  await toTheEnd(bench, matchStatement(bench.deps), fileId);
  await toTheEnd(bench, matchStatement(bench.deps), fileId);

  const { breaks } = await listBreaks(bench.db.pool, { fileId, limit: 10 });
  expect(breaks).toMatchObject([{ kind: 'returned', refundNo: ref.refundNo, status: 'open' }]);
  expect((await rowOf(bench, ref)).state).toBe('returned');
  expect((await evidenceOf(bench, ref)).filter(({ kind }) => kind === 'bounced')).toHaveLength(1);
});

test('F25 F66: a worker that dies after the correction was noted leaves nothing out: the next attempt records it', async () => {
  const ref = await aRefund(bench);
  const channelRefundNo = '052511231200007864118';
  await observe(bench.db.pool, ref.refundId, [said('success', 3, { channelRefundNo })]);
  const correction: PlainLine = { at: `${DAY.billDate} 12:00:00`, amount: 2345, type: 'adjustment:in' };
  const day = freshDay();
  const fileId = await load(
    day,
    plainStatement([
      { ...correction, at: `${day.billDate} 12:00:00`, channelRefundNo: '__251123120000786411_' },
    ]),
  );
  await noteAdjustments(bench.db.ingest, { fileId, now: bench.clock.now() });
  expect((await rowOf(bench, ref)).state).toBe('succeeded');

  await toTheEnd(bench, matchStatement(bench.deps), fileId);

  expect((await rowOf(bench, ref)).state).toBe('returned');
});

test('F72: matching a statement twice gives the same result', async () => {
  const ref = await aRefund(bench);
  const fileId = await load(
    DAY,
    plainStatement([lineOf(DAY, ref.refundNo, 2345), lineOf(DAY, 'FOREIGN', 9)]),
  );

  const first = await toTheEnd(bench, matchStatement(bench.deps), fileId);
  const again = await toTheEnd(bench, matchStatement(bench.deps), fileId);

  expect(again.result).toEqual(first.result);
  expect(first.result.breaks.missing_in_books).toBe(1);
});

test('of a statement that is matched every step is told, and of how many lines', async () => {
  const day = freshDay();
  const fileId = await load(day, plainStatement([lineOf(day, 'H1', 5), lineOf(day, 'H2', 6)]));
  const told: unknown[] = [];

  await matchAndFollow(bench.deps, fileId, {
    matching: (progress) => told.push(progress),
    following: (lines) => told.push({ following: lines }),
  });

  expect(told[0]).toEqual({ step: 'waiting for its turn', lines: 0 });
  expect(told).toContainEqual({ step: 'by our numbers', lines: 2 });
  expect(told).toContainEqual({ step: 'writing', lines: 2 });
  expect(told.at(-1)).toEqual({ following: 2 });
});

test('the signs of life say how far the statement is: at the end, that what follows from it is looked at', async () => {
  const day = freshDay();
  const fileId = await load(day, plainStatement([lineOf(day, 'H4', 5), lineOf(day, 'H5', 6)]));
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const timers = vi.spyOn(globalThis, 'setInterval');
  try {
    await environment.run(matchStatement(bench.deps), fileId);
    // What the timer would have said next.
    for (const [beat, everyMs] of timers.mock.calls) if (everyMs === 1_000) beat();
  } finally {
    timers.mockRestore();
  }

  expect(beats).toEqual([{ phase: 'follow', lines: 2 }]);
});

test('a statement that is matched within a second gives no sign of life: nobody could have missed it', async () => {
  const day = freshDay();
  const fileId = await load(day, plainStatement([lineOf(day, 'H3', 5)]));
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const running = environment.run(matchStatement(bench.deps), fileId);
    await vi.advanceTimersByTimeAsync(999);
    await running;
    await vi.advanceTimersByTimeAsync(60_000);
  } finally {
    vi.useRealTimers();
  }

  expect(beats).toEqual([]);
});

describe('F78: a step that waits long gives signs of life, several in a minute', () => {
  /** Runs an activity while `held` is locked by somebody else for a minute; returns those that it gave meanwhile. */
  async function beatsWhile<A extends unknown[]>(
    held: string,
    activity: (...args: A) => Promise<unknown>,
    ...args: A
  ): Promise<readonly unknown[]> {
    const holder = await bench.db.owner.connect();
    await holder.query('begin');
    await holder.query(held);
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const running = environment.run(activity, ...args);
      // The minute begins with the wait: before that it has nothing to say of it.
      await untilBlockedOr(bench.db, running);
      await vi.advanceTimersByTimeAsync(60_000);
      const duringTheWait = [...beats];
      await holder.query('rollback');
      await running;
      return duringTheWait;
    } finally {
      vi.useRealTimers();
      holder.release(true);
    }
  }

  test('matching, while another match or sweep of the account is under way', async () => {
    const day = freshDay();
    const fileId = await load(day, plainStatement([lineOf(day, 'W1', 5)]));
    const lock = `select pg_advisory_xact_lock(hashtextextended('yuanlu/match/${ACCOUNT}', 0))`;

    const beats = await beatsWhile(lock, matchStatement(bench.deps), fileId);
    expect(beats.length).toBeGreaterThanOrEqual(50);
    expect(beats.at(-1)).toEqual({ phase: 'match', step: 'waiting for its turn', lines: 0 });
  });

  test('recording that a day is empty, while another match or sweep of the account is under way', async () => {
    const lock = `select pg_advisory_xact_lock(hashtextextended('yuanlu/match/${ACCOUNT}', 0))`;

    const beats = await beatsWhile(lock, recordEmptyDay(bench.deps), freshDay());
    expect(beats.length).toBeGreaterThanOrEqual(50);
  });

  test('telling refunds, while one of them is being changed', async () => {
    const ref = await aRefund(bench);
    await nextAttempt(bench.db.pool, ref.refundId, minute(2));
    const fileId = await load(DAY, plainStatement([lineOf(DAY, ref.refundNo, 2345)]));
    const { result } = await toTheEnd(bench, matchStatement(bench.deps), fileId);
    const lock = `select 1 from refunds where id = ${ref.refundId} for update`;

    const beats = await beatsWhile(lock, reportMatches(bench.deps), result.decisive);
    expect(beats.length).toBeGreaterThanOrEqual(50);
  });
});

test('a statement that was never loaded cannot be matched', async () => {
  const ended = await attemptOf(matchStatement(bench.deps), ['424242']);

  expect(ended).toMatchObject({ code: 'statement_unknown', forGood: true });
});

test('F82: refunds that a worker of an older version hands on by name are told, and one that is gone from the books is passed over', async () => {
  const ref = await aRefund(bench);
  await nextAttempt(bench.db.pool, ref.refundId, minute(2));
  const day = freshDay();
  const fileId = await load(day, plainStatement([lineOf(day, ref.refundNo, 2345)]));
  await toTheEnd(bench, matchStatement(bench.deps), fileId);

  const { result } = await toTheEnd(bench, reportMatches(bench.deps), [ref, { refundId: '999999' }]);

  expect(result).toBe(2);
  expect(bench.told).toMatchObject([{ refundNo: ref.refundNo }]);
});

describe('a day on which nothing happened', () => {
  test('is recorded once, so that no gap is suspected', async () => {
    const day = freshDay();

    const first = await toTheEnd(bench, recordEmptyDay(bench.deps), day);
    await toTheEnd(bench, recordEmptyDay(bench.deps), day);

    expect(first.result).toEqual({ outcome: 'empty' });
    const files = `statement_files where account_id = $1 and bill_date = $2 and status = 'empty'`;
    expect(await countOf(bench.db, files, [day.accountId, day.billDate])).toBe(1);
  });

  test('does not hide lines that were loaded for it', async () => {
    const day = freshDay();
    const fileId = await load(day, plainStatement([lineOf(day, 'Z1', 5)]));

    await toTheEnd(bench, recordEmptyDay(bench.deps), day);

    expect(await countOf(bench.db, `statement_files where id = $1 and status = 'loaded'`, [fileId])).toBe(1);
  });
});
