/** Values that fit a schema of the OpenAPI document, made at random. Objects are now and then incomplete or have too much. */
import fc from 'fast-check';
import type { Json, OpenApi } from './openapi-document.ts';

const NAMED = '#/components/schemas/';
/** Schemas refer to each other; deeper than this nothing is made. */
const DEPTH_MAX = 6;

type Known = Readonly<Record<string, readonly string[]>>;

export function valueOf(
  document: OpenApi,
  schema: Json,
  known: Known = {},
  depth = 0,
): fc.Arbitrary<unknown> {
  if (depth > DEPTH_MAX) return fc.constant(null);
  const inside = (one: Json): fc.Arbitrary<unknown> => valueOf(document, one, known, depth + 1);
  const ref = schema['$ref'];
  if (typeof ref === 'string') return inside(document.components.schemas[ref.replace(NAMED, '')] ?? {});
  if (schema['format'] === 'date-time') return textOf(schema);
  for (const many of ['anyOf', 'oneOf', 'allOf'] as const) {
    const parts = schema[many];
    if (Array.isArray(parts)) return fc.oneof(...(parts as Json[]).map(inside));
  }
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  switch (schema['type']) {
    case 'object':
      return objectOf(schema, known, inside);
    case 'array':
      return fc.array(inside((schema['items'] ?? {}) as Json), { maxLength: 3 });
    case 'integer':
      return fc.integer({ min: 0, max: 100 });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(
  schema: Json,
  known: Known,
  inside: (one: Json) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
  const required = new Set((schema['required'] ?? []) as string[]);
  const fields = properties.map(([name, one]) => {
    const some = known[name];
    const value =
      some === undefined
        ? inside(one)
        : fc.oneof({ arbitrary: fc.constantFrom(...some), weight: 3 }, inside(one));
    return [name, required.has(name) ? value : fc.option(value, { nil: undefined })] as const;
  });
  const whole = fc.record(Object.fromEntries(fields));
  const lacking = whole.chain((made) =>
    fc
      .subarray(Object.keys(made))
      .map((names) => Object.fromEntries(names.map((name) => [name, made[name]]))),
  );
  const more = whole.map((made) => ({ ...made, more: 1 }));
  return fc.oneof({ arbitrary: whole, weight: 8 }, lacking, more);
}

function textOf(schema: Json): fc.Arbitrary<string> {
  const examples = (schema['examples'] ?? []) as readonly string[];
  if (schema['format'] === 'date-time') {
    const bounds = {
      min: new Date('2000-01-02T00:00:00Z'),
      max: new Date('2098-01-01T00:00:00Z'),
      noInvalidDate: true,
    };
    return fc.date(bounds).map((at) => at.toISOString());
  }
  const pattern = schema['pattern'];
  const text =
    typeof pattern === 'string' ? fc.stringMatching(new RegExp(pattern, 'u')) : fc.string({ maxLength: 40 });
  return examples.length === 0 ? text : fc.oneof(text, fc.constantFrom(...examples));
}
