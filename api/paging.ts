/** The address of the next page, as RFC 8288 has it, for clients that follow links instead of building addresses. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Adds `link: <…>; rel="next"` when there is another page: the same request with the cursor of that page. */
export function linkNextPage(request: FastifyRequest, reply: FastifyReply, cursor: string | null): void {
  if (cursor === null) return;
  const [path = '', query = ''] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}
