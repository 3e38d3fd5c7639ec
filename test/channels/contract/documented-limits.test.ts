/** Every number of every channel's limits is the one of its documents, or the one that was decided where they are silent. */
import { describe, expect, test } from 'vitest';
import { ALIPAY_REFUND_NO } from '../../../channels/alipay/limits.ts';
import type { ChannelLimits } from '../../../channels/channel.ts';
import { UNIONPAY_ORDER_ID } from '../../../channels/unionpay/limits.ts';
import { assertRefundNoFits } from '../../../domain/ids.ts';
import type { RefundNoRule } from '../../../domain/ids.ts';
import type { ChannelName } from '../../../domain/refund/refund.ts';
import { atEveryChannel } from './stands.ts';

const UNITS_MS = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `10 30 s, 1 min` as milliseconds. */
function spans(text: string): readonly number[] {
  return text.split(', ').flatMap((group) => {
    const words = group.split(' ');
    const unit = UNITS_MS[words.pop() as keyof typeof UNITS_MS];
    return words.map((count) => Number(count) * unit);
  });
}

function span(text: string): number {
  const [only = Number.NaN] = spans(text);
  return only;
}

const DOCUMENTED: Readonly<Record<ChannelName, Omit<ChannelLimits, 'refundNo'>>> = {
  wechat: {
    refundableForMs: span('365 d'),
    partsPerPayment: 50,
    spacingPerPaymentMs: span('1 min'),
    // "Not at once: wait at least a minute" before what is not there counts as never received.
    absenceGraceMs: span('1 min'),
    // It says "closed" where it means it; silence has no bound.
    silentAttemptsMax: null,
    pollLadderMs: spans('1 1 1 1 1 5 10 20 30 30 min, 1 1 2 4 6 h'),
    // It tells nothing of the payer's bank.
    bankLegPollMs: null,
    statementReadyAfterMs: span('10 h'),
    emptyAfterMs: span('12 h'),
    statementKinds: ['trade', 'fund_flow'],
  },
  alipay: {
    // The contract's; this is the stand's account.
    refundableForMs: span('365 d'),
    // Many, it says.
    partsPerPayment: 1_000,
    spacingPerPaymentMs: span('3 s'),
    absenceGraceMs: span('10 s'),
    // There is no word for a failure: after six silent answers a person looks.
    silentAttemptsMax: 6,
    pollLadderMs: spans('10 30 s, 1 5 15 30 min, 1 h'),
    bankLegPollMs: span('1 d'),
    statementReadyAfterMs: span('10 h'),
    // A bill that does not exist may still come until noon.
    emptyAfterMs: span('12 h'),
    statementKinds: ['trade', 'fund_flow'],
  },
  unionpay: {
    // Eleven months, of which no eleven in a row are shorter.
    refundableForMs: span('334 d'),
    partsPerPayment: 1_000,
    spacingPerPaymentMs: 0,
    // "Several minutes."
    absenceGraceMs: span('5 min'),
    silentAttemptsMax: 6,
    pollLadderMs: spans('2 4 8 16 32 s, 5 30 120 min, 6 h'),
    // It tells nothing of the payer's bank.
    bankLegPollMs: null,
    statementReadyAfterMs: span('9 h'),
    emptyAfterMs: span('12 h'),
    statementKinds: ['trade'],
  },
};

/** Numbers at the edges of a rule: those it takes, and those just beyond. */
const NUMBERS: Readonly<Record<ChannelName, { takes: readonly string[]; refuses: readonly string[] }>> = {
  wechat: {
    takes: ['a', '0', 'Z_-|*@9', 'x'.repeat(64)],
    refuses: ['', 'x'.repeat(65), 'a.b', 'a b', 'a+b', 'a#b', 'é'],
  },
  alipay: {
    takes: ['a', '0', 'Z_-9', 'x'.repeat(64)],
    refuses: ['', 'x'.repeat(65), 'a|b', 'a*b', 'a@b', 'a.b'],
  },
  unionpay: {
    takes: ['123456789012', `RF${'1'.repeat(12)}`, `${'Z'.repeat(20)}123456789012`],
    refuses: [
      '12345678901',
      `${'Z'.repeat(21)}123456789012`,
      '12345678901x',
      'R_123456789012',
      'R-123456789012',
    ],
  },
};

/** UnionPay's last twelve digits become the number by which the payer's bank knows the refund. */
const UNIQUE: Readonly<Record<ChannelName, Pick<RefundNoRule, 'uniqueTailDigits' | 'uniqueWithin'>>> = {
  wechat: { uniqueTailDigits: null },
  alipay: { uniqueTailDigits: null, uniqueWithin: 'payment' },
  unionpay: { uniqueTailDigits: 12 },
};

/** Of statements that other systems' refunds are in as well. */
const LIST_NUMBERS: readonly [string, RefundNoRule, readonly string[], readonly string[]][] = [
  [
    'unionpay',
    UNIONPAY_ORDER_ID,
    ['12345678', 'abcdefgh', 'x'.repeat(32)],
    ['1234567', 'x'.repeat(33), 'R_123456'],
  ],
  ['alipay', ALIPAY_REFUND_NO, NUMBERS.alipay.takes, NUMBERS.alipay.refuses],
];

function taken(numbers: readonly string[], rule: RefundNoRule): readonly string[] {
  return numbers.filter((refundNo) => {
    try {
      assertRefundNoFits(refundNo, rule);
      return true;
    } catch {
      return false;
    }
  });
}

describe('the limits', () => {
  atEveryChannel((stand) => {
    const { refundNo, ...limits } = stand.channel().limits;

    test('are the documented ones', () => {
      expect(limits).toEqual(DOCUMENTED[stand.name]);
    });

    test('say within what a refund number has to be unique', () => {
      const { uniqueTailDigits, uniqueWithin } = refundNo;

      expect({ uniqueTailDigits, uniqueWithin }).toEqual(UNIQUE[stand.name]);
    });

    test('take refund numbers up to the documented edge, and none beyond', () => {
      const { takes, refuses } = NUMBERS[stand.name];

      expect(taken([...takes, ...refuses], refundNo)).toEqual(takes);
    });
  });

  test.each(LIST_NUMBERS)(
    'in a list of refunds of %s take its numbers and no others',
    (_name, rule, takes, refuses) => {
      expect(taken([...takes, ...refuses], rule)).toEqual(takes);
    },
  );
});
