/**
 * What a matched line proves is the channel's word, kept with its file: acceptance, completion or clearing. The books come
 * to the same state whether the line comes before or after the channel's own verdict.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelStatus, StatementLineSeen } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { statusOf } from '../../domain/refund/state.ts';
import { untoldNews } from '../../store/match-news.ts';
import { recordMatchedLine } from '../../store/matched-lines.ts';
import { matchStatement } from '../../store/match.ts';
import { observationsOf, observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import { settledAmong } from '../../store/settled.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { minute, openAccounts, refundOf, said, sent, turnedDown } from '../store/books.ts';
import { DAY, DAY_AFTER, bring, importPlain, lineOf, newsOf, shortFates, taken } from './bills.ts';

type Proves = StatementLineSeen['proves'];

const ALL: readonly Proves[] = ['acceptance', 'completion', 'clearing'];
const MORE: readonly Proves[] = ['completion', 'clearing'];

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query('truncate statement_lines, matches, breaks, statement_files cascade');
  await openAccounts(db.pool);
});

/** Imports and matches a bill with the refund's line, and records it where it is news, as the activities do. */
async function lineComes(refund: Refund, proves: Proves): Promise<readonly string[]> {
  const { fileId } = await bring(db, { lines: [lineOf(refund)] }, { proves });
  const news = await untoldNews(db.pool, fileId, { after: '0', limit: 100 });
  for (const refundId of news) await recordMatchedLine(db.pool, refundId, minute(60));
  return shortFates(db, fileId);
}

async function stateOf(refund: Refund): Promise<string> {
  return (await getRefundById(db.pool, refund.id))?.state ?? 'gone';
}

describe('the evidence of a matched line', () => {
  test.each(ALL)('says %s where the channel says so of its lines', async (proves) => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('success', 3)]);
    await lineComes(refund, proves);

    const lines = (await observationsOf(db.pool, refund.id)).filter((one) => one.kind === 'statement_line');

    expect(lines).toMatchObject([{ proves, amountMinor: '500' }]);
  });

  test('says of each file what was true of that file', async () => {
    const [one, other] = [await taken(db, 500n), await taken(db, 600n)];
    for (const refund of [one, other]) await observe(db.pool, refund.id, [said('success', 3)]);
    await bring(db, { lines: [lineOf(one)] }, { proves: 'completion' });
    const nextDay = [lineOf(other, { at: `${DAY_AFTER} 12:00:00` })];
    await bring(db, { lines: nextDay, billDate: DAY_AFTER }, { proves: 'clearing' });

    const proved = async (refund: Refund) =>
      (await observationsOf(db.pool, refund.id)).flatMap((seen) => ('proves' in seen ? [seen.proves] : []));

    expect(await proved(one)).toEqual(['completion']);
    expect(await proved(other)).toEqual(['clearing']);
  });

  test('is acceptance, the least that a line can prove, where nobody said more', async () => {
    const refund = await taken(db, 500n);
    const { fileId } = await importPlain(db, { lines: [lineOf(refund)] });
    await matchStatement(db.ingest, fileId, { now: minute(60) });

    const lines = (await observationsOf(db.pool, refund.id)).filter((one) => one.kind === 'statement_line');

    expect(lines).toMatchObject([{ proves: 'acceptance' }]);
  });
});

describe('a refund that the channel has called done', () => {
  test.each([
    ['of its own day', DAY, 0],
    ['of half a year later', '2027-05-20', 0],
    ['of a day long before it was asked for, which goes before a person', '2026-03-02', 1],
  ])(
    'is settled by a line %s, and by no other, asked about alone or with others',
    async (_, billDate, conflicts) => {
      const [refund, other] = [await taken(db, 500n), await taken(db, 600n)];
      for (const one of [refund, other]) await observe(db.pool, one.id, [said('success', 3)]);

      const { result } = await bring(
        db,
        { lines: [lineOf(refund, { at: `${billDate} 12:00:00` })], billDate },
        { proves: 'completion' },
      );

      expect(result.breaks.state_conflict).toBe(conflicts);
      expect(await stateOf(refund)).toBe('settled');
      expect(await stateOf(other)).toBe('succeeded');
      const ids = [refund, other].map(({ id }) => BigInt(id));
      expect(await settledAmong(db.pool, ids)).toEqual(new Set(ids.slice(0, 1)));
      expect((await observationsOf(db.pool, refund.id)).map((one) => one.kind)).toContain('statement_line');
    },
  );
});

describe('a refund that the channel took, without a verdict so far', () => {
  test('stays processing by a line that proves acceptance; nobody need be told', async () => {
    const refund = await taken(db, 500n);
    const { result } = await bring(db, { lines: [lineOf(refund)] }, { proves: 'acceptance' });

    expect(result).toMatchObject({ refundNo: 1, decisive: { refunds: 0 } });
    expect(await stateOf(refund)).toBe('processing');
  });

  test.each(MORE)('is settled by a line that proves %s, and its workflow is told', async (proves) => {
    const refund = await taken(db, 500n);
    const { fileId } = await bring(db, { lines: [lineOf(refund)] }, { proves });

    expect(await newsOf(db, fileId)).toEqual([refund.refundNo]);
    await lineComes(refund, proves);
    expect(await stateOf(refund)).toBe('settled');
  });
});

describe('F67 a refund that had failed in plain words', () => {
  const closed = async (): Promise<Refund> => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('closed', 3)]);
    return refund;
  };

  test.each(MORE)('and has a line that proves %s is a contradiction that a person sees', async (proves) => {
    const refund = await closed();

    expect(await lineComes(refund, proves)).toEqual([`${refund.refundNo}@1+state_conflict`]);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      state: 'needs_action',
      stateReason: 'conflict_of_evidence',
    });
  });
});

describe('a refund that the channel took and then closed', () => {
  const closed = (refund: Refund) => observe(db.pool, refund.id, [said('closed', 3)]);

  test('may stand in a bill whose lines prove acceptance only: nothing contradicts', async () => {
    const refund = await taken(db, 500n);
    await closed(refund);
    const { fileId, result } = await bring(db, { lines: [lineOf(refund)] }, { proves: 'acceptance' });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
    expect(result).toMatchObject({ refundNo: 1, decisive: { refunds: 0 }, breaks: { state_conflict: 0 } });
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'failed', stateReason: 'closed' });
  });

  test('is judged alike when the bill came first, and when it is matched again', async () => {
    const refund = await taken(db, 500n);
    const { fileId } = await bring(db, { lines: [lineOf(refund)] }, { proves: 'acceptance' });
    await closed(refund);
    const again = await matchStatement(db.ingest, fileId, { now: minute(90) });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
    expect(again).toMatchObject({ refundNo: 1, decisive: { refunds: 0 }, breaks: { state_conflict: 0 } });
  });

  test('and is named by transaction and amount only fits as well', async () => {
    const refund = await taken(db, 500n);
    await closed(refund);
    const line = lineOf(refund, { refundNo: '', channelRefundNo: '' });
    const { fileId } = await bring(db, { lines: [line] }, { proves: 'acceptance' });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@3`]);
  });

  test('contradicts a line of another amount, or of a day before it was asked for', async () => {
    const [dearer, earlier] = [await taken(db, 500n), await taken(db, 600n)];
    for (const refund of [dearer, earlier]) await closed(refund);
    const lines = [lineOf(dearer, { amount: 501 }), lineOf(earlier, { at: '2026-11-23 00:00:01' })];
    const { fileId } = await bring(db, { lines }, { proves: 'acceptance' });

    expect(await shortFates(db, fileId)).toEqual([
      `${dearer.refundNo}@1+amount_differs`,
      `${earlier.refundNo}@1+state_conflict`,
    ]);
  });
});

test('F67 a refund that was refused, so never taken, contradicts every line of it', async () => {
  const refund = await refundOf(db.pool, 500n);
  await observe(db.pool, refund.id, [sent(1, 2), turnedDown(1, 2)]);
  const { fileId } = await bring(db, { lines: [lineOf(refund)] }, { proves: 'acceptance' });

  expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1+state_conflict`]);
  expect(await newsOf(db, fileId)).toEqual([refund.refundNo]);
});

type Event = ChannelStatus | 'line';

test('I22: the line and the words of the channel lead to one state, in whatever order they come', async () => {
  const words = fc.subarray<ChannelStatus>(['processing', 'success', 'closed', 'abnormal']);
  const story = fc.record({ proves: fc.constantFrom(...ALL), words }).chain(({ proves, words: said_ }) => {
    const events: Event[] = [...said_, 'line'];
    const order = fc.shuffledSubarray(events, { minLength: events.length });
    return fc.record({ proves: fc.constant(proves), one: order, other: order });
  });
  const tell = async (proves: Proves, events: readonly Event[]) => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [sent(1, 2)]);
    for (const event of events) {
      if (event === 'line') await lineComes(refund, proves);
      else await observe(db.pool, refund.id, [said(event, 3)]);
    }
    const known = await observationsOf(db.pool, refund.id);
    const { state, stateReason: reason } = (await getRefundById(db.pool, refund.id)) ?? {};
    return { row: { state, reason }, rules: statusOf(500n, known) };
  };
  await fc.assert(
    fc.asyncProperty(story, async ({ proves, one, other }) => {
      const [first, second] = [await tell(proves, one), await tell(proves, other)];

      expect(second).toEqual(first);
      expect(first.row).toEqual(first.rules);
    }),
    { numRuns: 25 },
  );
}, 60_000);
