/** What a genuine answer means: the same words of the house, whatever the channel calls it. */
import { describe, expect, test } from 'vitest';
import type { Call } from './stand.ts';
import { make, wordOf } from './stand.ts';
import { atEveryChannel } from './stands.ts';

/** By call and by what the channel says. A refund that was taken may be in hand or done already. */
const MEANINGS: Readonly<Record<Call, Readonly<Record<string, readonly string[]>>>> = {
  submitRefund: {
    anotherRefund: ['unknown'],
    refused: ['refused'],
    shortBalance: ['held short_balance'],
    tooManyCalls: ['held rate_limited'],
    ownFault: ['unknown'],
  },
  queryRefund: {
    anotherRefund: ['unknown'],
    otherAmount: ['reported success'],
    inHand: ['reported processing'],
    closed: ['reported closed'],
    absent: ['absent'],
    tooManyCalls: ['held rate_limited'],
    ownFault: ['unknown'],
  },
  queryPayment: {
    anotherPayment: ['unknown'],
    unpaid: ['unpaid'],
    absent: ['absent'],
    tooManyCalls: ['held rate_limited'],
    ownFault: ['unknown'],
  },
  requestStatement: {
    notThere: ['creating', 'empty'],
    tooManyCalls: ['held rate_limited'],
    ownFault: ['unknown'],
  },
};

const SAYINGS = Object.entries(MEANINGS).flatMap(([call, words]) =>
  Object.entries(words).map(([word, means]) => ({ call: call as Call, word, means })),
);

describe('what is said', () => {
  atEveryChannel((stand) => {
    const wordsOf = (call: Call): Readonly<Record<string, unknown>> => ({ ...stand.words[call] });
    const spoken = SAYINGS.flatMap(({ call, word, means }) => {
      const answer = Object.entries(stand.words[call]).find(([name]) => name === word)?.[1] ?? null;
      return answer === null ? [] : [{ call, word, means, answer }];
    });

    test('is all that the stand can say', () => {
      for (const [call, words] of Object.entries(MEANINGS))
        expect(Object.keys(wordsOf(call as Call)).sort()).toEqual(Object.keys(words).sort());
    });

    test.each(spoken)('$word to $call means $means', async ({ call, means, answer }) => {
      stand.answer(answer);

      expect(wordOf(await make(call, stand.channel(), stand.order))).toBeOneOf([...means]);
    });

    test('F33: another amount than was asked for is reported as it is', async () => {
      stand.answer(stand.words.queryRefund.otherAmount);

      expect(await stand.channel().queryRefund(stand.order)).toMatchObject({
        report: { amountMinor: stand.order.amountMinor - 1n },
      });
    });

    test('a refund that was taken is reported under its own number and payment, and never with another amount', async () => {
      stand.answer(stand.answers.submitRefund.genuine);

      const answer = await stand.channel().submitRefund(stand.order);

      expect(wordOf(answer)).toBeOneOf(['reported processing', 'reported success']);
      expect(answer).toMatchObject({
        report: { refundNo: stand.order.refundNo, transactionId: stand.order.transactionId },
      });
      if (answer.outcome === 'reported')
        expect(answer.report.amountMinor).toBeOneOf([null, stand.order.amountMinor]);
    });

    test('a refund that is done is reported as success of what was asked for', async () => {
      stand.answer(stand.answers.queryRefund.genuine);

      expect(await stand.channel().queryRefund(stand.order)).toMatchObject({
        outcome: 'reported',
        report: {
          status: 'success',
          refundNo: stand.order.refundNo,
          amountMinor: stand.order.amountMinor,
        },
      });
    });

    test('a paid payment is reported with its numbers, its amount to the fen and its time', async () => {
      stand.answer(stand.answers.queryPayment.genuine);

      expect(await stand.channel().queryPayment(stand.order)).toMatchObject({
        outcome: 'reported',
        payment: {
          paymentNo: stand.order.paymentNo,
          transactionId: stand.order.transactionId,
          capturedMinor: stand.order.capturedMinor,
          currency: 'CNY',
          paidAt: expect.any(Date) as unknown,
        },
      });
    });

    test('what is held tells the channel’s code and words, for whoever has to mend it', async () => {
      stand.answer(stand.words.submitRefund.tooManyCalls);

      const answer = await stand.channel().submitRefund(stand.order);

      expect(answer).toMatchObject({
        outcome: 'held',
        channelCode: expect.stringMatching(/./) as unknown,
        message: expect.stringContaining('说明') as unknown,
      });
    });
  });
});
