/** What the demo plants, and what it says in advance of how each trouble ends. */
import { describe, expect, test } from 'vitest';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
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
