/** `yuanlu refunds list`: follows the pages until it has what was asked for. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiClient } from '../../cli/commands/api-client.ts';
import { firstRefunds } from '../../cli/commands/refund-pages.ts';

let answers: object[];
let asked: Record<string, string>[];
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(Object.fromEntries(new URL(request.url ?? '', 'http://api').searchParams));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.shift()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const numbered = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ refund_no: `R${String(from + index)}` }));

const first = (limit: string, state?: string) => {
  const { port } = server.address() as AddressInfo;
  const client = apiClient({ YUANLU_API_URL: `http://127.0.0.1:${String(port)}`, YUANLU_API_KEY: 'k' });
  return firstRefunds(client, { limit, ...(state === undefined ? {} : { state }) });
};

test('a page may be empty, short or full: each asks for what is still wanted, from where the one before ended', async () => {
  answers = [
    { refunds: [], next_cursor: 'a' },
    { refunds: numbered(0, 200), next_cursor: 'b' },
    { refunds: numbered(200, 50), next_cursor: 'c' },
  ];

  const { refunds, next_cursor: next } = await first('250', 'settled');

  expect(refunds).toEqual(numbered(0, 250));
  expect(next).toBe('c');
  expect(asked).toEqual([
    { limit: '200', state: 'settled' },
    { limit: '200', state: 'settled', cursor: 'a' },
    { limit: '50', state: 'settled', cursor: 'b' },
  ]);
});

test('the last page ends it, however few there are', async () => {
  answers = [{ refunds: numbered(0, 3), next_cursor: null }];
  expect(await first('50')).toEqual({ refunds: numbered(0, 3), next_cursor: null });
});

test.each(['0', '-5', 'abc', '200.5', '1e9', '0x10', ' ', ''])(
  '%j is no number of refunds, and nobody is asked',
  async (limit) => {
    await expect(first(limit)).rejects.toMatchObject({ code: 'request_invalid' });
    expect(asked).toEqual([]);
  },
);

test('whoever answers something else is not the API, also after the first page', async () => {
  answers = [{ refunds: numbered(0, 3), next_cursor: 'a' }, { hello: 'world' }];
  await expect(first('50')).rejects.toMatchObject({ code: 'api_unavailable' });
});
