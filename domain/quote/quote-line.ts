/** A line of a quote: an amount, the rule it comes from, and a sentence that says why. */
import type { Bilingual } from '../bilingual.ts';
import { formatYuan } from '../money.ts';
import { beijingTimeOf } from '../time/plain-date.ts';
import type { BundleItem, Renewal, SinglePurchase, Use } from './purchase.ts';
import type { QuoteRule } from './rules.ts';

export const QUOTE_LINE_KINDS = [
  'paid',
  'used',
  'use_unproven',
  'fee',
  'renewal_stopped',
  'days_used',
  'renewal_unannounced',
  'item_share',
  'refunded_before',
  'left_of_payment',
] as const;
export type QuoteLineKind = (typeof QUOTE_LINE_KINDS)[number];

export interface QuoteLine {
  readonly kind: QuoteLineKind;
  /** Minor units: what comes back is above zero, what is deducted below, what only explains is zero. */
  readonly amountMinor: bigint;
  /** The item of a bundle that it is about. */
  readonly itemNo: string | null;
  readonly rule: QuoteRule;
  readonly says: Bilingual;
}

const yuan = (minor: bigint): string => formatYuan(minor);

export function paidLine(paidMinor: bigint): QuoteLine {
  return {
    ...{ kind: 'paid', amountMinor: paidMinor, itemNo: null, rule: 'payment' },
    says: { zh: `实付 ${yuan(paidMinor)} 元。`, en: `${yuan(paidMinor)} CNY was paid.` },
  };
}

/** `ofMinor`: what was paid for the thing; `lessMinor`: what of it was used. */
export function usedLine(
  use: Use | BundleItem,
  { ofMinor, lessMinor }: { readonly ofMinor: bigint; readonly lessMinor: bigint },
): QuoteLine {
  const item = 'itemNo' in use ? use : null;
  const at = use.record === null ? '' : beijingTimeOf(use.record.at);
  const [used, value, of] = [yuan(use.usedMinor), yuan(use.valueMinor), yuan(ofMinor)];
  const what =
    item === null ? null : { zh: item.isGift ? '赠品' : '商品', en: item.isGift ? 'Gift' : 'Item' };
  const name =
    what === null
      ? { zh: '', en: '' }
      : { zh: `${what.zh} ${item?.itemNo ?? ''}：`, en: `${what.en} ${item?.itemNo ?? ''}: ` };
  return {
    ...{ kind: 'used', amountMinor: -lessMinor, itemNo: item?.itemNo ?? null },
    rule: item?.isGift === true ? 'used_gift' : 'unused_part',
    says: {
      zh: `${name.zh}面值 ${value} 元中已使用 ${used} 元（${at} 有使用记录），按实付 ${of} 元的比例扣除，不足一分的不扣。`,
      en: `${name.en}${used} of ${value} CNY was used (record of ${at}); deducted pro rata of the ${of} CNY paid for it, fractions of a fen are not deducted.`,
    },
  };
}

export function unprovenLine(use: Use | BundleItem): QuoteLine {
  const used = yuan(use.usedMinor);
  return {
    ...{ kind: 'use_unproven', amountMinor: 0n, rule: 'proof_of_use' },
    itemNo: 'itemNo' in use ? use.itemNo : null,
    says: {
      zh: `称已使用 ${used} 元但没有使用记录，按未使用计算，不扣除。`,
      en: `${used} CNY is said to be used and no record shows it: it counts as unused, nothing is deducted.`,
    },
  };
}

export function feeLine({ feeBps }: SinglePurchase, unusedMinor: bigint, lessMinor: bigint): QuoteLine {
  const rate = percent(feeBps);
  return {
    ...{ kind: 'fee', amountMinor: -lessMinor, itemNo: null, rule: 'shown_fee' },
    says: {
      zh: `手续费为未使用部分 ${yuan(unusedMinor)} 元的 ${rate}（购买时已公示），不足一分的不收。`,
      en: `The fee is ${rate} of the unused ${yuan(unusedMinor)} CNY, as shown at the purchase; fractions of a fen are not charged.`,
    },
  };
}

/** Hundredths of a percent in words: 550 is `5.50%`. */
function percent(bps: number): string {
  return `${yuan(BigInt(bps))}%`;
}

export function stoppedLine({ stoppedOn }: Renewal): QuoteLine {
  return {
    ...{ kind: 'renewal_stopped', amountMinor: 0n, itemNo: null, rule: 'right_to_stop' },
    says: {
      zh: `自动续费自 ${stoppedOn} 起已停止，无需审核，此后不再扣款。`,
      en: `The renewal is stopped from ${stoppedOn} on, without a review; nothing more is charged.`,
    },
  };
}

export function daysLine(
  days: { readonly used: bigint; readonly bought: bigint },
  lessMinor: bigint,
): QuoteLine {
  const [used, bought] = [days.used.toString(), days.bought.toString()];
  return {
    ...{ kind: 'days_used', amountMinor: -lessMinor, itemNo: null, rule: 'unused_period' },
    says: {
      zh: `本期共 ${bought} 天，停止之日前已过 ${used} 天，按天扣除，停止当天起退还，不足一分的不扣。`,
      en: `${used} of the ${bought} days had passed before the day of stopping, which comes back like the days after it; deducted by days, fractions of a fen are not deducted.`,
    },
  };
}

export function unannouncedLine(): QuoteLine {
  return {
    ...{ kind: 'renewal_unannounced', amountMinor: 0n, itemNo: null, rule: 'renewal_notice' },
    says: {
      zh: '没有续费前提示的记录，已过的天数不扣除，全期退还。',
      en: 'Nothing shows that the renewal was announced before its day: no day is deducted, the whole period comes back.',
    },
  };
}

export function shareLine(item: BundleItem, shareMinor: bigint, paidMinor: bigint): QuoteLine {
  return {
    ...{ kind: 'item_share', amountMinor: shareMinor, itemNo: item.itemNo, rule: 'share_of_bundle' },
    says: {
      zh: `${item.itemNo} 价值 ${yuan(item.valueMinor)} 元，在实付 ${yuan(paidMinor)} 元中占 ${yuan(shareMinor)} 元。`,
      en: `${item.itemNo} is worth ${yuan(item.valueMinor)} CNY; its share of the ${yuan(paidMinor)} CNY paid is ${yuan(shareMinor)} CNY.`,
    },
  };
}

export function refundedLine(refundedMinor: bigint, lessMinor: bigint): QuoteLine {
  return {
    ...{ kind: 'refunded_before', amountMinor: -lessMinor, itemNo: null, rule: 'never_twice' },
    says: {
      zh: `这笔支付此前已退 ${yuan(refundedMinor)} 元，予以扣除。`,
      en: `${yuan(refundedMinor)} CNY of this payment was refunded before, and is deducted.`,
    },
  };
}

export function leftLine(leftMinor: bigint, lessMinor: bigint): QuoteLine {
  return {
    ...{ kind: 'left_of_payment', amountMinor: -lessMinor, itemNo: null, rule: 'never_twice' },
    says: {
      zh: `这笔支付只剩 ${yuan(leftMinor)} 元可退，超出部分不退。`,
      en: `Only ${yuan(leftMinor)} CNY of this payment is left; what is above it does not come back.`,
    },
  };
}
