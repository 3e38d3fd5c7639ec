/**
 * Two periods of Chinese consumer law beside the channel's window. Input for the product, not legal advice: whether a
 * period applies to a refund is for people to say. Articles and figures are data, in editions: laws are amended.
 */
import type { Bilingual } from '../bilingual.ts';
import { addDays, beijingDateOf, beijingInstant } from '../time/plain-date.ts';

interface Clock {
  readonly id: string;
  /** Calendar days, holidays included. */
  readonly days: number;
  /** What the law counts from, as far as it can be told here; the request where it cannot. */
  readonly from: LegalStart;
  readonly law: Bilingual;
}

export const LEGAL_STARTS = ['goods_received', 'refund_requested'] as const;

/** `goods_received`: the day on which returned goods came back to the merchant, as the merchant says. */
export type LegalStart = (typeof LEGAL_STARTS)[number];

/** Read from a public collection of laws of April 2025; later amendments of the day counts are not confirmed. */
export const LEGAL_EDITION: { readonly version: string; readonly clocks: readonly Clock[] } = {
  version: '2025-04',
  clocks: [
    {
      id: 'return_price_7_days',
      days: 7,
      from: 'goods_received',
      law: {
        zh: '《消费者权益保护法》（2013）第二十五条：无理由退货，自收到退回商品之日起七日内返还价款',
        en: 'Consumer Rights Protection Law (2013), article 25: price returned within 7 days of receiving the returned goods',
      },
    },
    {
      id: 'deliberate_delay_15_days',
      days: 15,
      from: 'refund_requested',
      law: {
        zh: '《侵害消费者权益行为处罚办法》（2015）第八至十条：无正当理由超过十五日未退款，视为故意拖延',
        en: 'Measures for Penalties for Infringing upon Consumer Rights (2015), articles 8 to 10: not refunding within 15 days without good reason counts as deliberate delay',
      },
    },
  ],
};

/** From what they are counted where nothing better is known: nobody tells us of agreements. */
export const LEGAL_COUNTS_FROM = 'refund_requested' satisfies LegalStart;

/** What to know about the clocks of a refund. */
export function legalNote({ goodsReceivedAt }: Pick<LegalFacts, 'goodsReceivedAt'>): Bilingual {
  return goodsReceivedAt === null
    ? {
        zh: '自退款申请之日起算（收到退货的日期未告知本系统）；仅供参考，不构成法律意见。',
        en: 'Counted from the request for the refund, since the day on which the goods came back is not known here; for information, not legal advice.',
      }
    : {
        zh: '七日自商户告知的收到退货之日起算，十五日自退款申请之日起算；仅供参考，不构成法律意见。',
        en: 'The 7 days are counted from the day on which the merchant says that the goods came back, the 15 days from the request for the refund; for information, not legal advice.',
      };
}

/** What of a refund the clocks count from. */
export interface LegalFacts {
  readonly requestedAt: Date;
  /** Null where nobody told. */
  readonly goodsReceivedAt: Date | null;
}

export interface LegalClock {
  readonly id: string;
  readonly days: number;
  readonly law: Bilingual;
  /** Which of the two it is counted from here. */
  readonly start: LegalStart;
  readonly countsFrom: Date;
  /** The end (24:00 in Beijing) of the last day. */
  readonly endsAt: Date;
  readonly passed: boolean;
}

/** Both clocks of a refund at `now`: the day counted from does not count itself, the last day ends at 24:00 in Beijing. */
export function legalClocks(refund: LegalFacts, now: Date): readonly LegalClock[] {
  return LEGAL_EDITION.clocks.map(({ id, days, from, law }) => {
    const { start, countsFrom } = startOf(refund, from);
    const endsAt = beijingInstant(addDays(beijingDateOf(countsFrom), days + 1));
    return { id, days, law, start, countsFrom, endsAt, passed: endsAt.getTime() <= now.getTime() };
  });
}

function startOf(
  { requestedAt, goodsReceivedAt }: LegalFacts,
  from: LegalStart,
): Pick<LegalClock, 'start' | 'countsFrom'> {
  return from === 'goods_received' && goodsReceivedAt !== null
    ? { start: 'goods_received', countsFrom: goodsReceivedAt }
    : { start: LEGAL_COUNTS_FROM, countsFrom: requestedAt };
}
