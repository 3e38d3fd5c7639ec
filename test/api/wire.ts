/** The API on a real port: requests as they go over a wire, whole ones and broken ones. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { ApiUnderTest } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';

export interface Wire {
  readonly url: string;
  readonly port: number;
  /** One request over HTTP, with a key of merchant m1 unless another or none is named. */
  call(path: string, o?: Call): Promise<Answer>;
  /** Sends these very bytes on a connection of their own and gives back what came until the end of it. */
  raw(bytes: string | Buffer): Promise<string>;
}

/** Lets the API listen on a free port of loopback; it is closed with the API. */
export async function onTheWire(api: ApiUnderTest): Promise<Wire> {
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    port,
    call: (path, o = {}) => request(`${url}${path}`, api.keys.m1, o),
    raw: (bytes) => exchange(port, bytes),
  };
}

async function request(url: string, ownKey: string, o: Call): Promise<Answer> {
  const raw = typeof o.body === 'string' || Buffer.isBuffer(o.body);
  const answer = await fetch(url, {
    method: o.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(o.key === null ? {} : { authorization: `Bearer ${o.key ?? ownKey}` }),
      ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...o.headers,
    },
    ...(o.body === undefined ? {} : { body: raw ? o.body : JSON.stringify(o.body) }),
  });
  const text = await answer.text();
  const headers = Object.fromEntries(answer.headers);
  const json: unknown =
    /json/.test(headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined;
  return { status: answer.status, headers, text, json };
}

async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  // A server that refuses before everything was sent may reset the connection: what it said before counts.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  return Buffer.concat(parts).toString('utf8');
}

/** The text of one HTTP/1.1 request that asks for the connection to be closed after it. */
export function requestText(line: string, headers: readonly string[], body = ''): string {
  return [line, 'host: localhost', 'connection: close', ...headers, '', body].join('\r\n');
}
