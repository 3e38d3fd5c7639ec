/** The one sentence that says what happens next: never silent about a bank that has not posted, or that refused. */
import { describe, expect, test } from 'vitest';
import { nextStep } from '../../api/next-step.ts';
import { REFUND_STATES } from '../../domain/refund/state.ts';

const plain = { stateReason: null, overdueLevel: 0, bankLeg: null, flaw: null } as const;

describe('what happens next', () => {
  test.each(REFUND_STATES)('is said of a refund that is %s', (state) => {
    expect(nextStep({ ...plain, state })).toMatch(/^[A-Z].*\.$/);
  });

  test.each(['succeeded', 'settled'] as const)(
    'of one that is %s names the bank that is still to post it',
    (state) => {
      expect(nextStep({ ...plain, state, bankLeg: 'pending' })).toMatch(/asked every day/);
      expect(nextStep({ ...plain, state, bankLeg: 'pending', overdueLevel: 1 })).toMatch(
        /quotes the serials to the bank/,
      );
    },
  );

  test('sends a person after what the channel did with a flaw', () => {
    expect(nextStep({ ...plain, state: 'settled', flaw: 'A6' })).toMatch(/something was wrong/);
  });

  test('tells the payer that the money lies in the wallet when the bank refused it', () => {
    expect(nextStep({ ...plain, state: 'settled', bankLeg: 'returned_to_wallet' })).toMatch(
      /^Tell the payer.*wallet/,
    );
  });
});
