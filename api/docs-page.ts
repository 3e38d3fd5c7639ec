/**
 * `/docs`: one page, rendered here from the OpenAPI document and a guide. No script, no font, no request to anybody: it
 * reads the same in a locked-down office, in a terminal browser and on paper.
 */
import { createHash } from 'node:crypto';
import type { App } from './app.ts';
import { GUIDE } from './docs-guide.ts';
import { block, escaped, prose } from './docs-html.ts';
import type { DocsDocument } from './docs-reference.ts';
import { anyCall, callSection, callsOf, errorTable, schemaSection } from './docs-reference.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { openapiDocument } from './openapi.ts';

/** Nothing but the one style sheet in the page itself. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(DOCS_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PROBLEM = `{
  "type": "urn:yuanlu:error:refund_exceeds_payment",
  "title": "The refund is larger than what is left of the payment.",
  "status": 422,
  "detail": "asked_minor 99999, left_minor 7655",
  "code": "refund_exceeds_payment",
  "remedy": "Ask for at most the captured amount less the refunds that have not failed.",
  "retryable": false,
  "instance": "urn:yuanlu:request:0f8c3a5e9b7d4216"
}`;

export function docsRoute(app: App): void {
  let page: string | undefined;
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) => {
    page ??= pageOf(openapiDocument(app) as unknown as DocsDocument);
    return reply
      .header('content-security-policy', POLICY)
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(page);
  });
}

function pageOf(document: DocsDocument): string {
  const tags = document.tags.map(({ name, description }) => ({
    name,
    description,
    calls: callsOf(document, name),
  }));
  const contents = [
    ...GUIDE.map(([id, heading]) => `<li><a href="#${id}">${escaped(heading)}</a></li>`),
    '<li><a href="#errors">Errors</a></li>',
    ...tags.map(({ name }) => `<li><a href="#calls-${escaped(name)}">Calls: ${escaped(name)}</a></li>`),
    '<li><a href="#shapes">Shapes</a></li>',
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Yuanlu API</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<nav class="skip"><a href="#quick-start">To the quick start</a></nav>
<header>
<h1>Yuanlu 原路 API</h1>
<p class="dim">Version ${escaped(document.info.version)}. Refunds that go back the way the money came, followed until the channel’s own statement confirms them. For programs: <a href="/openapi.json">OpenAPI 3.1</a>.</p>
</header>
<nav aria-label="Contents"><ul>
${contents.join('\n')}
</ul></nav>
<main>
${GUIDE.map(([id, heading, html]) => section(id, heading, html)).join('\n')}
${section('errors', 'Errors', `<p>${prose('Every error is an RFC 9457 problem. Decide by `code`: it is stable. `instance` and the `x-request-id` header name the request; send them along when you ask us. A request may bring its own `x-request-id` of 8 to 64 letters, digits, dots and dashes.')}</p>${anyCall()}${block(PROBLEM)}${errorTable(document)}`)}
${tags.map(({ name, description, calls }) => section(`calls-${name}`, `Calls: ${name}`, `<p>${prose(description)}</p>${calls.map(callSection).join('\n')}`)).join('\n')}
${section(
  'shapes',
  'Shapes',
  `<p class="dim">* always there. Answers may gain fields; do not refuse those you do not know.</p>${Object.entries(
    document.components.schemas,
  )
    .map(([name, schema]) => schemaSection(name, schema))
    .join('\n')}`,
)}
</main>
</body>
</html>
`;
}

function section(id: string, heading: string, html: string): string {
  return `<section aria-labelledby="${escaped(id)}"><h2 id="${escaped(id)}">${escaped(heading)}</h2>\n${html}\n</section>`;
}
