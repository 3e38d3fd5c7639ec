/**
 * How long refunds take from the channel's yes to its success, by channel and source of funds. Refunds that are still open
 * say something, too: "not within so many days". The curves are therefore Kaplan–Meier estimates, in which an open refund
 * counts as long as it has been watched; leaving it out would make a slow channel look fast.
 */
import type { ChannelName, FundingSource } from '../domain/refund/refund.ts';
import type { Db } from './pool.ts';

/** Shares of refunds whose time is asked for, in per cent. */
export const ARRIVAL_SHARES = [50, 80, 90, 95, 99] as const;

export interface ArrivalCurve {
  readonly channel: ChannelName;
  readonly fundingSource: FundingSource;
  /** Refunds that the channel accepted, without those that failed or came back. */
  readonly refunds: number;
  /** Of them, those that the channel has carried out. */
  readonly arrived: number;
  /** Seconds within which each share of {@link ARRIVAL_SHARES} arrives; null where too few have arrived to say. */
  readonly seconds: readonly (number | null)[];
  /** Arrived by the promise; after it, or not yet though it has passed; not yet, and it has not passed. */
  readonly kept: number;
  readonly missed: number;
  readonly notDue: number;
}

/** Of one merchant's refunds that were requested from `from` on and before `to`, as of `now`. */
export async function arrivalCurves(
  db: Db,
  o: { readonly merchantId: string; readonly from: Date; readonly to: Date; readonly now: Date },
): Promise<readonly ArrivalCurve[]> {
  const { rows } = await db.query<ArrivalCurve>(
    `with watched as (
       select r.channel, p.funding_source, r.succeeded_at is not null as arrived,
              greatest(extract(epoch from coalesce(r.succeeded_at, $4) - r.accepted_at)::float8, 0) as seconds,
              coalesce(r.succeeded_at, $4) <= r.promise_at as in_time
         from refunds r join payments p on p.id = r.payment_id
        where r.merchant_id = $1 and r.requested_at >= $2 and r.requested_at < $3
          and r.accepted_at <= $4 and r.state not in ('failed', 'returned')),
     steps as (
       select channel, funding_source, seconds, count(*) filter (where arrived) as arrivals, count(*) as leaving
         from watched group by channel, funding_source, seconds),
     risks as (
       select *, sum(leaving) over (partition by channel, funding_source order by seconds desc) as at_risk from steps),
     -- The share that is still waiting: the product of what each step lets through, as a sum of logarithms.
     curves as (
       select channel, funding_source, seconds,
              case when bool_or(arrivals = at_risk) over w then 0
                   else exp(sum(ln(1 - least(arrivals, at_risk - 1) / at_risk::float8)) over w) end as waiting
         from risks window w as (partition by channel, funding_source order by seconds)),
     counts as (
       select channel, funding_source, count(*)::int as refunds, count(*) filter (where arrived)::int as arrived,
              count(*) filter (where arrived and in_time)::int as kept,
              count(*) filter (where not in_time)::int as missed,
              count(*) filter (where not arrived and in_time)::int as not_due
         from watched group by channel, funding_source)
     select c.channel, c.funding_source as "fundingSource", c.refunds, c.arrived, c.kept, c.missed, c.not_due as "notDue",
            array(select (select min(k.seconds) from curves k
                           where k.channel = c.channel and k.funding_source = c.funding_source
                             -- A share that is reached to the last refund is reached, whatever a logarithm rounds.
                             and k.waiting <= 1 - share / 100.0::float8 + 1e-9)
                    from unnest($5::int[]) with ordinality as asked (share, place) order by place) as seconds
       from counts c order by c.channel, c.funding_source`,
    [o.merchantId, o.from, o.to, o.now, [...ARRIVAL_SHARES]],
  );
  return rows;
}
