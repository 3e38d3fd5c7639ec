/** What one person asks another to approve, act by act, and what of it goes before the other. */
import { z } from 'zod';
import { BULK_REFUNDS_MAX } from '../domain/approval.ts';
import type { ApprovalContent, ApprovalSubject } from '../domain/approval.ts';
import { maskedName } from '../domain/receipt/mask.ts';
import { FALLBACK_METHODS } from '../domain/refund/observation.ts';
import { FORCE_MATCH_CODES, WRITE_OFF_CODES } from '../domain/statement/break-work.ts';
import { REMAINDER_CODES } from '../domain/statement/matched-together.ts';
import type { Accepted } from '../domain/close/checklist.ts';
import { ACCEPTED_MAX } from '../domain/close/checklist.ts';
import { toldOfAccepted } from '../domain/close/accepted.ts';
import { accountIdField, dayField, refundNoField, sentenceField } from './fields.ts';

const reason = sentenceField.describe('Why it is for people to decide');
const proof = sentenceField.describe('What you saw outside of this system: a letter, a ticket, a number');

const one = { refund_no: refundNoField, reason };
/** One refund, or several of which all are done or none. */
const several = {
  refund_nos: z
    .array(refundNoField)
    .min(1)
    .max(BULK_REFUNDS_MAX)
    .refine((numbers) => new Set(numbers).size === numbers.length, 'must name each refund once')
    .describe(`One refund, or up to ${String(BULK_REFUNDS_MAX)} of which all are done or none`),
  reason,
};

const breakNoField = z
  .string()
  .regex(/^[0-9]{1,18}$/, 'must be the number of a break')
  .meta({ description: 'A break by its number', examples: ['12'] });

const severalBreaks = {
  break_nos: z
    .array(breakNoField)
    .min(1)
    .max(BULK_REFUNDS_MAX)
    .refine((numbers) => new Set(numbers.map(BigInt)).size === numbers.length, 'must name each break once')
    .describe(`One break, or up to ${String(BULK_REFUNDS_MAX)} of which all are done or none`),
  reason,
};

const nameField = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[\p{L}\p{M}·.' -]+$/u, 'must be the name of a person or a firm, in letters')
  .meta({ examples: ['李梅'] });

const cardNumberField = z
  .string()
  .regex(/^[0-9]{13,19}$/, 'must be 13 to 19 digits')
  .describe('Goes to the channel, encrypted, and nowhere else: it is kept neither here nor in a log');

/** A card of the payer's. The second person types it again; here it is known by its mark only. */
export const cardField = z.strictObject({
  bank: z
    .string()
    .regex(/^[A-Z]{2,12}_DEBIT$/, 'must be a bank code of the channel such as ICBC_DEBIT')
    .describe("The channel's code of a bank's debit cards"),
  number: cardNumberField,
  holder: nameField,
});

export type Card = z.infer<typeof cardField>;

const day = { account_id: accountIdField, bill_date: dayField, reason };

const idField = z.string().regex(/^[0-9]{1,18}$/, 'must be a number that the checklist names');

/** What does not agree and is closed all the same: each by its number, with a reason. */
const acceptedBreaks = z
  .array(z.strictObject({ break_id: idField, reason: sentenceField }))
  .max(ACCEPTED_MAX)
  .default([])
  .describe('Open breaks of the day that do not stand in the way');
const acceptedRows = z
  .array(z.strictObject({ statement_id: idField, reason: sentenceField }))
  .max(ACCEPTED_MAX)
  .default([])
  .describe('Statements whose unread rows do not stand in the way');

export const askSchema = z
  .discriminatedUnion('act', [
    z.strictObject({
      act: z.literal('resolve_refund'),
      ...several,
      as: z.enum(['paid', 'not_paid']).describe('What became of it'),
      proof,
    }),
    z.strictObject({ act: z.literal('release_refund'), ...several }),
    z.strictObject({ act: z.literal('record_return'), ...several, proof }),
    z.strictObject({ act: z.literal('lift_overdue'), ...several, proof }),
    z.strictObject({
      act: z.literal('force_match'),
      break_no: breakNoField,
      refund_no: refundNoField.describe('The refund that the line of the break belongs to'),
      code: z.enum(FORCE_MATCH_CODES),
      reason,
    }),
    z.strictObject({
      act: z.literal('match_together'),
      ...severalBreaks,
      refund_nos: several.refund_nos.describe('One line for several refunds, or several lines for one'),
      code: z.enum(FORCE_MATCH_CODES),
      remainder_code: z
        .enum(REMAINDER_CODES)
        .optional()
        .describe('Where the sums do not agree: why, within the limit of this reason'),
    }),
    z.strictObject({
      act: z.literal('write_off_break'),
      ...severalBreaks,
      code: z.enum(WRITE_OFF_CODES).describe('How much may be written off depends on it'),
      proof,
    }),
    z.strictObject({ act: z.literal('reopen_break'), ...severalBreaks }),
    z.strictObject({
      act: z.literal('redirect_refund'),
      ...one,
      card: cardField.optional().describe("A card of the payer's; left out: back to the merchant's account"),
    }),
    z.strictObject({
      act: z.literal('fallback_route'),
      ...one,
      method: z.enum(FALLBACK_METHODS).describe('How the payer is paid, outside of this system'),
      payee: nameField.describe('Whom; kept and shown masked'),
      bank: z
        .string()
        .trim()
        .min(1)
        .max(60)
        .regex(/^[\p{L}\p{N} ]+$/u, 'must be the name of a bank')
        .optional(),
      account_ending: z
        .string()
        .regex(/^[0-9]{4}$/, 'must be the last four digits')
        .optional()
        .describe('The last four of the account; never more of it'),
    }),
    z.strictObject({
      act: z.literal('close_day'),
      ...day,
      accept_breaks: acceptedBreaks,
      accept_set_aside: acceptedRows,
    }),
    z.strictObject({ act: z.literal('reopen_day'), ...day }),
  ])
  .meta({ id: 'ApprovalAsked' });

export type Asked = z.infer<typeof askSchema>;

export function subjectOf(asked: Asked): ApprovalSubject {
  switch (asked.act) {
    case 'force_match':
      return { of: 'breaks', breakIds: [asked.break_no] };
    case 'match_together':
    case 'write_off_break':
    case 'reopen_break':
      return { of: 'breaks', breakIds: asked.break_nos };
    case 'close_day':
    case 'reopen_day':
      return { of: 'day', accountId: asked.account_id, billDate: asked.bill_date };
    case 'redirect_refund':
    case 'fallback_route':
      return { of: 'refunds', refundNos: [asked.refund_no] };
    default:
      return { of: 'refunds', refundNos: asked.refund_nos };
  }
}

/** What the other person has before them. `cardMark` stands for a card that nobody keeps. */
export function toldBy(asked: Asked, cardMark: string | null): ApprovalContent {
  switch (asked.act) {
    case 'resolve_refund':
      return { as: asked.as, proof: asked.proof };
    case 'record_return':
    case 'lift_overdue':
      return { proof: asked.proof };
    case 'close_day':
      return toldOfAccepted(acceptedIn(asked));
    case 'release_refund':
    case 'reopen_break':
    case 'reopen_day':
      return {};
    case 'force_match':
      return { refund_no: asked.refund_no, code: asked.code };
    case 'match_together':
      return {
        ...{ refund_nos: asked.refund_nos.join(' '), code: asked.code },
        ...(asked.remainder_code === undefined ? {} : { remainder_code: asked.remainder_code }),
      };
    case 'write_off_break':
      return { code: asked.code, proof: asked.proof };
    case 'redirect_refund':
      return toldOfCard(asked.card, cardMark);
    case 'fallback_route':
      return {
        method: asked.method,
        payee: maskedName(asked.payee),
        ...(asked.bank === undefined ? {} : { bank: asked.bank }),
        ...(asked.account_ending === undefined ? {} : { account_ending: asked.account_ending }),
      };
  }
}

function acceptedIn(asked: Extract<Asked, { act: 'close_day' }>): Accepted {
  return {
    breaks: new Map(asked.accept_breaks.map((one) => [one.break_id, one.reason])),
    setAside: new Map(asked.accept_set_aside.map((one) => [one.statement_id, one.reason])),
  };
}

function toldOfCard(card: Card | undefined, cardMark: string | null): ApprovalContent {
  if (card === undefined || cardMark === null) return { to: 'merchant_account' };
  return {
    to: 'payer_card',
    bank: card.bank,
    card_ending: card.number.slice(-4),
    holder: maskedName(card.holder),
    card_mark: cardMark,
  };
}
