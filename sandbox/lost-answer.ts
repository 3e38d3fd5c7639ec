/** How an answer fails to arrive. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** The socket is cut before the answer, in the middle of it, or nothing comes at all. */
export const LOST_HOW = ['cut', 'half', 'hang'] as const;
export type LostHow = (typeof LOST_HOW)[number];

/** Nobody waits longer for an answer that never comes. */
const HANG_MS = 60_000;

/** Breaks the connection instead of answering. */
export async function loseAnswer(
  reply: FastifyReply,
  answer: { readonly type: string; readonly body: string },
  how: LostHow,
): Promise<FastifyReply> {
  const { type, body } = answer;
  reply.hijack();
  if (how === 'half') {
    reply.raw.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    await new Promise((resolve) => reply.raw.write(body.slice(0, body.length / 2), resolve));
  }
  if (how === 'hang') await closedOrTimedOut(reply);
  reply.raw.destroy();
  return reply;
}

async function closedOrTimedOut(reply: FastifyReply): Promise<void> {
  const closed = new AbortController();
  reply.raw.once('close', () => closed.abort());
  await sleep(HANG_MS, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
}
