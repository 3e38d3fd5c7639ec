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
  readonly law: Bilingual;
}

/** Read from a public collection of laws of April 2025; later amendments of the day counts are not confirmed. */
export const LEGAL_EDITION: { readonly version: string; readonly clocks: readonly Clock[] } = {
  version: '2025-04',
  clocks: [
    {
      id: 'return_price_7_days',
      days: 7,
      law: {
        zh: '《消费者权益保护法》（2013）第二十五条：无理由退货，自收到退回商品之日起七日内返还价款',
        en: 'Consumer Rights Protection Law (2013), article 25: price returned within 7 days of receiving the returned goods',
      },
    },
    {
      id: 'deliberate_delay_15_days',
      days: 15,
      law: {
        zh: '《侵害消费者权益行为处罚办法》（2015）第八至十条：无正当理由超过十五日未退款，视为故意拖延',
        en: 'Measures for Penalties for Infringing upon Consumer Rights (2015), articles 8 to 10: not refunding within 15 days without good reason counts as deliberate delay',
      },
    },
  ],
};

/** From what they are counted here: the law counts from the goods' return or the agreement, which nobody tells us. */
export const LEGAL_COUNTS_FROM = 'refund_requested';

export const LEGAL_NOTE: Bilingual = {
  zh: '自退款申请之日起算（收到退货的日期未告知本系统）；仅供参考，不构成法律意见。',
  en: 'Counted from the request for the refund, since the day on which the goods came back is not known here; for information, not legal advice.',
};

export interface LegalClock {
  readonly id: string;
  readonly days: number;
  readonly law: Bilingual;
  readonly countsFrom: Date;
  /** The end (24:00 in Beijing) of the last day. */
  readonly endsAt: Date;
  readonly passed: boolean;
}

/** Both clocks of a refund at `now`: the day of the request is not counted, the last day ends at 24:00 in Beijing. */
export function legalClocks(requestedAt: Date, now: Date): readonly LegalClock[] {
  return LEGAL_EDITION.clocks.map(({ id, days, law }) => {
    const endsAt = beijingInstant(addDays(beijingDateOf(requestedAt), days + 1));
    return { id, days, law, countsFrom: requestedAt, endsAt, passed: endsAt.getTime() <= now.getTime() };
  });
}
