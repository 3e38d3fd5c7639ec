/** Pages that payers open without logging in: the receipt behind its link. Reads only. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Language } from '../domain/receipt/words.ts';
import { busyPage, noLinkPage, receiptPage, tooOftenPage } from '../receipts/page.ts';
import { PAGE_HEADERS } from '../receipts/page-frame.ts';
import { evidenceOfLinks } from '../store/receipt-links.ts';
import type { Evidence } from '../store/receipt-evidence.ts';
import type { App } from './app.ts';
import { askedTogether } from './asked-together.ts';
import { RETRY_AFTER_SECONDS, logFault, toAppError } from './faults.ts';
import type { PageGuard } from './page-limits.ts';
import { waitOf } from './page-limits.ts';
import type { DocumentedAnswer, DocumentedPage, ReceiptDeps, WithGuard, WithPress } from './receipt-desk.ts';
import { pdfResponse, sendPdf } from './receipt-files.ts';
import { keptPages } from './kept-pages.ts';
import { checkUrl, makeReceipt } from './receipt-desk.ts';

const LINKS = '/r/';

export function isLinkAddress(url: string): boolean {
  return url.startsWith(LINKS);
}

export function receiptPages(app: App, deps: ReceiptDeps & WithPress & WithGuard): void {
  app.setErrorHandler(sendPageFault);
  app.addHook('onRequest', (request) => deps.guard.admit(request));
  const pages = keptPages();
  const look = askedTogether((handles) => evidenceOfLinks(deps.pool, handles, deps.clock.now()));
  /** Null for a token that is wrong, expired or taken back: they are told apart nowhere outside. */
  const openLink = async (token: string): Promise<Evidence | null> => {
    const handle = deps.receipts.links.open(token, deps.clock.now());
    return handle === null ? null : look(handle.toString('hex'));
  };

  app.route({
    method: 'GET',
    url: '/r/:token',
    schema: {
      ...documented('The receipt of a refund, as its payer sees it', 'showReceipt'),
      params,
      response: { 200: htmlResponse('The receipt'), ...OTHERWISE },
    },
    handler: async (request, reply) => {
      const { token } = request.params;
      const evidence = await openLink(token);
      if (evidence === null) return sendNoLink(deps.guard, request, reply);
      const language = languageOf(request);
      const page = pages.of(`${language}/${token}`, evidence, deps.clock.now(), () =>
        writePage(deps, evidence, language, token),
      );
      return sendPage(reply, 200, page);
    },
  });

  app.route({
    method: 'GET',
    url: '/r/:token/receipt.pdf',
    schema: {
      ...documented('The receipt as PDF, behind its link', 'showReceiptPdf'),
      params,
      response: { 200: pdfResponse(), ...OTHERWISE },
    },
    handler: async (request, reply) => {
      const evidence = await openLink(request.params.token);
      if (evidence === null) return sendNoLink(deps.guard, request, reply);
      reply.headers({ 'x-robots-tag': PAGE_HEADERS['x-robots-tag'] });
      return sendPdf(reply, deps, makeReceipt(deps, evidence), languageOf(request));
    },
  });
}

function writePage(deps: ReceiptDeps, evidence: Evidence, language: Language, token: string): string {
  const signed = makeReceipt(deps, evidence);
  return receiptPage(signed, language, {
    otherLanguage: `?lang=${language === 'zh' ? 'en' : 'zh'}`,
    pdf: `${LINKS}${token}/receipt.pdf?lang=${language}`,
    check: checkUrl(deps, signed),
    verify: `${deps.receipts.publicUrl}/verify`,
  });
}

export const TOO_OFTEN = 'Too many requests of one address in a minute, or too many that were wrong';

const OTHERWISE = {
  404: htmlResponse('The link is wrong, has expired or was taken back: one page for all of them'),
  429: htmlResponse(TOO_OFTEN),
  503: htmlResponse('The books cannot be read at the moment, or too many papers are being made'),
};

const params = z.object({ token: z.string().describe('From `POST /v1/refunds/{refund_no}/receipt-links`') });

export function documented(summary: string, operationId: string): DocumentedPage {
  return { summary, operationId, tags: ['receipts'], security: [] };
}

export function htmlResponse(description: string): DocumentedAnswer<'text/html'> {
  return { description, content: { 'text/html': { schema: z.string() } } };
}

/** The same for every link that does not open, whatever is wrong with it. @throws AppError `rate_limited` */
export async function sendNoLink(
  guard: PageGuard,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await guard.missed(request);
  return sendPage(reply, 404, noLinkPage(languageOf(request)));
}

/** Whatever goes wrong with a page is said as a page. */
export function sendPageFault(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fault = toAppError(error);
  logFault(request, fault);
  const wait = waitOf(fault);
  if (wait !== null)
    return sendPage(reply.header('retry-after', wait), 429, tooOftenPage(languageOf(request)));
  return sendPage(reply.header('retry-after', RETRY_AFTER_SECONDS), 503, busyPage(languageOf(request)));
}

export function sendPage(reply: FastifyReply, status: number, page: string | Buffer): FastifyReply {
  return reply.code(status).headers(PAGE_HEADERS).send(page);
}

/** What the address asks for, else what the browser would rather read; Chinese where nothing is said. */
export function languageOf(request: FastifyRequest): Language {
  const asked = (request.query as Record<string, unknown> | undefined)?.['lang'];
  if (asked === 'zh' || asked === 'en') return asked;
  const [first = ''] = (request.headers['accept-language'] ?? '').split(',', 1);
  return /^\s*en\b/i.test(first) ? 'en' : 'zh';
}
