/** The OpenAPI document as tests walk through it, and its schemas as a validator that shares no code with the API's. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { call } from './calls.ts';

export interface Media {
  readonly schema: Json;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Json;
  readonly example?: unknown;
}

export interface DocumentedResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly schema: Json; readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly Json[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

export type Json = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly openapi: string;
  readonly info: Json;
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Json[];
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly securitySchemes: Readonly<Record<string, Json>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export async function readOpenApi(api: ApiUnderTest): Promise<OpenApi> {
  const answer = await call(api, '/openapi.json', { key: null });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  return answer.json as OpenApi;
}

export function operationsOf(
  document: OpenApi,
): readonly { readonly method: string; readonly path: string; readonly operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** Every object of a document, with where it stands. */
export function* objectsIn(node: unknown, pointer = '#'): Generator<{ pointer: string; value: Json }> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield { pointer, value: node as Json };
  for (const [key, child] of Object.entries(node)) {
    yield* objectsIn(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

/** Compiles schemas of the document; references go to the document itself. Unknown keywords and formats are faults. */
export function schemasOf(document: OpenApi): (schema: Json) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true });
  ajv.addFormat(
    'date-time',
    (text: string) => /^[0-9T:.-]+(?:Z|[+-][0-9:]+)$/.test(text) && !Number.isNaN(Date.parse(text)),
  );
  ajv.addFormat('date', /^\d{4}-\d{2}-\d{2}$/);
  ajv.addFormat('uri', (text: string) => URL.canParse(text));
  ajv.addVocabulary(['components']);
  ajv.addSchema({ $id: 'openapi:document', components: document.components }, 'openapi:document');
  return (schema) => ajv.compile(toDocument(schema) as Json);
}

/** `#/components/…` means the document, also from inside a schema that stands alone. */
function toDocument(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node).replaceAll('"#/components/', '"openapi:document#/components/'),
  ) as unknown;
}
