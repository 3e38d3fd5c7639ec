/** What goes out: the same number always with the same content, signed as it is sent. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RefundOrder } from '../../../channels/channel.ts';
import type { Clock } from '../../../domain/clock.ts';
import { MINOR_MAX } from '../../../domain/money.ts';
import { CALLS, make } from './stand.ts';
import { atEveryChannel } from './stands.ts';

function clockAt(instant: string): Clock {
  const at = new Date(instant);
  return { now: () => at, wallNow: () => at, toWallMs: (ms) => ms };
}

const LATER = ['2026-11-24T02:31:00Z', '2026-11-24T16:00:00Z', '2027-01-31T15:59:59Z'].map(clockAt);

/** Any refund that the books could hold, under numbers that the channel's own rule takes. */
function orders(like: RefundOrder, refundNo: RegExp): fc.Arbitrary<RefundOrder> {
  const cents = fc.bigInt({ min: 1n, max: 9_999_999_999n });
  return fc.record({
    paymentNo: fc.constant(like.paymentNo),
    transactionId: fc.constantFrom(like.transactionId, null),
    paidAt: fc.constant(like.paidAt),
    refundNo: fc.stringMatching(refundNo),
    requestedAt: fc.date({
      min: new Date('2024-01-01T00:00:00Z'),
      max: new Date('2027-12-31T00:00:00Z'),
      noInvalidDate: true,
    }),
    amountMinor: cents,
    capturedMinor: cents,
    currency: fc.constant(like.currency),
    reason: fc.option(
      fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('a+b & c=d %2B', '退货 "7天" \\ 50%')),
    ),
  });
}

describe('what is sent', () => {
  atEveryChannel((stand) => {
    test('I6: a refund that is sent again carries the same content, whatever came back and however late it is', async () => {
      const { ownFault, tooManyCalls } = stand.words.submitRefund;
      const before = stand.sent().length;
      stand.answer(
        ownFault,
        { body: '', breaks: 'at once' },
        tooManyCalls,
        stand.answers.submitRefund.genuine,
      );

      // Each time as after a restart of the process.
      await stand.channel().submitRefund(stand.order);
      for (const clock of LATER) await stand.channel({ clock }).submitRefund(stand.order);

      const sent = stand.sent().slice(before);
      expect(sent).toHaveLength(4);
      expect(new Set(sent.map(({ content }) => content)).size).toBe(1);
    });

    test('I6 I14: number and amount arrive as they are in the books, signed as sent, for any refund', async () => {
      stand.answer(stand.words.submitRefund.ownFault);
      await fc.assert(
        fc.asyncProperty(
          orders(stand.order, stand.channel().limits.refundNo.pattern),
          fc.constantFrom(...LATER),
          async (order, clock) => {
            await stand.channel().submitRefund(order);
            await stand.channel({ clock }).submitRefund(order);

            const [first, again] = stand.sent().slice(-2);
            expect(first).toMatchObject({
              refundNo: order.refundNo,
              amountMinor: order.amountMinor,
              signatureHolds: true,
            });
            expect(again).toMatchObject({ content: first?.content, signatureHolds: true });
          },
        ),
        { numRuns: 50 },
      );
    });

    test.each(CALLS)('%s is one request, and its signature holds', async (call) => {
      const before = stand.sent().length;
      stand.answer(stand.answers[call].genuine);

      await make(call, stand.channel(), stand.order);

      expect(
        stand
          .sent()
          .slice(before)
          .map(({ signatureHolds }) => signatureHolds),
      ).toEqual([true]);
    });

    test.each([0n, -1n, MINOR_MAX + 1n])('I14: %d fen are never sent', async (amountMinor) => {
      const before = stand.sent().length;

      await expect(stand.channel().submitRefund({ ...stand.order, amountMinor })).rejects.toMatchObject({
        code: 'amount_invalid',
      });
      expect(stand.sent()).toHaveLength(before);
    });

    test.each(['', 'RF 1', '退款1', 'RF/1', 'RF1&a=b', 'RF1\n', 'x'.repeat(65)])(
      'F17: a number that the channel does not take is never sent: %j',
      async (refundNo) => {
        const before = stand.sent().length;

        await expect(stand.channel().submitRefund({ ...stand.order, refundNo })).rejects.toMatchObject({
          code: 'refund_no_invalid',
        });
        expect(stand.sent()).toHaveLength(before);
      },
    );

    test('two refunds of one payment are two contents', async () => {
      stand.answer(stand.words.submitRefund.ownFault);
      const channel = stand.channel();

      await channel.submitRefund(stand.order);
      await channel.submitRefund({ ...stand.order, refundNo: 'RF20261124000000000002' });

      const [one, other] = stand.sent().slice(-2);
      expect(one?.content).not.toBe(other?.content);
      expect([one?.refundNo, other?.refundNo]).toEqual([stand.order.refundNo, 'RF20261124000000000002']);
    });
  });
});
