/**
 * Callbacks of the channels. The bytes are verified as they came, kept before they are acknowledged, and acknowledged
 * only when they are kept: a channel that gets no yes repeats its notice. What is refused changes nothing.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallbackMessage, CallbackReply, Channel } from '../channels/channel.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { AppError, ERRORS } from '../domain/errors.ts';
import type { CallbackContent } from '../store/callbacks.ts';
import { applyCallback, storeCallback } from '../store/callbacks.ts';
import type { App } from './app.ts';
import { contentOf } from './callback-content.ts';
import type { ApiDeps, ApiLimits } from './deps.ts';
import { logFault, toAppError } from './faults.ts';
import { problemResponse } from './problem.ts';
import type { RefusedBudget } from './refused-callbacks.ts';
import { refusedBudget } from './refused-callbacks.ts';

/** What a channel is told when its notice is not taken. */
const failSchema = z
  .object({ code: z.literal('FAIL'), message: z.string() })
  .meta({ id: 'CallbackRefused', description: 'The notice was not taken; a real one is sent again' });

const FAIL_STATUSES = [400, 401, 404, 413, 500, 503] as const;

const params = z.object({ channel: z.string(), account: z.string() });

/** Register in a context of its own: it takes bodies as raw bytes and answers faults the way channels expect. */
export function callbackRoutes(app: App, deps: ApiDeps, limits: ApiLimits): void {
  const budget = refusedBudget(deps.clock, limits.refusedCallbacksPerMinute, (account, dropped) => {
    app.log.warn({ account, dropped }, 'refused callbacks over the bound were counted and not kept');
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.callbackBytesMax },
    (_request, body, done) => {
      done(null, body);
    },
  );
  app.setErrorHandler(async (error, request, reply) => {
    const fault = toAppError(error);
    if (fault.code === 'body_too_large') await keepOversized(deps, budget, request);
    await refuse(fault, { deps, request, reply });
  });

  app.route({
    method: 'POST',
    url: '/callbacks/:channel/:account',
    schema: {
      summary: 'Notices of a channel about refunds',
      description: `Signed by the channel, at most ${String(limits.callbackBytesMax)} bytes. Not for people.`,
      operationId: 'callback',
      tags: ['callbacks'],
      security: [],
      params,
      body: z.unknown().describe('Byte for byte as the channel signed it'),
      response: {
        200: z.string().describe('Kept, in the word that the channel wants to hear'),
        204: z.undefined().describe('Kept; there is nothing more to do for the channel'),
        ...Object.fromEntries(FAIL_STATUSES.map((status) => [status, failSchema])),
        // An address that is none is refused before it is known whose it would be.
        422: problemResponse(['request_invalid']),
      },
    },
    handler: async (request, reply) => {
      const channel = channelOf(deps, request.params);
      if (channel === undefined) throw new AppError('callback_account_unknown');
      await take(deps, budget, channel, request);
      return answer(reply, channel.callbackReply(null));
    },
  });
}

function channelOf(deps: ApiDeps, path: z.infer<typeof params>): Channel | undefined {
  const channel = deps.channels.get(path.account);
  return channel?.name === path.channel ? channel : undefined;
}

/** @throws AppError when the notice is not to be acknowledged. */
async function take(
  deps: ApiDeps,
  budget: RefusedBudget,
  channel: Channel,
  request: FastifyRequest,
): Promise<void> {
  const message = messageOf(request);
  const reading = await channel.readCallback(message);
  const keepRefused = async (code: ErrorCode): Promise<void> => {
    if (budget.take(channel.accountId)) await keep(deps, channel, message, { verdict: 'refused', code });
  };
  if (reading.verdict === 'refused') {
    await keepRefused(reading.code);
    throw new AppError(reading.code, { account: channel.accountId, why: reading.why });
  }
  const kept = await keep(deps, channel, message, contentOf(reading)).catch(async (error: unknown) => {
    // What came under the number of a notice that is kept is evidence too: of a forgery, or of a channel that errs.
    if (error instanceof AppError && error.code === 'callback_replayed') await keepRefused(error.code);
    throw error;
  });
  if (reading.verdict === 'unhandled') {
    request.log.warn(
      { account: channel.accountId, event_type: reading.eventType },
      'a notice of an unhandled kind was kept',
    );
    return;
  }
  if (!kept.duplicate) await apply(deps, kept.id, request);
}

function keep(
  deps: ApiDeps,
  channel: Channel,
  message: CallbackMessage,
  content: CallbackContent,
): Promise<{ id: string; duplicate: boolean }> {
  return storeCallback(deps.pool, {
    accountId: channel.accountId,
    channel: channel.name,
    receivedAt: deps.clock.now(),
    headers: message.headers,
    body: message.body,
    content,
  });
}

/**
 * Records what a kept notice says and tells the refund's workflow. The notice is safe already: what cannot be done now
 * is done by the scheduler, so the channel need not send it again.
 */
async function apply(deps: ApiDeps, callbackId: string, request: FastifyRequest): Promise<void> {
  try {
    const { refund } = await applyCallback(deps.pool, callbackId);
    if (refund === null) {
      request.log.warn(
        { callback: callbackId },
        'a genuine notice about a refund that we do not know was kept',
      );
      return;
    }
    await deps.refundEngine.channelReported(
      { merchantId: refund.merchantId, refundNo: refund.refundNo },
      callbackId,
    );
  } catch (error) {
    const { code } = toAppError(error);
    request.log.warn({ callback: callbackId, code, err: error }, 'a kept notice is left to the scheduler');
  }
}

/** A body over the cap was never read: that it came is kept with the account it was sent to. */
async function keepOversized(deps: ApiDeps, budget: RefusedBudget, request: FastifyRequest): Promise<void> {
  const path = params.safeParse(request.params);
  const channel = path.success ? channelOf(deps, path.data) : undefined;
  if (channel === undefined || !budget.take(channel.accountId)) return;
  try {
    await keep(deps, channel, messageOf(request), { verdict: 'refused', code: 'body_too_large' });
  } catch (error) {
    request.log.warn({ account: channel.accountId, err: error }, 'a refused callback could not be kept');
  }
}

function messageOf(request: FastifyRequest): CallbackMessage {
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    headers: Object.fromEntries(headers) as Record<string, string | undefined>,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

/** Says no in the channel's own words, so that it sends the notice again. */
async function refuse(
  fault: AppError,
  to: { readonly deps: ApiDeps; readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<void> {
  const { deps, request, reply } = to;
  logFault(request, fault);
  const { status, title } = ERRORS[fault.code];
  const told = FAIL_STATUSES.find((one) => one === status) ?? 400;
  if (told === 503) reply.header('retry-after', 5);
  const path = params.safeParse(request.params);
  const channel = path.success ? channelOf(deps, path.data) : undefined;
  if (channel === undefined) await reply.code(told).send({ code: 'FAIL', message: title });
  else await answer(reply, channel.callbackReply({ status: told, title }));
}

async function answer(reply: FastifyReply, { status, body }: CallbackReply): Promise<FastifyReply> {
  if (body === null) return reply.code(status).send();
  // Written as it is: some channels read a word of plain text, byte for byte.
  return reply.code(status).header('content-type', body.type).serializer(String).send(body.text);
}
