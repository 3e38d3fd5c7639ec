/** What all channels' ledgers are put through beside their own calls, and what a reader of the movements alone finds out. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Control, TryControl } from './exchange.ts';

/** Acts on the unsigned side. `payment` and `which` are places in lists of what was made and sent. */
export type ControlStep =
  | { readonly act: 'hand'; readonly payment: number; readonly fen: number }
  | { readonly act: 'turn'; readonly seconds: number }
  | { readonly act: 'top-up' | 'withdraw'; readonly fen: number }
  | { readonly act: 'resend'; readonly which: number };

/** Places in the list of what was sent so far. */
export const which = fc.nat({ max: 30 });

export function controlSteps(o: {
  readonly payments: number;
  readonly totalMinor: number;
  readonly seconds: readonly number[];
}): { readonly weight: number; readonly arbitrary: fc.Arbitrary<ControlStep> }[] {
  const part = fc.integer({ min: 1, max: o.totalMinor });
  const payment = fc.nat({ max: o.payments - 1 });
  const either = fc.constantFrom('top-up' as const, 'withdraw' as const);
  return [
    { weight: 1, arbitrary: fc.record({ act: fc.constant('hand' as const), payment, fen: part }) },
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant('turn' as const), seconds: fc.constantFrom(...o.seconds) }),
    },
    { weight: 1, arbitrary: fc.record({ act: either, fen: part }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('resend' as const), which }) },
  ];
}

/** Takes the step, whatever comes of it. */
export async function takeControlStep(
  { control, tryControl }: { readonly control: Control; readonly tryControl: TryControl },
  one: ControlStep,
  named: { readonly paymentNo: string | undefined; readonly refundNo: string | undefined },
): Promise<void> {
  switch (one.act) {
    case 'hand': {
      const body = { payment_no: named.paymentNo, amount_minor: String(one.fen) };
      await tryControl('POST', '/refunds-by-hand', body);
      return;
    }
    case 'turn':
      await control('POST', '/clock', { advance_seconds: one.seconds });
      return;
    case 'top-up':
    case 'withdraw':
      await tryControl('POST', `/${one.act}`, { amount_minor: String(one.fen) });
      return;
    case 'resend':
      await tryControl('POST', '/callbacks/resend', { refund_no: named.refundNo ?? 'none' });
  }
}

export interface Movement {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly amount_minor: string;
  readonly voucher: string;
  readonly reference: string;
}

/** What a careful reader of the movements alone finds out. @param nameOf what names a refund at the channel */
export async function recount(
  control: Control,
  nameOf: (movement: Movement) => string,
): Promise<{
  readonly balances: ReadonlyMap<string, bigint>;
  readonly paid: ReadonlyMap<string, readonly bigint[]>;
}> {
  const postings = (await control('GET', '/postings'))['postings'] as Movement[];
  const balances = new Map<string, bigint>();
  const paid = new Map<string, readonly bigint[]>();
  for (const one of postings) {
    const minor = BigInt(one.amount_minor);
    expect(minor).toBeGreaterThan(0n);
    expect(one.from).not.toBe(one.to);
    balances.set(one.from, (balances.get(one.from) ?? 0n) - minor);
    balances.set(one.to, (balances.get(one.to) ?? 0n) + minor);
    const name = nameOf(one);
    if (one.kind === 'refund_paid') paid.set(name, [...(paid.get(name) ?? []), minor]);
  }
  expect([...balances.values()].reduce((sum, minor) => sum + minor, 0n)).toBe(0n);
  return { balances, paid };
}
