/** The part of /docs that is made from the OpenAPI document: every call, every shape, every error. */
import { ERRORS, isErrorCode } from '../domain/errors.ts';
import { block, escaped, prose, table } from './docs-html.ts';
import { EVERYWHERE } from './problem.ts';

export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Media {
  readonly schema: Schema;
}

export interface DocsOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly headers?: object;
        readonly content?: Readonly<Record<string, Media>>;
      }
    >
  >;
}

export interface DocsDocument {
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocsOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const NAMED = '#/components/schemas/';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: DocsOperation;
}

export function callsOf(document: DocsDocument, tag: string): readonly Call[] {
  return Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    )
    .filter(({ operation }) => operation.tags.includes(tag));
}

export function callSection({ method, path, operation }: Call): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const body = Object.entries(requestBody?.content ?? {});
  return [
    `<h3 id="${escaped(operationId)}"><code>${method} ${escaped(path)}</code></h3>`,
    `<p>${prose(summary)}. ${prose(description ?? '')}</p>`,
    parameters.length === 0
      ? ''
      : table(
          ['parameter', 'in', 'shape', ''],
          parameters.map((one) => [
            `<code>${escaped(one.name)}</code>${one.required === true ? ' *' : ''}`,
            escaped(one.in),
            shape(one.schema),
            prose(one.description ?? describing(one.schema)),
          ]),
        ),
    ...body.map(([type, media]) => `<p>Body: <code>${escaped(type)}</code>, ${shape(media.schema)}</p>`),
    table(
      ['answer', '', 'shape'],
      Object.entries(responses)
        .filter(saysMore)
        .map(([status, response]) => [
          `<code>${escaped(status)}</code>`,
          response.description.split('\n\n').map(prose).map(linked).join('<br>'),
          Object.entries(response.content ?? {})
            .map(([, media]) => shape(media.schema))
            .join(' or '),
        ]),
    ),
  ].join('\n');
}

/** An error's name leads to what to do about it. */
function linked(html: string): string {
  return html.replace(/^<code>([a-z_]+)<\/code>:/, '<a href="#error-$1"><code>$1</code></a>:');
}

/** What any call can end in is said once, see {@link anyCall}: repeated at each of them it would be half of the page. */
function saysMore([, { description }]: [string, { readonly description: string }]): boolean {
  const codes = [...description.matchAll(/^`([a-z_]+)`: /gm)].map(([, code = '']) => code);
  return codes.length === 0 || codes.some((code) => !ANY_CALL.has(code));
}

/** What any call behind a key can end in, beside its own errors. */
export function anyCall(): string {
  const codes = EVERYWHERE.map((code) => `<a href="#error-${code}"><code>${code}</code></a>`);
  return `<p>Any call under <code>/v1</code> may also end in ${codes.join(', ')}.</p>`;
}

const ANY_CALL: ReadonlySet<string> = new Set(EVERYWHERE);

export function schemaSection(name: string, schema: Schema): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  const [example] = (schema['examples'] ?? []) as readonly unknown[];
  return [
    `<h3 id="shape-${escaped(name)}"><code>${escaped(name)}</code></h3>`,
    describing(schema) === '' ? '' : `<p>${prose(describing(schema))}</p>`,
    table(
      ['field', 'shape', ''],
      properties.map(([field, one]) => [
        `<code>${escaped(field)}</code>${required.has(field) ? ' *' : ''}`,
        shape(one),
        prose(describing(one)),
      ]),
    ),
    example === undefined ? '' : block(JSON.stringify(example, null, 2)),
  ].join('\n');
}

function describing({ description }: Schema): string {
  return typeof description === 'string' ? description : '';
}

/** What a value may be, in a few words. */
function shape(schema: Schema): string {
  const ref = schema['$ref'];
  if (typeof ref === 'string') {
    const name = ref.replace(NAMED, '');
    return `<a href="#shape-${escaped(name)}">${escaped(name)}</a>`;
  }
  for (const many of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema[many];
    if (Array.isArray(parts)) {
      const texts = (parts as readonly Schema[]).map(shape).filter((text) => text !== 'object');
      return [...new Set(texts)].join(many === 'allOf' ? ' and ' : ' or ');
    }
  }
  if ('const' in schema) return `<code>${escaped(JSON.stringify(schema['const']))}</code>`;
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((one) => `<code>${escaped(String(one))}</code>`).join(' ');
  if (schema['type'] === 'array') return `list of ${shape((schema['items'] ?? {}) as Schema)}`;
  const type = Array.isArray(schema['type']) ? schema['type'].join(' or ') : schema['type'];
  const format = typeof schema['format'] === 'string' ? `, ${schema['format']}` : '';
  return escaped(`${typeof type === 'string' ? type : 'anything'}${format}`);
}

/** The errors that calls of the document can end in, with what to do. */
export function errorTable(document: DocsDocument): string {
  const codes = new Set(
    Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ description }) =>
        [...description.matchAll(/^`([a-z_]+)`: /gm)].map(([, code = '']) => code),
      ),
  );
  const rows = [...codes]
    .filter(isErrorCode)
    .toSorted((one, other) => ERRORS[one].status - ERRORS[other].status);
  return table(
    ['code', 'status', 'what is the case', 'what to do', 'repeat?'],
    rows.map((code) => {
      const { status, title, remedy, retryable } = ERRORS[code];
      return [
        `<code id="error-${code}">${code}</code>`,
        String(status),
        prose(title),
        prose(remedy),
        retryable ? 'yes' : 'no',
      ];
    }),
  );
}
