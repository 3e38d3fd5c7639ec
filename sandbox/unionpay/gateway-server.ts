/** The signed side: what answers under /gateway/api and at the file host like UnionPay does. */
import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loseAnswer } from '../lost-answer.ts';
import { keepBodiesAsBytes } from '../listening.ts';
import { plainAnswer } from './answers.ts';
import type { Answer, Calls } from './calls.ts';
import { GatewayRefusal } from './codes.ts';
import { certIdOf } from './keys.ts';
import { needed } from './shapes.ts';
import type { Fields } from './signing.ts';
import { answerBody, isSignedBy, readForm, signed } from './signing.ts';
import type { Statements } from './statements.ts';
import type { World } from './world.ts';

const BODY_BYTES_MAX = 64 * 1024;
const TEXT = 'text/plain; charset=utf-8';
const FORM = /^application\/x-www-form-urlencoded\b/i;

type Act = (merId: string, fields: Fields) => Answer;

export interface GatewayParts {
  readonly world: World;
  readonly calls: Calls;
  readonly statements: Statements;
}

/** Registers the addresses in a scope of their own: bodies stay bytes. */
export async function registerGateway(
  app: FastifyInstance,
  { world, calls, statements }: GatewayParts,
): Promise<void> {
  keepBodiesAsBytes(app, BODY_BYTES_MAX);
  const merchantOf = requestChecker(world);
  const answered =
    (act: Act) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      world.agenda.look();
      const fields = fieldsOf(request);
      return send(
        world,
        reply,
        answerTo(fields, (known) => act(merchantOf(known), known)),
      );
    };
  app.post(
    '/gateway/api/backTransReq.do',
    answered((merId, fields) => calls.giveBack(merId, fields)),
  );
  app.post(
    '/gateway/api/queryTrans.do',
    answered((merId, fields) => calls.query(merId, fields)),
  );
  // A host of its own with nothing behind it, in the real world.
  for (const address of ['/filedownload', '/filedownload/'])
    app.post(
      address,
      answered((merId, fields) => ({ fields: statements.answer(merId, fields) })),
    );
  app.setNotFoundHandler((_request, reply) => reply.status(404).type(TEXT).send('no such address'));
  app.setErrorHandler((error, _request, reply) => sendFault(error, reply));
}

/** What is no request as such gets no answer that anybody signed. */
export function sendFault(error: unknown, reply: FastifyReply): FastifyReply {
  const given = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  const status = typeof given === 'number' ? given : 500;
  return reply
    .status(status)
    .type(TEXT)
    .send(error instanceof Error ? error.message : 'unknown');
}

/** Null when the body is no form. */
function fieldsOf({ headers, body }: FastifyRequest): Fields | null {
  return FORM.test(headers['content-type'] ?? '') && Buffer.isBuffer(body) ? readForm(body) : null;
}

/** Refusals are signed answers, too. */
function answerTo(fields: Fields | null, act: (fields: Fields) => Answer): Answer {
  try {
    if (fields === null) throw new GatewayRefusal('10');
    return act(fields);
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    return { fields: plainAnswer(fields ?? {}, error.code, error.message) };
  }
}

/** Makes the check of who sent a request. @throws GatewayRefusal 10, 11, 13 or 31 */
function requestChecker(world: World): (fields: Fields) => string {
  const known = new Map<string, { readonly certId: string; readonly key: KeyObject }>();
  for (const { merId, certificatePem } of world.merchants.values()) {
    const certId = certIdOf(certificatePem);
    known.set(merId, { certId, key: new X509Certificate(certificatePem).publicKey });
  }
  return (fields) => {
    for (const name of ['version', 'encoding', 'signMethod'] as const) needed(fields, name);
    const merId = needed(fields, 'merId');
    const merchant = known.get(merId);
    if (merchant === undefined) throw new GatewayRefusal('31');
    if (needed(fields, 'certId') !== merchant.certId) throw new GatewayRefusal('11', 'certId');
    if (!isSignedBy(fields, merchant.key)) throw new GatewayRefusal('11');
    // Acquirers and platforms have agreements of their own.
    if (needed(fields, 'accessType') !== '0') throw new GatewayRefusal('32', 'accessType');
    return merId;
  };
}

async function send(world: World, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  if (answer.status !== undefined)
    return reply.status(answer.status).type('text/html; charset=utf-8').send('<h1>Server Error</h1>');
  const { spoilt, fields } = answer;
  const signer = spoilt === 'certificate' ? world.stranger('certificate') : world.signer;
  const body = answerBody(signed(fields, signer, spoilt === 'signature'));
  if (answer.lost !== undefined) return loseAnswer(reply, { type: TEXT, body }, answer.lost);
  if (answer.slowMs !== undefined) await sleep(answer.slowMs, undefined, { ref: false });
  return reply.type(TEXT).send(body);
}
