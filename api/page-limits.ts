/**
 * How often one address may open the pages that need no key. People who look at their receipts never meet these limits; whoever
 * is wrong again and again does. An IPv6 address counts as its /64, which is what one customer of a network has.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../domain/errors.ts';
import type { App } from './app.ts';

const MINUTE_MS = 60_000;

export interface PageLimits {
  /** Requests a minute (wall time) of one address: many people may share one behind a carrier. */
  readonly perMinute: number;
  /** Of them, those that found nothing or nothing genuine; what is good goes on being answered. */
  readonly missesPerMinute: number;
}

export interface PageGuard {
  /** Counts a request, before anything is looked at. @throws AppError `rate_limited` */
  admit(request: FastifyRequest): Promise<void>;
  /** Counts that it was wrong, whatever it was that was wrong with it. @throws AppError `rate_limited` */
  missed(request: FastifyRequest): Promise<void>;
}

/** Once for the whole server: the guards below are made with it. Each remembers the 5,000 addresses it saw last. */
export async function countAddresses(app: App): Promise<void> {
  await app.register(rateLimit, { global: false });
}

export function pageGuard(app: App, limits: PageLimits): PageGuard {
  const counter = (max: number): ((request: FastifyRequest) => Promise<void>) => {
    const count = app.createRateLimit({ max, timeWindow: MINUTE_MS });
    return async (request) => {
      const counted = await count(request);
      if (counted.isAllowed || !counted.isExceeded) return;
      const seconds = Math.max(1, counted.ttlInSeconds);
      throw new AppError('rate_limited', {
        sentence: `Too many requests of one address; wait ${String(seconds)} seconds.`,
        seconds,
      });
    };
  };
  return { admit: counter(limits.perMinute), missed: counter(limits.missesPerMinute) };
}

/** Seconds to wait; null for any other fault. */
export function waitOf(fault: AppError): number | null {
  const { seconds } = fault.details;
  return fault.code === 'rate_limited' && typeof seconds === 'number' ? seconds : null;
}
