/**
 * Accepting what the rules suggest of many breaks at once. Accepting is what a person would do by hand, one break at a time, and
 * no more: within the same limits, and what takes two people is only asked for.
 */
import type { PlainDate } from '../time/plain-date.ts';
import type { BreakRules, Sums } from './break-work.ts';
import { mayParkUntil, mayResolveAlone, mayWriteOff } from './break-work.ts';
import type { Suggestion } from './suggestion.ts';

/** Suggestions that something can be done by. Asking the channel and looking into it are left to people. */
export const ACCEPTABLE_ACTS = ['resolve', 'wait', 'write_off', 'force_match'] as const;
export type AcceptableAct = (typeof ACCEPTABLE_ACTS)[number];

/** A suggestion that can be accepted: `resolve` and `wait` are done, `write_off` and `force_match` asked of a second person. */
export type Acceptable = Extract<Suggestion, { readonly act: AcceptableAct }>;

export function isAcceptable(suggestion: Suggestion): suggestion is Acceptable {
  return ACCEPTABLE_ACTS.some((act) => act === suggestion.act);
}

/** In words, why a suggestion goes beyond what may be done by it; null when it does not. */
export function acceptingRefused(
  one: Sums,
  suggestion: Acceptable,
  { rules, today }: { readonly rules: BreakRules; readonly today: PlainDate },
): string | null {
  switch (suggestion.act) {
    case 'resolve':
      return mayResolveAlone(one, rules) ? null : 'more is at stake than one person ends alone';
    case 'write_off':
      return mayWriteOff(one, suggestion.code, rules) ? null : 'more is at stake than this reason allows';
    case 'wait':
      return mayParkUntil(suggestion.until, today, rules)
        ? null
        : 'the day is further ahead than a break may be put off';
    case 'force_match':
      return null;
  }
}
