/** F46: what a new delivery of a day changed is told line by line: done to the old lines, the changes give the new ones. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LineChange, LineContent, StatementDiff } from '../../store/statements-diff.ts';
import { diffOf, fieldChanges, listLineChanges, numbersOf } from '../../store/statements-diff.ts';
import { getStatementFile } from '../../store/statements.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, openAccounts } from '../store/books.ts';
import { importPlain } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

const RUNS = 40;
const PAGE = 3;

let db: TestDatabase;
let days = 0;

beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

function freshDay(): string {
  days += 1;
  return new Date(Date.parse('2024-01-01T00:00:00Z') + days * 86_400_000).toISOString().slice(0, 10);
}

/** Few numbers, amounts and times, so that lines meet again, come twice, and differ in little. */
const line: fc.Arbitrary<PlainLine> = fc.record({
  type: fc.constantFrom('refund', 'refund:SUCCESS', 'payment'),
  at: fc.constantFrom('12:00:00', '13:00:00'),
  refundNo: fc.constantFrom('', 'A', 'B', 'C'),
  channelRefundNo: fc.constantFrom('', 'X'),
  amount: fc.integer({ min: 1, max: 3 }),
});

interface Restated {
  readonly counts: StatementDiff | null;
  readonly changes: readonly LineChange[];
}

/** Loads a day twice and reads what changed, page by page. */
async function restated(
  day: string,
  before: readonly PlainLine[],
  after: readonly PlainLine[],
): Promise<Restated> {
  await importPlain(db, { billDate: day, lines: before });
  const { fileId } = await importPlain(db, { billDate: day, lines: after });
  const file = await getStatementFile(db.pool, fileId);
  if (file === null) throw new Error('the file is there');
  const changes: LineChange[] = [];
  for (;;) {
    const page = await listLineChanges(db.pool, file, { after: changes.at(-1)?.no ?? 0, limit: PAGE });
    changes.push(...page);
    if (page.length < PAGE) return { counts: diffOf(file), changes };
  }
}

/** A line without its place: two that read the same are the same. */
const reading = (line: LineContent): string =>
  JSON.stringify({ ...line, lineNo: 0 }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

async function readings(day: string, status: string): Promise<string[]> {
  const { rows } = await db.owner.query<Record<string, never>>(
    `select l.* from statement_lines l join statement_files f on f.id = l.file_id
      where f.account_id = $1 and f.bill_date = $2 and f.status = $3`,
    [ACCOUNT, day, status],
  );
  return rows
    .map((row) =>
      reading({
        ...{ lineNo: 0, lineType: row['line_type'], transactionId: row['transaction_id'] },
        ...{ channelRefundNo: row['channel_refund_no'], refundNo: row['refund_no'] },
        ...{ paymentNo: row['payment_no'], occurredAt: row['occurred_at'], amountMinor: row['amount_minor'] },
        ...{ payerMinor: row['payer_minor'], feeE5: row['fee_e5'], currency: row['currency'] },
        ...{ status: row['status'], funding: row['funding'] },
      } as unknown as LineContent),
    )
    .toSorted();
}

/** The old lines with the changes done to them. */
function applied(before: readonly string[], changes: readonly LineChange[]): string[] {
  const lines = [...before];
  for (const change of changes) {
    if (change.before === null) continue;
    const at = lines.indexOf(reading(change.before));
    if (at < 0) throw new Error('a change takes away a line that was never there');
    lines.splice(at, 1);
  }
  for (const change of changes) if (change.after !== null) lines.push(reading(change.after));
  return lines.toSorted();
}

const seen = new Set<string>();

test('done to the old lines, the changes give the new ones; none of them is idle, and they are counted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.array(line, { maxLength: 8 }),
      async (before, after) => {
        const day = freshDay();
        const on = (lines: readonly PlainLine[]): PlainLine[] =>
          lines.map((one) => ({ ...one, at: `${day} ${one.at}` }));
        // The same bytes would be the same file, and a file without a line is none.
        const marks = [
          { at: `${day} 01:00:00`, refundNo: 'OLD', amount: 1 },
          { at: `${day} 01:00:00`, refundNo: 'NEW', amount: 1 },
        ] as const;

        const { counts, changes } = await restated(day, [...on(before), marks[0]], [...on(after), marks[1]]);

        expect(applied(await readings(day, 'superseded'), changes)).toEqual(await readings(day, 'loaded'));
        const kinds = changes.map((one) => kindOf(one));
        for (const kind of kinds) seen.add(kind);
        expect(counts).toEqual({
          added: kinds.filter((kind) => kind === 'added').length,
          gone: kinds.filter((kind) => kind === 'gone').length,
          changed: kinds.filter((kind) => kind === 'changed').length,
        });
        for (const change of changes)
          if (kindOf(change) === 'changed') expect(fieldChanges(change)).not.toEqual([]);
        const came = new Set(changes.flatMap((one) => (one.after === null ? [] : [reading(one.after)])));
        for (const { before: was } of changes) if (was !== null) expect(came).not.toContain(reading(was));
      },
    ),
    { numRuns: RUNS },
  );
  expect([...seen].toSorted()).toEqual(['added', 'changed', 'gone']);
}, 120_000);

function kindOf({ before, after }: LineChange): 'added' | 'gone' | 'changed' {
  return before === null ? 'added' : after === null ? 'gone' : 'changed';
}

describe('a changed line', () => {
  test('is named by the numbers that make it the same, with both of its sides', async () => {
    const day = freshDay();
    const was: PlainLine = {
      at: `${day} 12:00:00`,
      transactionId: 'T1',
      channelRefundNo: '501',
      refundNo: 'R1',
      amount: 500,
    };
    const other: PlainLine = { at: `${day} 12:00:01`, refundNo: 'R2', amount: 7 };

    const { changes } = await restated(
      day,
      [was, other],
      [other, { ...was, amount: 600, type: 'refund:SUCCESS' }],
    );

    expect(changes).toMatchObject([
      { no: 1, before: { lineNo: 2, amountMinor: 500n }, after: { lineNo: 3, amountMinor: 600n } },
    ]);
    const [change] = changes;
    if (change === undefined) throw new Error('there is one');
    expect(numbersOf(change)).toEqual([
      ['refund_no', 'R1'],
      ['channel_refund_no', '501'],
      ['transaction_id', 'T1'],
    ]);
    expect(fieldChanges(change)).toEqual([
      { field: 'amount_minor', before: '500', after: '600' },
      { field: 'payer_minor', before: '500', after: '600' },
      { field: 'status', before: null, after: 'SUCCESS' },
    ]);
  });

  test('that comes several times has one partner each: what went is one line, not all of them', async () => {
    const day = freshDay();
    const times = ['12:00:00', '12:00:01', '12:00:02'].map(
      (at): PlainLine => ({ at: `${day} ${at}`, refundNo: 'R1', amount: 5 }),
    );

    const { counts, changes } = await restated(day, times, times.slice(1));

    expect(counts).toEqual({ added: 0, gone: 1, changed: 0 });
    expect(changes).toMatchObject([{ before: { lineNo: 2 }, after: null }]);
  });
});

test('the first delivery of a day changed nothing', async () => {
  const day = freshDay();
  const { fileId } = await importPlain(db, { billDate: day, lines: [{ at: `${day} 12:00:00`, amount: 1 }] });
  const file = await getStatementFile(db.pool, fileId);
  if (file === null) throw new Error('the file is there');

  expect(diffOf(file)).toBeNull();
  expect(await listLineChanges(db.pool, file, { after: 0, limit: 5 })).toEqual([]);
});
