/**
 * R2: thousands of stories of the refund core, each from its own seed, by the real rules and in memory. Every broken
 * invariant is printed with its seed; `YUANLU_SIM_SEED=<seed>` plays that story alone and shows what happened,
 * `YUANLU_SIM_STORIES=<count>` plays more or fewer of them, from a seed of their own when `YUANLU_SIM_FROM` names one.
 */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { statusOf } from '../../domain/refund/state.ts';
import { diceOf } from './dice.ts';
import type { Rules } from './sim-rules.ts';
import { REAL_RULES } from './sim-rules.ts';
import type { Story } from './simulator.ts';
import { play } from './simulator.ts';

const STORIES = Number(process.env['YUANLU_SIM_STORIES'] ?? '10000');
const FROM = Number(process.env['YUANLU_SIM_FROM'] ?? '1');
const ONLY = process.env['YUANLU_SIM_SEED'];
const TIME_FOR_ALL_MS = 120_000;

function seeds(): number[] {
  if (ONLY !== undefined) return [Number(ONLY)];
  return Array.from({ length: STORIES }, (_one, index) => FROM + index);
}

function tell(story: Story): void {
  process.stderr.write(`seed ${String(story.seed)}: ${story.broken.join('; ')}\n`);
  process.stderr.write(`repeat it with YUANLU_SIM_SEED=${String(story.seed)}\n`);
  if (ONLY !== undefined) process.stderr.write(`${story.log.join('\n')}\n`);
}

describe('F1 to F34, F66 to F68, F75 to F82, in any mixture', () => {
  const met = new Set<string>();

  test(
    'I1 I2 I4 I6 I7: no story breaks an invariant, and each comes to an end that the ledger agrees with',
    () => {
      const bad: string[] = [];
      for (const seed of seeds()) {
        const story = play(seed);
        for (const one of story.met) met.add(one);
        if (story.broken.length === 0 && ONLY === undefined) continue;
        tell(story);
        if (story.broken.length > 0) bad.push(`seed ${String(seed)}: ${story.broken.join('; ')}`);
      }

      expect(bad.slice(0, 5)).toEqual([]);
    },
    TIME_FOR_ALL_MS,
  );

  test('the stories have met every state and every place where a worker can be killed or overtaken', () => {
    if (ONLY !== undefined) return expect(met.size).toBeGreaterThan(0);
    const places = [
      'before a poll',
      'before the attempt is committed',
      'before the order is sent',
      'after the order was sent',
      'after the answer was committed',
      'before the question',
      'after the question',
      'still unknown',
    ];
    const states = [
      'requested',
      'unknown',
      'processing',
      'succeeded',
      'settled',
      'failed/refused',
      'failed/closed',
    ];
    const waiting = [
      'abnormal',
      'short_balance',
      'try_later',
      'blocked',
      'payer_account_closed',
      'channel_silent',
    ];

    expect([...met]).toEqual(
      expect.arrayContaining([
        ...places.flatMap((place) => [`killed ${place}`, `overtaken ${place}`]),
        ...states,
        ...waiting.map((reason) => `needs_action/${reason}`),
        'needs_action/conflict_of_evidence',
        'refused: over the payment',
      ]),
    );
  });
});

describe('the same seed', () => {
  test('tells the same story, another one another', () => {
    expect(play(7).log).toEqual(play(7).log);
    expect(play(8).log).not.toEqual(play(7).log);
  });

  test('throws dice that are fair enough: a chance of a quarter comes about every fourth time', () => {
    const dice = diceOf(1);
    const hits = Array.from({ length: 4_000 }, () => dice.chance(0.25)).filter(Boolean).length;

    expect(hits).toBeGreaterThan(900);
    expect(hits).toBeLessThan(1_100);
    expect(new Set(Array.from({ length: 100 }, () => dice.pick('a', 'b', 'c')))).toEqual(
      new Set(['a', 'b', 'c']),
    );
  });
});

/** Stories that a broken rule is given to show itself. */
const CHANCES = 2_000;

function firstBroken(rules: Partial<Rules>): string | null {
  for (let seed = 1; seed <= CHANCES; seed += 1) {
    const { broken } = play(seed, { ...REAL_RULES, ...rules });
    if (broken.length > 0) return broken.join('; ');
  }
  return null;
}

describe('a broken rule is found out', () => {
  const latestWordWins = (amountMinor: bigint, known: readonly Observation[]) => {
    const last = known.findLast((one) => one.kind === 'channel_report');
    return last === undefined ? statusOf(amountMinor, known) : statusOf(amountMinor, [last]);
  };
  const silenceIsFailure = (amountMinor: bigint, known: readonly Observation[]) => {
    const status = statusOf(amountMinor, known);
    return status.state === 'unknown' ? ({ state: 'failed', reason: 'refused' } as const) : status;
  };
  const absenceIsFailure = (amountMinor: bigint, known: readonly Observation[]) => {
    const status = statusOf(amountMinor, known);
    const absent = status.state === 'unknown' && known.some((one) => one.kind === 'channel_absent');
    return absent ? ({ state: 'failed', reason: 'refused' } as const) : status;
  };
  const acceptedIsSuccess = (amountMinor: bigint, known: readonly Observation[]) => {
    const status = statusOf(amountMinor, known);
    return status.state === 'processing' ? ({ state: 'succeeded', reason: null } as const) : status;
  };
  const contradictionsIgnored = (amountMinor: bigint, known: readonly Observation[]) => {
    const refusals = known.filter((one) => one.kind !== 'channel_report' && one.kind !== 'statement_line');
    const status = statusOf(amountMinor, known);
    return status.reason === 'conflict_of_evidence' ? statusOf(amountMinor, refusals) : status;
  };

  test.each<[string, Partial<Rules>, RegExp]>([
    [
      'every attempt has a number of its own',
      { numberOf: (no, attempt) => `${no}-${String(attempt)}` },
      /I1|I6/,
    ],
    ['the attempt is committed after the order has left', { commitsFirst: false }, /I6/],
    ['the latest word wins', { statusOf: latestWordWins }, /I4|I22|I3/],
    ['no answer counts as a failure', { statusOf: silenceIsFailure }, /I7/],
    ['an absence inside the grace period counts as a failure', { statusOf: absenceIsFailure }, /I7/],
    ['accepted counts as success', { statusOf: acceptedIsSuccess }, /I4/],
    ['a contradiction is passed over', { statusOf: contradictionsIgnored }, /I3|I7/],
    [
      'nothing is ever sent again',
      { submissionStep: (_status, known) => (known.length === 0 ? 'send' : 'none') },
      /I3/,
    ],
    [
      'a held refund frees its amount',
      { reservesAmount: ({ state }) => state !== 'failed' && state !== 'needs_action' },
      /I2/,
    ],
  ])('%s', (_what, rules, invariant) => {
    expect(firstBroken(rules)).toMatch(invariant);
  });
});
