/** A late refund as programs see it: the same over HTTP, in `yuanlu overdue --json` and at the end of the demo. */
import { z } from 'zod';
import type { Channel } from '../channels/channel.ts';
import type { Bilingual } from '../domain/bilingual.ts';
import type { LateRefund } from '../domain/overdue/late-refund.ts';
import { lateRefund } from '../domain/overdue/late-refund.ts';
import { LEGAL_COUNTS_FROM, LEGAL_EDITION, LEGAL_STARTS, legalNote } from '../domain/overdue/legal-clocks.ts';
import { HIGHEST_LEVEL, OVERDUE_LEVEL_NAMES } from '../domain/overdue/levels.ts';
import { overdueMessages } from '../domain/overdue/messages.ts';
import { NEXT_ACTIONS } from '../domain/overdue/next-action.ts';
import { QUESTION_OUTCOMES, SITUATIONS } from '../domain/overdue/situation.ts';
import { BANK_LEGS } from '../domain/refund/observation.ts';
import { PROOF_READERS } from '../domain/refund/proof.ts';
import { CHANNEL_NAMES } from '../domain/refund/refund.ts';
import { REFUND_STATES } from '../domain/refund/state.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import type { OverdueRow } from '../store/overdue-list.ts';
import { instantField } from './fields.ts';
import { serialsSchema } from './refund-resource.ts';

const bilingualSchema = z
  .object({ zh: z.string(), en: z.string() })
  .meta({ id: 'Bilingual', description: 'The same in Chinese (zh-CN) and English' });

const serialSchema = z
  .object({
    name: z.object({ zh: z.string(), en: z.string() }).describe('As those who look it up call it'),
    value: z.string().nullable().describe('Null while the channel has not given it'),
    readers: z.array(z.enum(PROOF_READERS)).describe('Who looks it up, for whom'),
    for: z.array(bilingualSchema).describe('Whom it is for, in words; one for each of the readers'),
    missing: bilingualSchema
      .nullable()
      .describe('What to say while there is no number; null when there is one'),
  })
  .meta({
    id: 'OverdueSerial',
    description: 'A number by which somebody outside finds the refund, and who that is',
  });

const questionSchema = z
  .object({
    outcome: z
      .enum(QUESTION_OUTCOMES)
      .describe('`not_asked`: flagged without a question; `nothing_to_ask`: never sent to the channel'),
    at: instantField.nullable(),
    said: z.string().nullable().describe("The channel's answer, or why there is none"),
  })
  .meta({ id: 'OverdueQuestion', description: 'The newest question to the channel about the refund' });

const legalClocksSchema = z
  .object({
    version: z.string().describe('Edition of the articles and figures'),
    counts_from: z
      .enum([LEGAL_COUNTS_FROM])
      .describe('Where nothing better is known; each clock says its own'),
    counts_from_at: instantField,
    note: bilingualSchema,
    clocks: z.array(
      z.object({
        id: z.string(),
        days: z.int().describe('Calendar days'),
        counts_from: z.enum(LEGAL_STARTS),
        counts_from_at: instantField,
        ends_at: instantField.describe('The end of the last day, in Beijing'),
        passed: z.boolean(),
        law: bilingualSchema,
      }),
    ),
  })
  .meta({ id: 'LegalClocks', description: 'Periods of consumer law beside the window. Not legal advice' });

export const overdueSchema = z
  .object({
    refund_no: z.string(),
    account_id: z.string(),
    channel: z.enum(CHANNEL_NAMES),
    amount_minor: z.string(),
    currency: z.string(),
    state: z.enum(REFUND_STATES),
    state_reason: z.string().nullable(),
    bank_leg: z
      .enum(BANK_LEGS)
      .nullable()
      .describe("`pending`: the channel has paid, and the payer's bank is what is late"),
    lands_in: z.string().nullable(),
    level: z.int().min(1).max(HIGHEST_LEVEL),
    level_name: z.enum(OVERDUE_LEVEL_NAMES),
    overdue_since: instantField.describe('When the first flag was raised'),
    promise_at: instantField,
    alarm_at: instantField.nullable(),
    escalate_at: instantField.nullable(),
    days_late: z.int().min(0).describe('Past the promise, in business days of China'),
    situation: z.enum(SITUATIONS).describe('Where it hangs'),
    asked: questionSchema,
    last_asked_at: instantField.nullable().describe('When the channel last answered'),
    last_answer: z.string().nullable(),
    serials: serialsSchema,
    proof: z.array(serialSchema).describe('The numbers to quote, the first one first'),
    bank_note: bilingualSchema.describe("By what the payer's bank finds it at this channel"),
    next_action: bilingualSchema.extend({ code: z.enum(NEXT_ACTIONS) }).meta({ id: 'OverdueAction' }),
    legal_clocks: legalClocksSchema,
  })
  .meta({ id: 'OverdueRefund' });

export const overdueWithMessagesSchema = overdueSchema
  .extend({
    messages: z
      .object({
        to_payer: bilingualSchema,
        to_channel: bilingualSchema
          .nullable()
          .describe("For the channel's service for merchants; null where it has nothing to say"),
      })
      .describe('Ready to send'),
  })
  .meta({ id: 'OverdueRefundWithMessages' });

export type OverdueResource = z.infer<typeof overdueSchema>;
export type OverdueResourceWithMessages = z.infer<typeof overdueWithMessagesSchema>;

/** `channel` is the one behind the refund's account; undefined when the account is no longer configured. */
export function lateRow(
  row: OverdueRow,
  channel: Channel | undefined,
  { now, calendar }: { readonly now: Date; readonly calendar: BusinessCalendar },
): LateRefund<OverdueRow> {
  return lateRefund(row, { channel, now, calendar });
}

export function toOverdueResource(late: LateRefund<OverdueRow>): OverdueResource {
  const { refund, asked, levelName } = late;
  return {
    refund_no: refund.refundNo,
    account_id: refund.accountId,
    channel: refund.channel,
    amount_minor: refund.amountMinor.toString(),
    currency: refund.currency,
    state: refund.state,
    state_reason: refund.stateReason,
    bank_leg: refund.bankLeg,
    lands_in: refund.landsIn,
    level: refund.level,
    level_name: levelName ?? OVERDUE_LEVEL_NAMES[0],
    overdue_since: refund.overdueSince.toISOString(),
    promise_at: refund.promiseAt.toISOString(),
    alarm_at: refund.alarmAt?.toISOString() ?? null,
    escalate_at: refund.escalateAt?.toISOString() ?? null,
    days_late: late.daysLate,
    situation: late.situation,
    asked: { outcome: asked.outcome, at: asked.at?.toISOString() ?? null, said: asked.said },
    last_asked_at: refund.lastAskedAt?.toISOString() ?? null,
    last_answer: refund.lastAnswer,
    serials: {
      refund_no: refund.refundNo,
      channel_refund_no: refund.channelRefundNo,
      transaction_id: refund.transactionId,
    },
    proof: late.serials.map(({ name, value, readers, isFor, missing }) => ({
      name: bilingual(name),
      value,
      readers: [...readers],
      for: isFor.map(bilingual),
      missing: missing === null ? null : bilingual(missing),
    })),
    bank_note: bilingual(late.desk.atTheBank),
    next_action: { code: late.nextAction.code, ...bilingual(late.nextAction) },
    legal_clocks: toLegalClocks(late),
  };
}

export function toOverdueWithMessages(late: LateRefund<OverdueRow>): OverdueResourceWithMessages {
  const { toPayer, toChannel } = overdueMessages(late);
  return { ...toOverdueResource(late), messages: { to_payer: toPayer, to_channel: toChannel } };
}

function toLegalClocks({ refund, legalClocks }: LateRefund<OverdueRow>): OverdueResource['legal_clocks'] {
  return {
    version: LEGAL_EDITION.version,
    counts_from: LEGAL_COUNTS_FROM,
    counts_from_at: refund.requestedAt.toISOString(),
    note: bilingual(legalNote(refund)),
    clocks: legalClocks.map(({ id, days, start, countsFrom, endsAt, passed, law }) => ({
      ...{ id, days, counts_from: start, counts_from_at: countsFrom.toISOString() },
      ...{ ends_at: endsAt.toISOString(), passed, law: bilingual(law) },
    })),
  };
}

function bilingual({ zh, en }: Bilingual): Bilingual {
  return { zh, en };
}
