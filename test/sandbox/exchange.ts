/** One HTTP exchange, byte by byte, and the unsigned side of any sandbox over it. */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { expect } from 'vitest';

export type Fields = Record<string, unknown>;

/** What comes back over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Rejects when nothing has come for so long. */
  readonly timeoutMs?: number;
}

/** One request with these headers and no others but Host, Connection and the length. Rejects when the answer breaks off. */
export function exchange({ method, url, headers, body, timeoutMs = 10_000 }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const sent = request(url, { method, headers: { ...headers, ...length }, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(parts) });
      });
    });
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error('timed out')));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A call to /sandbox, whatever comes of it. */
export type TryControl = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly json: Fields }>;

/** A call to /sandbox that must succeed. */
export type Control = (method: string, path: string, body?: unknown) => Promise<Fields>;

export function controlOf(sandbox: { readonly url: string }): {
  readonly control: Control;
  readonly tryControl: TryControl;
} {
  const tryControl: TryControl = async (method, path, body) => {
    const text = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const answer = await exchange({ method, url: `${sandbox.url}/sandbox${path}`, headers: {}, ...text });
    return { status: answer.status, json: JSON.parse(answer.bytes.toString('utf8')) as Fields };
  };
  const control: Control = async (method, path, body) => {
    const { status, json } = await tryControl(method, path, body);
    expect(status, JSON.stringify(json)).toBeLessThan(300);
    return json;
  };
  return { control, tryControl };
}
