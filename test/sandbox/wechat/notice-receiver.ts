/** The merchant's end of a notice: an HTTP server that keeps what comes and answers what it is told to. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SealedText } from './merchant.ts';
import { signatureFault, unseal } from './merchant.ts';
import type { Fields, Shop } from './shop.ts';

export interface Notice {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An opened notice: the envelope, what was inside, and what is wrong with the signature. */
export interface Opened {
  readonly envelope: Fields;
  readonly resource: Fields & SealedText;
  readonly content: Fields;
  readonly fault: string | null;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Notice[];
  /** Answers with this status from now on; `null` breaks the connection instead. */
  answers(status: number | null | ((no: number, notice: Notice) => number | null)): void;
}

/** Listens until the end of the test; takes everything with 204 at first. */
export async function receiveNotices(): Promise<Receiver> {
  const received: Notice[] = [];
  let answer: (no: number, notice: Notice) => number | null = () => 204;
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const notice = { method, path, headers, body: Buffer.concat(parts) };
      received.push(notice);
      const status = answer(received.length, notice);
      if (status === null) reply.destroy();
      else reply.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
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

export function openNotice(shop: Shop, { headers, body }: Notice): Opened {
  const envelope = JSON.parse(body.toString('utf8')) as Fields;
  const resource = envelope['resource'] as Opened['resource'];
  return {
    envelope,
    resource,
    content: JSON.parse(unseal(shop.merchant.apiV3Key, resource)) as Fields,
    fault: signatureFault(headers, body, shop.knownKeys()),
  };
}
