/** Builds the HTTP server: routes, their keys, their limits, and one way of saying no. */
import type {
  FastifyBaseLogger,
  FastifyHttpOptions,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify';
import Fastify from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { AppError } from '../domain/errors.ts';
import type { App } from './app.ts';
import { approvalRoutes } from './approval-routes.ts';
import { protect } from './authenticate.ts';
import { arrivalRoute } from './arrival-route.ts';
import { booksRoutes } from './books-routes.ts';
import { breakSuggestionRoutes } from './break-suggestion-routes.ts';
import { breakWorkRoutes } from './break-work-routes.ts';
import { dayProofRoutes } from './day-proof-routes.ts';
import { dayRoutes } from './day-routes.ts';
import { overdueRoutes } from './overdue-routes.ts';
import { callbackRoutes } from './callback-routes.ts';
import type { ApiDeps, ApiLimits } from './deps.ts';
import { API_LIMITS } from './deps.ts';
import { paperPress } from '../receipts/paper-press.ts';
import { docsRoute } from './docs-page.ts';
import { sendProblem } from './faults.ts';
import { fallbackPaymentRoute } from './fallback-payment-route.ts';
import { healthRoutes } from './health-routes.ts';
import { acceptStrictJson } from './json-body.ts';
import { answerMalformed } from './malformed.ts';
import { describeApi, openapiRoute } from './openapi.ts';
import { apiMetrics } from './metrics.ts';
import { metricsRoute } from './metrics-route.ts';
import { paymentRoutes } from './payment-routes.ts';
import { quoteRoutes } from './quote-routes.ts';
import { proofPackRoute } from './proof-pack-route.ts';
import { receiptFileRoutes } from './receipt-files.ts';
import type { PageGuard } from './page-limits.ts';
import { countAddresses, pageGuard } from './page-limits.ts';
import { isLinkAddress, receiptPages, sendNoLink, sendPageFault } from './receipt-pages.ts';
import { receiptRoutes } from './receipt-routes.ts';
import { refundRoutes } from './refund-routes.ts';
import { validatorCompiler } from './validation.ts';
import { statementChangesRoute } from './statement-changes-route.ts';
import { statementGapRoutes } from './statement-gap-routes.ts';
import { statementRoutes } from './statement-routes.ts';
import { threeWayRoute } from './three-way-route.ts';
import { verifyPages } from './verify-pages.ts';
import { webhookDeliveryRoutes } from './webhook-delivery-routes.ts';
import { webhookEndpointRoutes } from './webhook-endpoint-routes.ts';

/** Node looks for requests that take too long every half minute by itself; so much of the limit may pass between two looks. */
const LOOKS_PER_TIMEOUT = 6;

/** Longest part of a path that a route takes as one of its parameters, percent-encoded. */
const PARAM_LENGTH_MAX = 300;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** A server that is ready to listen, or to be injected into. Close it to let go of its connections. */
export async function buildApi(deps: ApiDeps): Promise<App> {
  const limits: ApiLimits = { ...API_LIMITS, ...deps.limits };
  const strays: Strays = { links: null };
  const app = createServer(deps, limits, strays);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) => sayNotThere(strays, new AppError('not_found'), request, reply));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headersOf(request));
  });

  const metrics = apiMetrics();
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(request, reply);
  });

  const press = paperPress(limits.press);
  app.addHook('onClose', () => press.close());

  await describeApi(app, deps.version);
  await app.register(async (v1: App) => {
    acceptStrictJson(v1);
    await protect(v1, { keys: deps.keys, requestsPerMinute: limits.requestsPerMinute });
    refundRoutes(v1, deps, limits);
    paymentRoutes(v1, deps);
    quoteRoutes(v1, deps);
    overdueRoutes(v1, deps);
    arrivalRoute(v1, deps);
    booksRoutes(v1, deps);
    breakSuggestionRoutes(v1, deps);
    breakWorkRoutes(v1, deps);
    statementRoutes(v1, deps);
    statementChangesRoute(v1, deps);
    statementGapRoutes(v1, deps);
    dayRoutes(v1, deps);
    dayProofRoutes(v1, deps);
    threeWayRoute(v1, deps);
    approvalRoutes(v1, deps);
    fallbackPaymentRoute(v1, deps);
    webhookEndpointRoutes(v1, deps);
    webhookDeliveryRoutes(v1, deps);
    receiptRoutes(v1, deps);
    receiptFileRoutes(v1, { ...deps, press });
    proofPackRoute(v1, { ...deps, press });
    metricsRoute(v1, deps, { metrics, countedEveryMs: limits.booksCountedEveryMs });
  });
  await app.register(async (callbacks: App) => {
    callbackRoutes(callbacks, deps, limits);
  });
  const { receipts } = deps;
  if (receipts !== undefined) {
    await countAddresses(app);
    const guards = { links: pageGuard(app, limits.links), verify: pageGuard(app, limits.verify) };
    strays.links = guards.links;
    await app.register(async (pages: App) => {
      receiptPages(pages, { ...deps, receipts, press, guard: guards.links });
    });
    await app.register(async (pages: App) => {
      verifyPages(pages, { ...deps, receipts, guard: guards.verify });
    });
  }
  healthRoutes(app, deps, { timeoutMs: limits.readyTimeoutMs });
  openapiRoute(app);
  docsRoute(app);
  await app.ready();
  return app;
}

function createServer(deps: ApiDeps, limits: ApiLimits, strays: Strays): App {
  const newRequestId = (): string => deps.randomBytes(8).toString('hex');
  const app: App = Fastify({
    ...(deps.log === false ? { logger: false } : { loggerInstance: withoutLinks(deps.log) }),
    bodyLimit: limits.bodyBytesMax,
    ...patience(limits.requestTimeoutMs),
    forceCloseConnections: 'idle',
    requestIdHeader: false,
    trustProxy: deps.trustedProxies === undefined ? false : [...deps.trustedProxies],
    genReqId: (raw) => givenRequestId(raw.headers['x-request-id']) ?? newRequestId(),
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    // An address that cannot even be decoded never reaches the error handler of a route.
    frameworkErrors: (error, request, reply) => {
      void sayNotThere(strays, error, request, reply.headers(headersOf(request)));
    },
    clientErrorHandler: (error, socket) => {
      answerMalformed(error, socket, {
        requestId: newRequestId(),
        headers: SECURITY_HEADERS,
        log: app.log,
      });
    },
  }).withTypeProvider<ZodTypeProvider>();
  return app;
}

/** Both limits: Node goes by the one for headers, a minute by itself, for as long as that is the longer one. */
function patience(timeoutMs: number): FastifyHttpOptions<RawServerDefault> {
  const both = { requestTimeout: timeoutMs, headersTimeout: timeoutMs };
  return {
    requestTimeout: timeoutMs,
    http: { ...both, connectionsCheckingInterval: timeoutMs / LOOKS_PER_TIMEOUT },
  };
}

/** Requests that no route takes. Links to receipts are guarded also where they cannot be one; null without receipts. */
interface Strays {
  links: PageGuard | null;
}

/** What cannot be a link is answered, and counted, like one that does not open. */
async function sayNotThere(
  { links }: Strays,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (links === null || !isLinkAddress(request.url)) {
    await sendProblem(error, request, reply);
    return;
  }
  try {
    await links.admit(request);
    await sendNoLink(links, request, reply);
  } catch (refused) {
    sendPageFault(refused, request, reply);
  }
}

/** The address of a receipt opens it: what is logged of a request must not be one. */
function withoutLinks(log: FastifyBaseLogger): FastifyBaseLogger {
  const req = ({ method, url, host, ip }: FastifyRequest): object => ({
    ...{ method, host, remoteAddress: ip },
    url: isLinkAddress(url) ? '/r/…' : url,
  });
  return log.child({}, { serializers: { req } });
}

function headersOf(request: FastifyRequest): Record<string, string> {
  return { ...SECURITY_HEADERS, 'x-request-id': request.id };
}

/** The id a caller gives its request, when it is one that may stand in a log and a header. */
function givenRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[0-9A-Za-z][0-9A-Za-z._-]{7,63}$/.test(header) ? header : undefined;
}
