/** The merchant's end of a notice: an HTTP server that keeps what comes and answers what it is told to. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Notice {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A status, with a text behind it or none; `null` breaks the connection instead. */
export type Reply = number | readonly [status: number, text: string] | null;

export interface Receiver {
  readonly url: string;
  readonly received: readonly Notice[];
  /** What is answered from now on. */
  answers(reply: Reply | ((no: number, notice: Notice) => Reply)): void;
}

/** Listens until the end of the test. */
export async function receiveAnswering(first: Reply): Promise<Receiver> {
  const received: Notice[] = [];
  let answer: (no: number, notice: Notice) => Reply = () => first;
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const notice = { method, path, headers, body: Buffer.concat(parts) };
      received.push(notice);
      const wanted = answer(received.length, notice);
      const [status, text] = typeof wanted === 'number' ? [wanted, ''] : (wanted ?? [null, '']);
      if (status === null) reply.destroy();
      else reply.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/notify`,
    received,
    answers: (wanted) => {
      answer = typeof wanted === 'function' ? wanted : () => wanted;
    },
  };
}
