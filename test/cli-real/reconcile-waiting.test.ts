/**
 * What a listed refund without a line is on a given day: waiting, missing, overdue. Days are worked out by hand from the
 * State Council's notice for 2026: 1 to 7 October off, Saturday 10 October at work.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconcileDocument } from '../../cli/reconcile/document.ts';
import { DAY, tradeBill } from './bill.ts';
import type { CsvRow, Desk, ListRow } from './reconcile-run.ts';
import { csvRows, documentOf, openDesk, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

interface Outcome {
  readonly document: ReconcileDocument;
  readonly overdue: readonly CsvRow[];
}

/** A list of one refund that no statement shows. */
async function lost(
  row: Partial<ListRow>,
  asOf: string | null,
  o: { readonly billDays?: readonly string[] } = {},
): Promise<Outcome> {
  const days = o.billDays ?? [DAY];
  const statements = await Promise.all(
    days.map((day) =>
      desk.put(`${day}.csv`, tradeBill([{ refundNo: `OTHER-${day}`, at: `${day} 12:00:00` }])),
    ),
  );
  const others = days.map((day) => ({ refund_no: `OTHER-${day}`, requested_at: `${day}T11:00:00+08:00` }));
  const list = await desk.put('refunds.csv', refundList([...others, { refund_no: 'LOST', ...row }]));
  const flags = [...(asOf === null ? [] : ['--as-of', asOf]), '--out', desk.path('out')];
  const document = await documentOf({ statements, list, flags });
  return { document, overdue: await csvRows(desk.path('out/overdue.csv')) };
}

const EVE_OF_HOLIDAYS = '2026-09-29T10:00:00+08:00';

describe('inside its arrival window a refund is waiting', () => {
  test('a card refund asked for before the October holidays waits until the end of the third business day', async () => {
    const { document, overdue } = await lost(
      { source: 'debit_card', requested_at: EVE_OF_HOLIDAYS },
      // 30 September, 8 and 9 October.
      '2026-10-09',
    );

    expect(document.waiting_reasons).toEqual({ inside_window: 1, statement_not_made: 0, failed: 0 });
    expect(document.breaks.missing_at_channel).toBe(0);
    expect(document.overdue).toBe(0);
    expect(overdue).toEqual([]);
  });

  test('on the Saturday after, a working day by notice, it is missing and one business day late', async () => {
    const { document, overdue } = await lost(
      { source: 'debit_card', requested_at: EVE_OF_HOLIDAYS },
      '2026-10-10',
    );

    expect(document.waiting).toBe(0);
    expect(document.breaks.missing_at_channel).toBe(1);
    expect(document.overdue).toBe(1);
    expect(overdue).toMatchObject([
      {
        ...{ refund_no: 'LOST', level: 'promise_missed', days_late: '1', calendar: 'published' },
        ...{ promise_at: '2026-10-10T00:00:00+08:00', alarm_at: '2026-10-13T00:00:00+08:00' },
      },
    ]);
  });

  test.each([
    ['debit_card', '2026-10-12', 'promise_missed', '2'],
    // The fifth business day, Monday 12 October, is over.
    ['debit_card', '2026-10-13', 'alarm', '3'],
    // The seventh is Wednesday 14 October.
    ['credit_card', '2026-10-14', 'promise_missed', '4'],
    ['credit_card', '2026-10-15', 'alarm', '5'],
    ['unknown', '2026-10-14', 'promise_missed', '4'],
    ['unknown', '2026-10-15', 'alarm', '5'],
  ])('a %s refund of 29 September is on %s at level %s, %s days late', async (source, asOf, level, days) => {
    const { overdue } = await lost({ source, requested_at: EVE_OF_HOLIDAYS }, asOf);

    expect(overdue).toMatchObject([{ level, days_late: days }]);
  });

  test('a list that does not say what was paid from has the widest window of the channel', async () => {
    const { document, overdue } = await lost({ requested_at: EVE_OF_HOLIDAYS }, '2026-10-12');

    expect(document.overdue).toBe(1);
    expect(overdue).toMatchObject([{ source: 'unknown', alarm_at: '2026-10-15T00:00:00+08:00' }]);
  });

  test('the day of a request is its day in Beijing, whatever offset it is written with', async () => {
    // 23:30 on 28 September in Beijing: the third business day is 8 October.
    const { document } = await lost(
      { source: 'debit_card', requested_at: '2026-09-28T15:30:00Z' },
      '2026-10-09',
    );

    expect(document.breaks.missing_at_channel).toBe(1);
  });

  test('a refund asked for after the day of judgement is waiting', async () => {
    const { document } = await lost({ requested_at: '2026-12-24T10:00:00+08:00' }, '2026-11-25');

    expect(document.waiting_reasons.inside_window).toBe(1);
  });
});

describe('before the statement of its day can exist a refund is waiting', () => {
  const WALLET = { source: 'wallet', requested_at: `${DAY}T09:59:00+08:00` };

  test('a wallet refund of today is past its twenty minutes: waiting for the bill, and overdue', async () => {
    const { document, overdue } = await lost(WALLET, DAY);

    expect(document.waiting_reasons).toEqual({ inside_window: 0, statement_not_made: 1, failed: 0 });
    expect(document.breaks.missing_at_channel).toBe(0);
    expect(document.overdue).toBe(1);
    expect(overdue).toMatchObject([
      { level: 'promise_missed', days_late: '0', promise_at: '2026-11-20T10:19:00+08:00' },
    ]);
  });

  test('a day later it is missing: its own bill and the next one speak of both days it could be in', async () => {
    const { document, overdue } = await lost(WALLET, '2026-11-21');

    expect(document.breaks.missing_at_channel).toBe(1);
    expect(overdue).toMatchObject([{ level: 'alarm', alarm_at: '2026-11-21T09:59:00+08:00' }]);
  });

  test("the channel's own word is evidence: a succeeded refund waits for its line without being overdue", async () => {
    const { document } = await lost({ ...WALLET, state: 'succeeded' }, DAY);

    expect(document.waiting_reasons.statement_not_made).toBe(1);
    expect(document.overdue).toBe(0);
  });

  test('a succeeded refund that no statement ever shows is missing, and still not overdue', async () => {
    const { document } = await lost({ ...WALLET, state: 'succeeded' }, '2026-12-31');

    expect(document.breaks.missing_at_channel).toBe(1);
    expect(document.overdue).toBe(0);
  });

  test.each(['requested', 'unknown', 'processing', 'needs_action'])(
    'a refund in state %s is missing and overdue in the end',
    async (state) => {
      const { document, overdue } = await lost({ ...WALLET, state }, '2026-12-31');

      expect(document.breaks.missing_at_channel).toBe(1);
      expect(overdue).toMatchObject([{ state }]);
    },
  );
});

describe('the instant of judgement', () => {
  test('is the last moment of the day that --as-of names', async () => {
    const { document } = await lost({}, '2026-11-20');

    expect(document.as_of).toBe('2026-11-20T15:59:59.999Z');
  });

  test('is now without --as-of, so that old files say what is still open today', async () => {
    const before = Date.now();
    const { document, overdue } = await lost({ requested_at: '2019-02-19T05:00:00+08:00' }, null, {
      billDays: ['2019-02-19', '2019-02-20'],
    });
    const after = Date.now();

    expect(Date.parse(document.as_of)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(document.as_of)).toBeLessThanOrEqual(after);
    expect(document.breaks.missing_at_channel).toBe(1);
    // No notice for 2019 is part of the calendar: the figure is marked.
    expect(overdue).toMatchObject([{ refund_no: 'LOST', level: 'alarm', calendar: 'provisional' }]);
  });

  test('is the end of the last day of the statements where that is yet to come', async () => {
    const { document } = await lost({ requested_at: '2090-01-09T09:00:00+08:00' }, null, {
      billDays: ['2090-01-10', '2090-01-08'],
    });

    expect(document.as_of).toBe('2090-01-10T15:59:59.999Z');
    expect(document.waiting).toBe(1);
  });
});

describe('a missing refund says which statements could show it', () => {
  const explanationOf = ({ document }: Outcome): string | undefined => document.differences[0]?.explanation;

  test('when both are there, it is in neither', async () => {
    const outcome = await lost({}, '2026-12-31', { billDays: [DAY, '2026-11-21'] });

    expect(explanationOf(outcome)).toBe(
      'promised by the end of 2026-11-25, in neither of the statements of 2026-11-20 and 2026-11-21',
    );
    expect(outcome.document.missing_without_statement).toBe(0);
  });

  test('when only that of its day is there, the next is named', async () => {
    const outcome = await lost({}, '2026-12-31');

    expect(explanationOf(outcome)).toContain('that of 2026-11-21 is not among them');
    expect(outcome.document.missing_without_statement).toBe(0);
  });

  test('when that of its day is not there, it is counted: the list reaches further than the statements', async () => {
    const outcome = await lost({ requested_at: '2026-11-19T10:00:00+08:00' }, '2026-12-31');

    expect(explanationOf(outcome)).toContain('that of 2026-11-19 is not among them');
    expect(outcome.document.missing_without_statement).toBe(1);
  });

  test('when none is there, both are named', async () => {
    const outcome = await lost({ requested_at: '2026-10-12T10:00:00+08:00' }, '2026-12-31');

    expect(explanationOf(outcome)).toContain('those of 2026-10-12 and 2026-10-13 are not among them');
    expect(outcome.document.missing_without_statement).toBe(1);
  });
});
