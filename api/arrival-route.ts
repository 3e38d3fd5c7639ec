/** How long refunds take to arrive, by channel and source of funds, and how often the promise was kept. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { CHANNEL_NAMES, FUNDING_SOURCES } from '../domain/refund/refund.ts';
import { addDays, beijingDateOf, beijingInstant } from '../domain/time/plain-date.ts';
import type { ArrivalCurve } from '../store/arrival-curves.ts';
import { ARRIVAL_SHARES, arrivalCurves } from '../store/arrival-curves.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { dayField, instantField } from './fields.ts';
import { problemResponses } from './problem.ts';

/** Days looked at when nothing is said, and at most. */
const DAYS = 90;
const DAYS_MAX = 366;

/** Fewer refunds than these say nothing about the next one. */
const FEW = 20;

const shareField = z
  .int()
  .nullable()
  .describe('Seconds from the channel’s acceptance; null: too few have arrived to say');

const curveSchema = z
  .object({
    channel: z.enum(CHANNEL_NAMES),
    funding_source: z.enum(FUNDING_SOURCES),
    refunds: z.int().describe('Accepted by the channel; without those that failed or came back'),
    arrived: z.int().describe('Of them, those that the channel has carried out'),
    open: z.int().describe('The others: they count for as long as they have been waited for'),
    too_few: z.boolean().describe(`Fewer than ${String(FEW)} refunds: no shares are given`),
    arrived_within: z.object({
      ...{ p50: shareField, p80: shareField, p90: shareField, p95: shareField, p99: shareField },
    }),
    promise: z.object({
      kept: z.int().describe('Arrived by the promised time'),
      missed: z.int().describe('Arrived later, or not yet though it has passed'),
      not_due: z.int().describe('Not arrived, and it has not passed'),
    }),
  })
  .meta({ id: 'ArrivalCurve' });

export function arrivalRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/analytics/arrival',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'How long refunds take to arrive, and how often the promise was kept',
      description:
        'Of the refunds requested from one Beijing day to another. Open refunds are not left out: a share is estimated with them (Kaplan–Meier), since those that are slow are the ones still open.',
      operationId: 'arrivalTimes',
      tags: ['books'],
      querystring: z.strictObject({
        from: dayField.optional().describe(`First day; ${String(DAYS)} days before \`to\` when left out`),
        to: dayField.optional().describe('Last day; today when left out'),
      }),
      response: {
        200: z.object({
          as_of: instantField,
          from: dayField,
          to: dayField,
          curves: z.array(curveSchema),
        }),
        ...problemResponses(),
      },
    },
    handler: async (request) => {
      const now = deps.clock.now();
      const to = request.query.to ?? beijingDateOf(now);
      const from = request.query.from ?? addDays(to, -DAYS);
      const end = beijingInstant(addDays(to, 1));
      if (from > to || beijingInstant(addDays(from, DAYS_MAX)) < end)
        throw new AppError('request_invalid', {
          sentence: `\`from\` is ${from} and \`to\` is ${to}: at most ${String(DAYS_MAX)} days, the first one first.`,
        });
      const { merchantId } = callerOf(request);
      const curves = await arrivalCurves(deps.pool, { merchantId, from: beijingInstant(from), to: end, now });
      return { as_of: now.toISOString(), from, to, curves: curves.map(toResource) };
    },
  });
}

function toResource(curve: ArrivalCurve): z.input<typeof curveSchema> {
  const { channel, fundingSource, refunds, arrived, kept, missed, notDue } = curve;
  const tooFew = refunds < FEW;
  const within = (share: (typeof ARRIVAL_SHARES)[number]): number | null => {
    const seconds = tooFew ? null : (curve.seconds[ARRIVAL_SHARES.indexOf(share)] ?? null);
    return seconds === null ? null : Math.ceil(seconds);
  };
  return {
    ...{ channel, funding_source: fundingSource, refunds, arrived, open: refunds - arrived, too_few: tooFew },
    arrived_within: { p50: within(50), p80: within(80), p90: within(90), p95: within(95), p99: within(99) },
    promise: { kept, missed, not_due: notDue },
  };
}
