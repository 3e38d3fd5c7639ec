/** The OpenAPI 3.1 document, made from the very schemas that requests and answers are checked against. */
import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { invariant } from '../domain/errors.ts';
import type { App } from './app.ts';

const DESCRIPTION = `Refunds that go back the way the money came, followed until the channel's own statement confirms them.

Amounts are strings of fen. Times are RFC 3339. Errors are RFC 9457 problems with a stable \`code\`.
Repeating a request with the same Idempotency-Key is always safe.`;

/** Register before the routes; serve with {@link openapiRoute}. */
export async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Yuanlu',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      security: [{ key: [] }],
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'A key of `yuanlu keys create`, or of the accounts file: yl_…',
          },
        },
      },
      tags: [
        { name: 'refunds', description: 'Ask once, read as often as you like' },
        { name: 'receipts', description: 'What the payer is shown and can keep' },
        { name: 'payments', description: 'What was captured, and what is left of it' },
        { name: 'quotes', description: 'What the shop owes, line by line' },
        { name: 'books', description: 'What somebody should look at' },
        { name: 'approvals', description: 'Acts that need two people' },
        { name: 'webhooks', description: 'What your backend is told, and whether it took it' },
        { name: 'callbacks', description: 'For the channels' },
        { name: 'health', description: 'For whoever runs it' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

/** The document of an app that is ready. */
export function openapiDocument(app: App): Document {
  return readable(JSON.parse(JSON.stringify(app.swagger())) as Document);
}

export function openapiRoute(app: App): void {
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(openapiDocument(app));
    return reply.type('application/json').serializer(String).send(text);
  });
}

type Json = Record<string, unknown>;

interface Response extends Json {
  description: string;
  headers?: Json;
}

export interface Document extends Json {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { schemas: Record<string, Json> };
}

const NAMED = '#/components/schemas/';
const SECONDS = {
  'retry-after': {
    description: 'Seconds after which to repeat',
    required: true,
    schema: { type: 'integer' },
  },
};
const LOCATION = {
  location: { description: 'Where it can be read', required: true, schema: { type: 'string' } },
};
const LINK = {
  link: {
    description: 'RFC 8288: `rel="next"` leads to the next page; absent on the last one',
    schema: { type: 'string' },
  },
};

const ETAG = {
  etag: {
    description: 'Of this very content (RFC 9110, strong)',
    required: true,
    schema: { type: 'string' },
  },
};

/** Headers of good answers, which routes cannot declare. */
const OWN_HEADERS = [
  ['/v1/refunds', 'post', '200', { ...LOCATION, ...ETAG }],
  ['/v1/refunds', 'post', '201', { ...LOCATION, ...ETAG }],
  ['/v1/refunds', 'get', '200', LINK],
  ['/v1/refunds/{refund_no}', 'get', '200', ETAG],
  ['/v1/refunds/{refund_no}', 'get', '304', ETAG],
  ['/v1/payments/{payment_no}', 'get', '200', ETAG],
  ['/v1/payments/{payment_no}', 'get', '304', ETAG],
  ['/v1/payments/{payment_no}', 'put', '200', ETAG],
  ['/v1/payments/{payment_no}', 'put', '201', ETAG],
  ['/v1/quotes', 'post', '201', LOCATION],
  ['/v1/refunds/{refund_no}/receipt-links', 'post', '201', LOCATION],
  ['/v1/breaks', 'get', '200', LINK],
  ['/v1/closed-days', 'get', '200', LINK],
  ['/v1/webhook-endpoints', 'post', '201', LOCATION],
  ['/v1/webhook-endpoints', 'get', '200', LINK],
  ['/v1/webhook-endpoints/{endpoint_id}/test', 'post', '202', LOCATION],
  ['/v1/webhook-deliveries', 'get', '200', LINK],
] as const;

/** Names, descriptions and headers as a reader wants them, in place of what the generator could not know. */
function readable(document: Document): Document {
  for (const operation of Object.values(document.paths).flatMap(
    Object.values<Document['paths'][string][string]>,
  )) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status;
      if (status === '429' || status === '503') response.headers = SECONDS;
      openToAdditions(response);
    }
  }
  for (const [path, method, status, headers] of OWN_HEADERS) {
    const response = document.paths[path]?.[method]?.responses[status];
    invariant(response !== undefined, `${method} ${path} answers ${status}`);
    response.headers = headers;
  }
  return withPlainNames(withoutUnused(document));
}

/** Each named schema comes once for requests and once for answers; the one that nobody refers to is left out. */
function withoutUnused(document: Document): Document {
  let schemas = Object.entries(document.components.schemas);
  for (;;) {
    const text = JSON.stringify([document.paths, Object.fromEntries(schemas)]);
    const used = schemas.filter(([name]) => text.includes(`"${NAMED}${name}"`));
    if (used.length === schemas.length) break;
    schemas = used;
  }
  for (const [name, schema] of schemas) if (!name.endsWith('Input')) openToAdditions(schema);
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } };
}

/** What we answer may gain fields; what we are sent may not. */
function openToAdditions(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if ('additionalProperties' in node && node.additionalProperties === false) delete node.additionalProperties;
  for (const child of Object.values(node)) openToAdditions(child);
}

/** `RefundAskedInput` is `RefundAsked` where no answer has that name. */
function withPlainNames(document: Document): Document {
  let text = JSON.stringify(document);
  for (const name of Object.keys(document.components.schemas)) {
    const plain = name.replace(/Input$/, '');
    if (plain === name || plain in document.components.schemas) continue;
    text = text.replaceAll(`"${NAMED}${name}"`, `"${NAMED}${plain}"`).replaceAll(`"${name}":`, `"${plain}":`);
  }
  return JSON.parse(text) as Document;
}
