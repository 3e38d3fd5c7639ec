/**
 * I16, F82: every recorded history replays on the present code. Needs no server. A change of a workflow that orders
 * its steps differently must keep the old order for histories that began before it (`patched`).
 */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { required } from '../support/required.ts';
import { scheduledIn, signalsIn, updatesIn, workflowTasks } from '../workflow/temporal.ts';
import type { StoredHistory } from './stored-histories.ts';
import { replay, storedHistories } from './stored-histories.ts';

const HISTORIES = await storedHistories();
const NAMED = HISTORIES.map((history) => [history.name, history] as const);
const CODE = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');

/** Every path that a workflow can take. A new path gets its name here and its history beside the others. */
const PATHS = [
  'backfill/again',
  'backfill/range',
  'notice/delivered',
  'notice/given-up',
  'overdue/flagged',
  'overdue/nothing-due',
  'refund/abnormal-then-succeeded',
  'refund/callback',
  'refund/callback-before-answer',
  'refund/callback-beside-answer',
  'refund/callback-first',
  'refund/callback-then-polled',
  'refund/called-off',
  'refund/called-to-a-person',
  'refund/closed',
  'refund/conflict',
  'refund/contradicted',
  'refund/followed-to-the-bank',
  'refund/held-then-retried',
  'refund/held-then-statement',
  'refund/known-before',
  'refund/payment-mismatch-mended',
  'refund/polled-often',
  'refund/recorded',
  'refund/redirected',
  'refund/refused',
  'refund/retried-between-attempts',
  'refund/retried-under-way',
  'refund/succeeded',
  'refund/taken-before',
  'refund-before-2026-12/abnormal-then-succeeded',
  'refund-before-2026-12/callback',
  'refund-before-2026-12/callback-then-polled',
  'refund-before-2026-12/closed',
  'refund-before-2026-12/committed-and-recorded',
  'refund-before-2026-12/contradicted',
  'refund-before-2026-12/followed-to-the-bank',
  'refund-before-2026-12/held-then-retried',
  'refund-before-2026-12/held-then-statement',
  'refund-before-2026-12/payment-mismatch-mended',
  'refund-before-2026-12/polled-often',
  'refund-before-2026-12/retried-between-attempts',
  'refund-before-2026-12/retried-under-way',
  'refund-before-2026-12/succeeded',
  'refund-before-2026-12/taken-before',
  'statement-before-2026-12/in-ranges',
  'statement-before-2026-12/in-ranges-after-all-not',
  'statement-before-2026-12/known-and-loaded',
  'statement/downloaded-again',
  'statement/empty',
  'statement/in-ranges',
  'statement/in-ranges-after-all-not',
  'statement/in-ranges-downloaded-again',
  'statement/in-ranges-refused',
  'statement/known',
  'statement/loaded',
  'statement/news-in-rows',
  'statement/range',
  'statement/same',
  'statement/without-news',
];

function historyOf(name: string): StoredHistory {
  const found = HISTORIES.find((history) => history.name === name);
  if (found === undefined) throw new Error(`${name}.json is missing`);
  return found;
}

describe('recorded histories', () => {
  test('there is one for every path that a workflow can take', () => {
    expect(HISTORIES.map((history) => history.name)).toEqual(expect.arrayContaining(PATHS));
  });

  test.each(NAMED)('%s replays', async (_name, history) => {
    await replay(CODE, history.text);
  });

  test.each(NAMED)('%s is of a run that ended', (_name, { events }) => {
    expect(events.at(-1)?.eventType).toMatch(/WORKFLOW_EXECUTION_(COMPLETED|FAILED)$/);
  });

  test.each(NAMED)('I13: %s names no host, no process and no folder', (_name, { text }) => {
    expect(text).not.toMatch(/"identity": "(?!worker")/);
    expect(text).not.toMatch(/\/(home|root|work|Users|tmp)\//);
  });
});

describe('P12: the length of a refund', () => {
  const refunds = HISTORIES.filter((history) => history.name.startsWith('refund/'));
  const heard = (history: StoredHistory): number => signalsIn(history.events) + updatesIn(history.events);
  const undisturbed = refunds.filter((history) => heard(history) === 0);

  test.each(undisturbed.map((history) => [history.name, history] as const))(
    '%s, without news from outside, has at most four workflow tasks, and one more where it was recorded',
    (_name, { events }) => {
      const recorded = scheduledIn(events).filter((verb) => verb === 'recordRefund').length;
      expect(workflowTasks(events)).toBeLessThanOrEqual(4 + recorded);
    },
  );

  test.each(['refund/callback', 'refund/callback-before-answer', 'refund/callback-first'])(
    '%s has at most five workflow tasks',
    (name) => {
      expect(workflowTasks(historyOf(name).events)).toBeLessThanOrEqual(5);
    },
  );

  test('grows only with what is heard from outside: at most three tasks for each signal or retry', () => {
    const longer = refunds.filter((one) => workflowTasks(one.events) > 5 + 3 * heard(one));

    expect(longer.map((history) => history.name)).toEqual([]);
    expect(undisturbed.length).toBeGreaterThan(4);
  });
});

/**
 * What a replay can be trusted with: steps left out, added, or in another order. It does not compare what is written into
 * attributes and arguments, nor how long a timer is: that is asserted where the workflows are run (test/workflow).
 */
describe('code that takes other steps than a history has', () => {
  /** The bundle with one piece of it replaced; a piece that is not there would prove nothing. */
  function mutated(before: string, after: string): string {
    expect(CODE.split(before)).toHaveLength(2);
    return CODE.replace(before, after);
  }

  test.each([
    [
      'submits before the payment is confirmed',
      [
        "news.at('confirming', await confirmPayment(recorded))",
        "news.at('confirming', await submitRefund(recorded))",
      ],
      'refund/succeeded',
    ],
    [
      'records what the API has committed',
      ['_committed !== void 0 ?', '_committed === null ?'],
      'refund/succeeded',
    ],
    [
      'does not record what a worker of before recorded',
      [
        '.patched)(COMMITTED_BEFORE)) return undefined',
        '.patched)(COMMITTED_BEFORE) && false) return undefined',
      ],
      'refund-before-2026-12/committed-and-recorded',
    ],
    [
      'leaves the verdict unrecorded',
      [
        "news.at('awaiting', await recordVerdict(recorded))",
        "news.at('awaiting', { state: 'succeeded', reason: null })",
      ],
      'refund/callback',
    ],
    ['does not look at a callback', ['(()=>news.heard())', '(()=>false)'], 'refund/callback'],
    [
      'does not look at a callback, as it did before December 2026',
      [
        'await unlessInterrupted(()=>awaitVerdict(recorded), ()=>news.heard())',
        'await awaitVerdict(recorded)',
      ],
      'refund-before-2026-12/callback',
    ],
    ['goes on asking while a person is waited for', ['asking.cancel();', ''], 'refund/called-to-a-person'],
    [
      'waits for a deadline before it submits',
      [
        "news.at('submitting', confirmed);",
        "news.at('submitting', confirmed); await new Promise((done) => setTimeout(done, 1000));",
      ],
      'refund/succeeded',
    ],
    [
      'forgets to say that the refund waits for a person',
      [
        "const held = news.at('held', news.current());",
        "const held = news.at('held', news.current()); if (held.step === 'ended')",
      ],
      'refund/held-then-retried',
    ],
    [
      'reports before it has matched',
      ['await matchStatement(loaded.fileId)', 'await reportMatches([])'],
      'statement/loaded',
    ],
    [
      'matches what it has matched before',
      ["if (loaded.outcome === 'same') return loaded;", ''],
      'statement/same',
    ],
    [
      'loads what is known',
      ['.patched)(KNOWN_WHEN_FETCHED)) return ', '.patched)(KNOWN_WHEN_FETCHED)) void '],
      'statement/known',
    ],
    [
      'does not load what is known, as it did before December 2026',
      ['.patched)(KNOWN_WHEN_FETCHED)) return ', '.patched)(KNOWN_WHEN_FETCHED) || true) return '],
      'statement-before-2026-12/known-and-loaded',
    ],
    [
      'reads a broken file again',
      [
        'const file = await fetchStatement(day, broken);',
        'const file = globalThis.f ??= await fetchStatement(day, broken);',
      ],
      'statement/downloaded-again',
    ],
    [
      'joins before its ranges are loaded',
      ['await loadAll(day, fileId, split.ranges);', ''],
      'statement/in-ranges',
    ],
    [
      'leaves what was refused where it is',
      ['CancellationScope.nonCancellable(()=>clearSplit(fileId))', 'CancellationScope'],
      'statement/in-ranges-refused',
    ],
    [
      'flags before it asks',
      [
        'if (due.refunds.length > 0) asked += await askChannel(due.refunds);',
        'if (due.refunds.length > 0) await flagOverdue(slot);',
      ],
      'overdue/flagged',
    ],
    ['forgets what nobody took', ['return giveUpNotice(notice);', "return 'exhausted';"], 'notice/given-up'],
    ['runs the days one by one', ['const IN_FLIGHT_MAX = 4;', 'const IN_FLIGHT_MAX = 1;'], 'backfill/range'],
  ] as const)('and %s is caught', async (_what, [before, after], name) => {
    const code = mutated(before, after);

    await expect(replay(code, historyOf(name).text)).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
  });

  test('but only answers otherwise is let pass', async () => {
    const code = mutated('another try is under way already', 'somebody was faster');

    await Promise.all(HISTORIES.map((history) => replay(code, history.text)));
  });

  test('is caught in the history as well: another activity than the code asks for', async () => {
    const text = historyOf('refund/succeeded').text.replaceAll('"submitRefund"', '"sendRefund"');

    await expect(replay(CODE, text)).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
  });
});
