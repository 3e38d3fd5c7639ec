/** F66: a correction that leaves nothing to guess is evidence that the money came back; everything else is for a person. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noteAdjustments } from '../../store/match-adjustments.ts';
import { matchStatement } from '../../store/match.ts';
import { listBreaks } from '../../store/breaks.ts';
import { observationsOf, observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import { recordSentBack } from '../../store/sent-back.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { statusOf } from '../../domain/refund/state.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { doneByTwo } from '../support/two-people.ts';
import { minute, openAccounts, said } from '../store/books.ts';
import { DAY_AFTER, bring, importPlain, lineOf, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

/** The books cannot be emptied of refunds: each story has a trace number of its own. */
let trace = 200_000;
const numberOf = (begin = '05', end = '8'): string => `${begin}251124120000${String(trace)}${end}`;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  trace += 1;
  await openAccounts(db.pool);
});

const adjustment = (o: Partial<PlainLine> = {}): PlainLine => ({
  at: `${DAY_AFTER} 09:30:00`,
  type: 'adjustment:in',
  channelRefundNo: numberOf('__', '_'),
  amount: 500,
  ...o,
});

async function succeeded(amountMinor: bigint, channelRefundNo = numberOf()): Promise<Refund> {
  const refund = await taken(db, amountMinor, { channelRefundNo });
  return observe(db.pool, refund.id, [said('success', 5, { channelRefundNo })]);
}

async function bringNext(lines: readonly PlainLine[], now = minute(60)): Promise<string> {
  const { fileId } = await bring(db, { lines, billDate: DAY_AFTER }, { now });
  await noteAdjustments(db.ingest, { fileId, now });
  return fileId;
}

async function stateOf(refund: Refund): Promise<string | undefined> {
  return (await getRefundById(db.pool, refund.id))?.state;
}

async function bouncesOf(refund: Refund): Promise<readonly object[]> {
  const evidence = await observationsOf(db.pool, refund.id);
  return evidence.filter(({ kind }) => kind === 'bounced');
}

async function openKinds(): Promise<readonly string[]> {
  const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 20 });
  return breaks.map(({ kind }) => kind);
}

describe('F66 a correction that gives exactly the amount of exactly one refund back', () => {
  test('makes it returned, by the line that says so, and the break stays for a person', async () => {
    const refund = await succeeded(500n);
    await bring(db, { lines: [lineOf(refund)] });
    const fileId = await bringNext([adjustment()]);
    expect(await stateOf(refund)).toBe('settled');

    expect(await recordSentBack(db.pool, { fileId, now: minute(61) })).toBe(1);

    expect(await stateOf(refund)).toBe('returned');
    const { rows } = await db.owner.query<{ sha256: string }>(
      'select sha256 from statement_files where id = $1',
      [fileId],
    );
    const fileSha256 = rows[0]?.sha256 ?? '';
    expect(await bouncesOf(refund)).toEqual([
      {
        kind: 'bounced',
        source: 'statement',
        ref: `${fileSha256}:2`,
        at: minute(61).toISOString(),
        amountMinor: '500',
        billDate: DAY_AFTER,
        fileSha256,
        lineNo: 2,
      },
    ]);
    expect(await openKinds()).toEqual(['returned']);
  });

  test('I22 is the same however often it is recorded, matched or imported again', async () => {
    const refund = await succeeded(500n);
    const lines = [adjustment(), lineOf(refund, { at: `${DAY_AFTER} 12:00:00` })];
    const fileId = await bringNext(lines);
    for (const again of [70, 80, 90]) {
      await matchStatement(db.ingest, fileId, { now: minute(again) });
      await noteAdjustments(db.ingest, { fileId, now: minute(again) });
      await recordSentBack(db.pool, { fileId, now: minute(again) });
      expect((await importPlain(db, { lines, billDate: DAY_AFTER })).outcome).toBe('same');
    }

    expect(await bouncesOf(refund)).toMatchObject([{ at: minute(70).toISOString() }]);
    expect(await stateOf(refund)).toBe('returned');
    expect(await openKinds()).toEqual(['returned']);
  });

  test('the line of the refund itself is no news once it is known that it came back', async () => {
    const refund = await succeeded(500n);
    const fileId = await bringNext([adjustment()]);
    await recordSentBack(db.pool, { fileId, now: minute(61) });

    const { result } = await bring(db, { lines: [lineOf(refund)] }, { now: minute(62) });

    expect(result).toMatchObject({ refundNo: 1, decisive: { refunds: 0 }, breaks: { state_conflict: 0 } });
    expect(await stateOf(refund)).toBe('returned');
  });

  test('comes before the channel’s own success: that it was paid once changes nothing', async () => {
    const refund = await taken(db, 500n, { channelRefundNo: numberOf() });
    const fileId = await bringNext([adjustment()]);
    await recordSentBack(db.pool, { fileId, now: minute(61) });
    await observe(db.pool, refund.id, [said('success', 65, { channelRefundNo: numberOf() })]);

    expect(await stateOf(refund)).toBe('returned');
  });

  test('books and rules agree: when two people say that the payer has it after all, no line has settled it', async () => {
    const refund = await succeeded(500n);
    const fileId = await bringNext([adjustment()]);
    await recordSentBack(db.pool, { fileId, now: minute(61) });
    const told = { as: 'paid', proof: 'a letter of the bank' };
    await doneByTwo(db.pool, { act: 'resolve_refund', refunds: [refund], told, at: minute(90) });

    const evidence = await observationsOf(db.pool, refund.id);
    expect(statusOf(refund.amountMinor, evidence).state).toBe('succeeded');
    expect(await stateOf(refund)).toBe('succeeded');
  });
});

describe('F66 anything else is for a person and changes no state', () => {
  test.each<[string, Partial<PlainLine>, string]>([
    ['a part of the amount', { amount: 499 }, 'returned'],
    ['more than the amount', { amount: 501 }, 'returned'],
    ['a correction that takes money', { type: 'adjustment:out' }, 'state_conflict'],
  ])('%s', async (_what, o, kind) => {
    const refund = await succeeded(500n);
    const fileId = await bringNext([adjustment(o)]);

    expect(await recordSentBack(db.pool, { fileId, now: minute(61) })).toBe(0);
    expect(await stateOf(refund)).toBe('succeeded');
    expect(await openKinds()).toEqual([kind]);
  });

  test('one that fits two refunds', async () => {
    const refunds = [await succeeded(500n), await succeeded(500n, numberOf('99', '1'))];
    const fileId = await bringNext([adjustment()]);

    expect(await recordSentBack(db.pool, { fileId, now: minute(61) })).toBe(0);
    for (const refund of refunds) expect(await stateOf(refund)).toBe('succeeded');
  });

  test('one in a delivery that a newer one has replaced', async () => {
    const refund = await succeeded(500n);
    const replaced = await bringNext([adjustment()]);
    await bringNext([adjustment({ channelRefundNo: '__991124120000786300_' })], minute(90));

    expect(await recordSentBack(db.pool, { fileId: replaced, now: minute(91) })).toBe(0);
    expect(await stateOf(refund)).toBe('succeeded');
  });
});
