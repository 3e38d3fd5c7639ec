/** What may be done by a suggestion of the rules: what a person may do by hand, and no more. */
import { expect, test } from 'vitest';
import { acceptingRefused, isAcceptable } from '../../domain/statement/accepting.ts';
import type { Acceptable } from '../../domain/statement/accepting.ts';
import { BREAK_RULES } from '../../domain/statement/break-work.ts';

const on = { rules: BREAK_RULES, today: '2026-11-24' };
const twice = (amountMinor: bigint) =>
  ({ kind: 'duplicate_line', amountMinor, expectedMinor: null }) as const;
const short = (amountMinor: bigint) =>
  ({ kind: 'amount_differs', amountMinor, expectedMinor: 1_000n }) as const;

test('asking the channel and looking into it are left to people', () => {
  expect(isAcceptable({ act: 'look', why: '' })).toBe(false);
  expect(isAcceptable({ act: 'ask_channel', why: '' })).toBe(false);
  expect(isAcceptable({ act: 'wait', until: '2026-11-26', why: '' })).toBe(true);
});

test.each<[string, Parameters<typeof acceptingRefused>[0], Acceptable, boolean]>([
  ['200.00', twice(20_000n), { act: 'resolve', code: 'printed_twice', why: '' }, true],
  ['200.01', twice(20_001n), { act: 'resolve', code: 'printed_twice', why: '' }, false],
  ['one yuan off', short(900n), { act: 'write_off', code: 'rounding', why: '' }, true],
  ['a fen more', short(899n), { act: 'write_off', code: 'rounding', why: '' }, false],
  ['until tomorrow', short(1n), { act: 'wait', until: '2026-11-25', why: '' }, true],
  ['until today', short(1n), { act: 'wait', until: '2026-11-24', why: '' }, false],
  ['until spring', short(1n), { act: 'wait', until: '2027-03-01', why: '' }, false],
])('%s is within its limit or not', (_, one, suggestion, isWithin) => {
  expect(acceptingRefused(one, suggestion, on) === null).toBe(isWithin);
});
