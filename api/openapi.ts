/** The OpenAPI 3.1 document, made from the very schemas that requests and answers are checked against. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
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
          key: { type: 'http', scheme: 'bearer', description: 'A key of the accounts file: yl_…' },
        },
      },
      tags: [
        { name: 'refunds', description: 'Ask once, read as often as you like' },
        { name: 'payments', description: 'What was captured, and what is left of it' },
        { name: 'books', description: 'What somebody should look at' },
        { name: 'callbacks', description: 'For the channels' },
        { name: 'health', description: 'For whoever runs it' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
}

export function openapiRoute(app: App): void {
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json').serializer(asIs).send(text);
  });
}

function asIs(text: unknown): string {
  return String(text);
}

/** Each named schema comes once for requests and once for answers; the one that nobody refers to is left out. */
function withoutUnused<Document extends object>(document: Document): Document {
  const components = 'components' in document ? document.components : undefined;
  if (typeof components !== 'object' || components === null || !('schemas' in components)) return document;
  let schemas = Object.entries(components.schemas as Record<string, unknown>);
  for (;;) {
    const text = JSON.stringify({ ...document, components: { schemas: Object.fromEntries(schemas) } });
    const used = schemas.filter(([name]) => text.includes(`"#/components/schemas/${name}"`));
    if (used.length === schemas.length) break;
    schemas = used;
  }
  return { ...document, components: { ...components, schemas: Object.fromEntries(schemas) } };
}
