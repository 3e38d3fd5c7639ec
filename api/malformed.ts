/** What is said to a client whose bytes are no HTTP request: the same kind of problem, written by hand, then goodbye. */
import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../domain/errors.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';

interface Malformed {
  readonly status: number;
  readonly sentence: string;
}

/** Node's own words for what a connection got wrong; everything else is bytes that are no HTTP/1.1. */
const KNOWN: Readonly<Record<string, Malformed>> = {
  HPE_HEADER_OVERFLOW: { status: 431, sentence: 'The header fields are larger than this server accepts.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, sentence: 'The request did not arrive whole in time.' },
};

const NO_HTTP: Malformed = { status: 400, sentence: 'The bytes are not an HTTP/1.1 request.' };

/** Answers on the bare connection and ends it. There is no request yet: headers and id are made here. */
export function answerMalformed(
  error: Error & { readonly code?: string },
  socket: Socket,
  o: {
    readonly requestId: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly log: FastifyBaseLogger;
  },
): void {
  // The client has gone, or an answer is half out: nothing that could be said would be understood.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, sentence } = KNOWN[error.code ?? ''] ?? NO_HTTP;
  o.log.info({ reqId: o.requestId, code: 'request_invalid', malformed: error.code }, 'refused');
  const problem = { ...toProblem(new AppError('request_invalid', { sentence }), o.requestId), status };
  const body = JSON.stringify(problem);
  const headers = {
    ...o.headers,
    'x-request-id': o.requestId,
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n'));
}
