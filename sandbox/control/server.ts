/** The unsigned side, under /sandbox: what people and tests use to make payments and trouble. Plain JSON, loopback only. */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { snakeJson } from '../snake-json.ts';
import { QUERIES } from './bodies.ts';
import { ChannelRefusal } from './refusal.ts';
import type { Asked, ControlSide } from './routes.ts';
import { controlRoutes } from './routes.ts';

/** Registers the routes in a scope of their own: here every body is JSON, whatever `curl -d` calls it. */
export async function registerControlServer(app: FastifyInstance, side: ControlSide): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_: unknown, body: string) => parse(body));
  app.setSchemaErrorFormatter((errors, place) => new Error(errors.map((one) => tell(one, place)).join('; ')));
  app.setErrorHandler(sendError);
  for (const { method, url, act, body, query = QUERIES.none, ...route } of controlRoutes(side)) {
    const status = route.status ?? (method === 'POST' ? 201 : 200);
    app.route({
      method,
      url,
      schema: { querystring: query, ...(body === undefined ? {} : { body }) },
      handler: async (request, reply) => {
        const asked: Asked = { body: request.body, query: request.query as Asked['query'] };
        return shown(reply.status(status), await act(asked));
      },
    });
  }
  app.all('/sandbox/*', async ({ method, url }) => {
    throw new AppError('not_found', {
      address: `${method} ${url.split('?')[0] ?? ''}; GET /sandbox lists them`,
    });
  });
}

function parse(body: string): unknown {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new AppError('request_invalid', { body: 'is not JSON' });
  }
}

/** What the schema says, with the names that its own words leave out. */
function tell(error: FastifySchemaValidationError, place: string): string {
  const { keyword, instancePath, params, message = 'is wrong' } = error;
  const at = `${place}${instancePath}`;
  if (keyword === 'additionalProperties')
    return `${at} has no field "${String(params['additionalProperty'])}"`;
  if (keyword === 'enum') return `${at} is none of ${JSON.stringify(params['allowedValues'])}`;
  return `${at} ${message}`;
}

function shown(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(`${snakeJson(value)}\n`);
}

function sendError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code } = classOf(error);
  return shown(reply.status(status), { code, message: messageOf(error) });
}

/** The facts alone where the code says the rest. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const facts = error instanceof AppError ? Object.entries(error.details) : [];
  const enough = error instanceof AppError && ['request_invalid', 'not_found'].includes(error.code);
  return enough && facts.length > 0
    ? facts.map(([name, fact]) => `${name}: ${String(fact)}`).join('; ')
    : error.message;
}

function classOf(error: unknown): { readonly status: number; readonly code: string } {
  if (error instanceof ChannelRefusal) return error;
  if (error instanceof AppError) return { status: ERRORS[error.code].status, code: error.code };
  const given = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  const status = typeof given === 'number' ? given : 500;
  if (status === 400) return { status: ERRORS.request_invalid.status, code: 'request_invalid' };
  return status === 413 ? { status, code: 'body_too_large' } : { status, code: 'internal' };
}
