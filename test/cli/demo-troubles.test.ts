/** What the demo plants, and what it says in advance of how each trouble ends. */
import { describe, expect, test } from 'vitest';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
import { planMonth } from '../../cli/demo/plan.ts';
import { allTroubles } from '../../cli/demo/trouble.ts';
import type { RefundState } from '../../domain/refund/state.ts';

const WITHOUT_THE_MONEY: readonly RefundState[] = ['processing', 'needs_action', 'returned'];

describe('a planted trouble that leaves its payer without the money', () => {
  test.each(
    allTroubles(DEMO_CHANNELS)
      .filter(({ trouble }) => WITHOUT_THE_MONEY.includes(trouble.expected))
      .map(({ at, trouble }) => ({ channel: at.channel, ...trouble })),
  )('is expected on the overdue list: $channel, $about', ({ overdue }) => {
    expect(overdue).toBeDefined();
  });
});

test.each([20_260_901, 1, 2, 3, 4, 5])(
  'of the 360 refunds of a month at least 200 are at WeChat Pay and 50 at each of the others: seed %i',
  (seed) => {
    const { refunds } = planMonth({ refunds: 360, seed, days: 30, channels: DEMO_CHANNELS });
    const at = (channel: string): number =>
      refunds.filter(({ payment }) => payment.channel === channel).length;
    expect(at('wechat')).toBeGreaterThanOrEqual(200);
    for (const { channel } of DEMO_CHANNELS) expect(at(channel)).toBeGreaterThanOrEqual(50);
  },
);
