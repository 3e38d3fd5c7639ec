/** What a caller tells about a purchase to have it quoted, and how it becomes the policy's own words. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Purchase, Use } from '../domain/quote/purchase.ts';
import { BUNDLE_ITEMS_MAX } from '../domain/quote/purchase.ts';
import type { PlainDate } from '../domain/time/plain-date.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import {
  amountMinorField,
  currencyField,
  dayField,
  givenInstantField,
  paymentNoField,
  sentenceField,
} from './fields.ts';

const valueField = amountMinorField.describe(
  'Face value in fen. What was paid for it may be less: what comes back is in proportion',
);

/** As an amount, and zero. */
const usedField = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})$/, 'must be a whole number of fen in plain digits, such as "3000", or "0"')
  .meta({ description: 'What of the face value was used, fen; "0": never activated', examples: ['3000'] });

const use = {
  value_minor: valueField,
  used_minor: usedField,
  usage_record: z
    .strictObject({
      at: givenInstantField.describe('When it was used'),
      what: sentenceField.describe('What shows it: a login, a consumption'),
    })
    .optional()
    .describe('What proves the use; without it, it counts as unused'),
};

const itemNoField = z
  .string()
  .regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, 'must be 1 to 64 digits, letters and `_-|*@`')
  .meta({ description: 'Your number of the item, one for all of your sales', examples: ['CARD-88341'] });

const single = z
  .strictObject({
    kind: z.literal('single'),
    ...use,
    fee_bps: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'The handling fee as shown at the purchase, hundredths of a percent: 500 is 5 %, 1000 the most',
      ),
  })
  .describe('One thing that is used up by its value');

const renewal = z
  .strictObject({
    kind: z.literal('renewal'),
    from: dayField.describe('The first day of the period that was renewed'),
    until: dayField.describe('Its last day'),
    stopped_on: dayField
      .optional()
      .describe('The day on which the payer stopped, which comes back as well; today unless given'),
    announced_on: dayField
      .optional()
      .describe('When the payer was told that it would be renewed; without it no day is deducted'),
  })
  .describe('A period that was paid for by an automatic renewal');

const bundle = z
  .strictObject({
    kind: z.literal('bundle'),
    items: z
      .array(
        z.strictObject({
          item_no: itemNoField,
          ...use,
          gift: z.boolean().default(false).describe('It came with the others for nothing'),
        }),
      )
      .min(1)
      .max(BUNDLE_ITEMS_MAX)
      .refine(
        (items) => new Set(items.map((one) => one.item_no)).size === items.length,
        'must name each once',
      )
      .describe('All items of the payment, in the order of the sale, also those that stay'),
    return_item_no: itemNoField.optional().describe('The one item that comes back; left out: all of them'),
  })
  .describe('Several things for one payment, of which all or one come back');

const purchaseSchema = z.discriminatedUnion('kind', [single, renewal, bundle]);

type PurchaseTold = z.infer<typeof purchaseSchema>;

export const quoteAskSchema = z
  .strictObject({
    payment_no: paymentNoField,
    currency: currencyField,
    purchase: purchaseSchema.describe('What was sold for the payment, and how much of it was used'),
  })
  .meta({
    id: 'QuoteAsked',
    examples: [
      {
        payment_no: 'PAY20261101001',
        currency: 'CNY',
        purchase: {
          kind: 'single',
          value_minor: '10000',
          used_minor: '3000',
          usage_record: { at: '2026-11-10T12:00:00+08:00', what: '2026-11-10 12:00 登录并消费 30 元' },
          fee_bps: 500,
        },
      },
    ],
  });

/**
 * The purchase with what was left to us filled in.
 * @throws AppError `request_invalid` for what has not happened yet
 */
export function completePurchase(told: PurchaseTold, now: Date): PurchaseTold {
  const today = beijingDateOf(now);
  if (told.kind === 'renewal') {
    const stopped = told.stopped_on ?? today;
    for (const [field, day] of [
      ['stopped_on', stopped],
      ['announced_on', told.announced_on ?? today],
    ] as const)
      if (day > today) throw notYet(field);
    return { ...told, stopped_on: stopped };
  }
  const uses = told.kind === 'single' ? [told] : told.items;
  if (uses.some((one) => one.usage_record !== undefined && new Date(one.usage_record.at) > now))
    throw notYet('usage_record');
  return told;
}

function notYet(field: string): AppError {
  return new AppError('request_invalid', { sentence: `${field} lies in the future` });
}

/** `today`: for a renewal whose day of stopping was left to us. */
export function toPurchase(told: PurchaseTold, today: PlainDate): Purchase {
  switch (told.kind) {
    case 'single':
      return { kind: 'single', ...toUse(told), feeBps: told.fee_bps };
    case 'renewal':
      return {
        ...{ kind: 'renewal', from: told.from, until: told.until },
        ...{ stoppedOn: told.stopped_on ?? today, announcedOn: told.announced_on ?? null },
      };
    case 'bundle':
      return {
        kind: 'bundle',
        items: told.items.map((one) => ({ ...toUse(one), itemNo: one.item_no, isGift: one.gift })),
        returnedItemNo: told.return_item_no ?? null,
      };
  }
}

function toUse(told: Pick<z.infer<typeof single>, 'value_minor' | 'used_minor' | 'usage_record'>): Use {
  const { usage_record: record } = told;
  return {
    valueMinor: BigInt(told.value_minor),
    usedMinor: BigInt(told.used_minor),
    record: record === undefined ? null : { at: new Date(record.at), what: record.what },
  };
}
