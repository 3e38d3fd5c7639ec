/** An HTTP server on loopback that keeps what comes in and answers what the test has written down. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer byte by byte, or the way in which none comes. */
export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Breaks the connection before anything or after half of the body, or keeps it open and says nothing. */
  readonly breaks?: 'at once' | 'half way' | 'never answers';
}

export interface ScriptedServer<Received, Script> {
  readonly url: string;
  /** What came in, in order. */
  readonly received: Received[];
  /** The answers to come, in order; the last one repeats. Without any, connections are broken. */
  readonly answer: (...scripts: readonly Script[]) => void;
  readonly stop: () => Promise<void>;
}

/** How one channel's counter reads a request and turns a script into bytes. */
export interface Counter<Received, Script> {
  read(request: IncomingMessage, body: string): Received;
  write(script: Script, received: Received): RawAnswer;
}

export async function openScriptedServer<Received, Script>(
  counter: Counter<Received, Script>,
): Promise<ScriptedServer<Received, Script>> {
  const received: Received[] = [];
  let scripts: Script[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const one = counter.read(request, body);
      received.push(one);
      const script = scripts.length > 1 ? scripts.shift() : scripts[0];
      play(script === undefined ? { body: '', breaks: 'at once' } : counter.write(script, one), response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    received,
    answer: (...next) => {
      scripts = [...next];
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function play({ status = 200, headers = {}, body, breaks }: RawAnswer, response: ServerResponse): void {
  if (breaks === 'never answers') return;
  if (breaks === 'at once') {
    response.destroy();
    return;
  }
  if (breaks === 'half way') {
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  response.writeHead(status, headers);
  response.end(body);
}
