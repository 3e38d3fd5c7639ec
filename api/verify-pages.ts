/** Whether a receipt is genuine: for anybody, without a key. Looks nothing up and keeps nothing. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CLAIM_LENGTH_MAX, readClaim } from '../receipts/claim.ts';
import { fileOfForm } from '../receipts/form-file.ts';
import { PDF_BYTES_MAX } from '../receipts/pdf-seal.ts';
import { publishedKeys } from '../receipts/receipt-keys.ts';
import { verifyHeld } from '../receipts/verify-pack.ts';
import type { Checked } from '../receipts/verify-page.ts';
import { verifyPage } from '../receipts/verify-page.ts';
import type { App } from './app.ts';
import { logFault, toAppError } from './faults.ts';
import { waitOf } from './page-limits.ts';
import type { ReceiptDeps, WithGuard } from './receipt-desk.ts';
import { TOO_OFTEN, documented, htmlResponse, languageOf, sendPage, sendPageFault } from './receipt-pages.ts';

/** Beside the file itself: the form's own lines. */
const FORM_BYTES = 16 * 1024;

/** How long others may keep the keys: shorter than any exchange of keys takes. */
const KEYS_MAX_AGE_SECONDS = 300;

const keySchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
});

export function verifyPages(app: App, deps: ReceiptDeps & WithGuard): void {
  const { verification } = deps.receipts.keys;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: PDF_BYTES_MAX + FORM_BYTES },
    (_request, body, done) => {
      done(null, body);
    },
  );
  // Before the body is read: what is refused costs nothing. The keys are few bytes that others keep.
  const onRequest = (request: FastifyRequest): Promise<void> => deps.guard.admit(request);
  app.setErrorHandler((error, request, reply) => {
    const fault = toAppError(error);
    if (waitOf(fault) !== null) return sendPageFault(fault, request, reply);
    logFault(request, fault);
    const checked: Checked =
      fault.code === 'body_too_large'
        ? { what: 'too_large' }
        : { what: 'file', verdict: { verdict: 'unreadable', why: fault.code } };
    return sendPage(
      reply,
      fault.code === 'body_too_large' ? 413 : 422,
      verifyPage(checked, languageOf(request)),
    );
  });

  app.route({
    method: 'GET',
    url: '/verify',
    onRequest,
    schema: {
      ...documented('Check the code of a receipt, or ask for its file', 'showVerify'),
      querystring: z.object({
        c: z.string().max(CLAIM_LENGTH_MAX).optional().describe('The claim in a QR code'),
        lang: z.string().optional(),
      }),
      response: {
        200: htmlResponse('What was found'),
        422: htmlResponse('The code is not right'),
        429: htmlResponse(TOO_OFTEN),
      },
    },
    handler: async (request, reply) => {
      const { c } = request.query;
      const claim = c === undefined ? null : readClaim(c, verification);
      const checked: Checked = c === undefined ? { what: 'nothing' } : { what: 'claim', claim };
      const wrong = c !== undefined && claim === null;
      if (wrong) await deps.guard.missed(request);
      return sendPage(reply, wrong ? 422 : 200, verifyPage(checked, languageOf(request)));
    },
  });

  app.route({
    method: 'POST',
    url: '/verify',
    onRequest,
    schema: {
      ...documented('Check the file of a receipt, JSON or PDF, or a proof pack', 'verifyReceipt'),
      description: `As the body itself, or as the field \`receipt\` of a form; at most ${String(PDF_BYTES_MAX)} bytes.`,
      body: z.unknown(),
      response: {
        200: htmlResponse('Genuine'),
        413: htmlResponse('Too large'),
        422: htmlResponse('Not genuine'),
        429: htmlResponse(TOO_OFTEN),
      },
    },
    handler: async (request, reply) => {
      const verdict = await verifyHeld(fileIn(request), verification);
      if (verdict.verdict !== 'genuine') await deps.guard.missed(request);
      const page = verifyPage({ what: 'file', verdict }, languageOf(request));
      return sendPage(reply, verdict.verdict === 'genuine' ? 200 : 422, page);
    },
  });

  app.route({
    method: 'GET',
    url: '/.well-known/yuanlu-receipt-keys.json',
    schema: {
      ...documented('The public keys of receipts, the one that signs first', 'receiptKeys'),
      response: { 200: z.object({ keys: z.array(keySchema) }).meta({ id: 'ReceiptKeys' }) },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${String(KEYS_MAX_AGE_SECONDS)}`);
      return { keys: [...publishedKeys(deps.receipts.keys).keys] };
    },
  });
}

/** Without a script a browser sends a form; programs send the file as it is. A form that is none holds no receipt. */
function fileIn(request: FastifyRequest): Buffer {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) return body;
  return fileOfForm(body, type, 'receipt') ?? Buffer.alloc(0);
}
