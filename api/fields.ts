/** Fields that several requests share. Texts that end in a database column or at a channel have no room for surprises. */
import { z } from 'zod';
import { holdsCardNumber } from '../domain/card-number.ts';
import { AppError } from '../domain/errors.ts';
import { assertRefundNo } from '../domain/ids.ts';
import type { Currency } from '../domain/money.ts';
import { MINOR_MAX, parseMinor } from '../domain/money.ts';

/** WeChat Pay shows at most 80 bytes of a refund's reason. */
const REASON_BYTES_MAX = 80;

/** Control characters and halves of surrogate pairs: no channel carries them, and no log should. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

const NO_CARD = 'must not hold a whole card number: its last four digits say which it is';

/** Accepted when `check` does not throw an AppError. */
function passes(check: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      check(text);
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  };
}

export const amountMinorField = z
  .string({
    error: (issue) =>
      issue.input === undefined
        ? 'is required'
        : 'must be a string of digits such as "2345" for 23.45 CNY: a JSON number can lose digits on its way',
  })
  .regex(/^[1-9][0-9]{0,15}$/, {
    error: 'must be a whole number of fen above zero in plain digits, such as "2345"',
    abort: true,
  })
  .refine(passes(parseMinor), `must be at most ${MINOR_MAX.toString()}`)
  .meta({
    description: `Fen as a string of digits, 1 to ${MINOR_MAX.toString()}: "2345" is 23.45 CNY`,
    examples: ['2345'],
  });

/** Every currency is CNY today; the domain's table is the one place to extend. */
export const currencyField = z.enum(['CNY'] satisfies Currency[], {
  error: (issue) => (issue.input === undefined ? 'is required' : 'must be "CNY"'),
});

export const refundNoField = z
  .string()
  .regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, { error: 'must be 1 to 64 digits, letters and `_-|*@`', abort: true })
  .refine(passes(assertRefundNo), 'must be 1 to 64 digits, letters and `_-|*@`')
  .meta({
    description: "The merchant's number of the refund; one number is one refund for ever",
    examples: ['RF20261124001'],
  });

export const paymentNoField = z
  .string()
  .regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, 'must be 1 to 64 digits, letters and `_-|*@`')
  .meta({
    description: "The merchant's number of the payment (WeChat Pay: out_trade_no)",
    examples: ['PAY20261101001'],
  });

export const transactionIdField = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,64}$/, 'must be 1 to 64 digits, letters, `_` and `-`')
  .meta({ description: "The channel's number of the payment", examples: ['4200002026112400000000001'] });

export const accountIdField = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/, 'must be an account id of the accounts file')
  .meta({ description: 'A channel account of the accounts file', examples: ['wx-main'] });

/** Postgres knows no year 0, and nothing in the books is from another century. */
export const dayField = z.iso
  .date({ error: 'must be a day such as 2026-11-23' })
  .regex(/^20/, 'must be in this century')
  .meta({ description: 'A Beijing day', examples: ['2026-11-23'] });

export const reasonField = z
  .string()
  .min(1)
  .refine(
    (text) => Buffer.byteLength(text, 'utf8') <= REASON_BYTES_MAX,
    `must be at most ${String(REASON_BYTES_MAX)} bytes of UTF-8`,
  )
  .refine((text) => !UNPRINTABLE.test(text), 'must not have line breaks or other control characters')
  .refine((text) => !holdsCardNumber(text), NO_CARD)
  .meta({
    description: `Shown to the payer by the channel; at most ${String(REASON_BYTES_MAX)} bytes of UTF-8, one line`,
    examples: ['商品已退货'],
  });

/** A sentence of a person, for people: kept and shown, never sent to a channel. */
export const sentenceField = z
  .string()
  .trim()
  .min(1, 'say it in a sentence')
  .max(500, 'must be at most 500 characters')
  .refine((text) => !UNPRINTABLE.test(text), 'must not have line breaks or other control characters')
  .refine((text) => !holdsCardNumber(text), NO_CARD)
  .meta({
    description: 'At most 500 characters, one line',
    examples: ['客服工单 20261124-18：银行确认已入账'],
  });

/** The name of a person, as it stands on their key. */
export const operatorField = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$/, 'must be the name of a person as on their key')
  .meta({ description: 'A person, as their key names them', examples: ['lin.mei'] });

export const quoteIdField = z
  .string()
  .regex(/^[0-9]{1,18}$/, 'must be the number of a quote')
  .meta({ description: 'A quote by its number', examples: ['12'] });

const INSTANT = { description: 'RFC 3339, UTC', examples: ['2026-11-24T02:30:00.000Z'] };

/** An instant that a caller gives, with any offset. No payment that can be refunded is from another century. */
export const givenInstantField = z.iso
  .datetime({
    offset: true,
    error: 'must be an RFC 3339 instant with a zone, such as 2026-11-24T10:30:00+08:00',
  })
  .regex(/^20/, 'must be in this century')
  .meta({ description: 'RFC 3339 with a zone', examples: ['2026-11-24T10:30:00+08:00'] });

/** An instant that we give. */
export const instantField = z.iso.datetime().meta(INSTANT);

/** How many rows a page may have. */
export const limitField = z
  .string()
  .regex(/^(?:[1-9][0-9]?|1[0-9][0-9]|200)$/, 'must be 1 to 200')
  .default('50')
  .transform(Number)
  .meta({ description: 'Rows in a page, 1 to 200' });

/** Where a list of refunds goes on: the instant and the id of the last row of the page before, packed. */
export const cursorField = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,100}$/, 'must be the next_cursor of a page')
  .refine(
    (text) =>
      /^20[0-9-]{8}T[0-9:.]{12}Z [0-9]{1,18}$/.test(Buffer.from(text, 'base64url').toString('latin1')),
    'must be the next_cursor of a page',
  )
  .meta({ description: 'The next_cursor of the page before' });
