/** The way to the payer's bank: under way from the channel's success until the channel says otherwise, where it tells at all. */
import { describe, expect, test } from 'vitest';
import { bankLegOf, hasLastWord } from '../../domain/refund/bank-leg.ts';
import type { ChannelName, FundingSource } from '../../domain/refund/refund.ts';
import { REFUND_STATES } from '../../domain/refund/state.ts';

const paid = { state: 'succeeded', channel: 'alipay', fundingSource: 'debit_card' } as const;

describe('the way to the bank', () => {
  test.each<[ChannelName, FundingSource, 'pending' | null]>([
    ['alipay', 'debit_card', 'pending'],
    ['alipay', 'credit_card', 'pending'],
    ['alipay', 'wallet', null],
    ['alipay', 'unknown', null],
    ['wechat', 'debit_card', null],
    ['unionpay', 'credit_card', null],
  ])('of a refund at %s to a %s of which nothing was said is %s', (channel, fundingSource, leg) => {
    expect(bankLegOf(undefined, { ...paid, channel, fundingSource })).toBe(leg);
  });

  test('has not begun before the channel has paid', () => {
    expect(bankLegOf(undefined, { ...paid, state: 'processing' })).toBeNull();
  });

  test('is what the channel says, whatever was paid from', () => {
    expect(bankLegOf('arrived', paid)).toBe('arrived');
    expect(bankLegOf('returned_to_wallet', { ...paid, fundingSource: 'unknown' })).toBe('returned_to_wallet');
    expect(bankLegOf('none', paid)).toBeNull();
  });
});

describe('the last word of the channel', () => {
  test.each(REFUND_STATES)('of one that is %s waits for the bank only when it is paid', (state) => {
    const ends = ['succeeded', 'settled', 'failed', 'returned'].includes(state);
    const isPaid = state === 'succeeded' || state === 'settled';
    expect(hasLastWord({ state, bankLeg: null })).toBe(ends);
    expect(hasLastWord({ state, bankLeg: 'arrived' })).toBe(ends);
    expect(hasLastWord({ state, bankLeg: 'pending' })).toBe(ends && !isPaid);
  });
});
