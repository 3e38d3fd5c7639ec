/** `yuanlu refunds watch`: waits at the API for each change, and takes up again what was cut. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiClient } from '../../cli/commands/api-client.ts';
import { watchRefund } from '../../cli/commands/refund-watch.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let answers: Answer[];
let asked: { url: string; knows: string | undefined }[];
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  answers = [];
  asked = [];
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', knows: request.headers['if-none-match'] });
    (answers.shift() ?? cut)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const cut: Answer = (request) => {
  request.socket.destroy();
};

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

const stands = (state: string, etag: string): Answer => json(200, { refund_no: 'R', state }, { etag });

const asKnown: Answer = (_request, response) => {
  response.writeHead(304).end();
};

interface Watched {
  readonly states: string[];
  readonly lost: string[];
  readonly pauses: number[];
  readonly end: Promise<{ state: string }>;
}

function watch(): Watched {
  const { port } = server.address() as AddressInfo;
  const env = { YUANLU_API_URL: `http://127.0.0.1:${String(port)}`, YUANLU_API_KEY: 'k' };
  const [states, lost, pauses]: [string[], string[], number[]] = [[], [], []];
  const watcher = {
    changed: ({ state }: { state: string }) => void states.push(state),
    lost: ({ code }: { code: string }) => void lost.push(code),
  };
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  return { states, lost, pauses, end: watchRefund(apiClient(env), 'R', watcher, pause) };
}

describe('watching a refund', () => {
  test('asks once for each change, with the etag that it knows, and ends with the final word', async () => {
    answers.push(
      stands('requested', '"a"'),
      asKnown,
      stands('processing', '"b"'),
      stands('succeeded', '"c"'),
    );

    const { states, end } = watch();

    expect(await end).toMatchObject({ state: 'succeeded' });
    expect(states).toEqual(['requested', 'processing', 'succeeded']);
    expect(asked).toEqual([
      { url: '/v1/refunds/R', knows: undefined },
      { url: '/v1/refunds/R?wait=30', knows: '"a"' },
      { url: '/v1/refunds/R?wait=30', knows: '"a"' },
      { url: '/v1/refunds/R?wait=30', knows: '"b"' },
    ]);
  });

  test('takes up a lost connection and an API that is busy, later each time, and says so', async () => {
    const busy = json(429, { code: 'rate_limited', detail: 'too many' });
    answers.push(stands('processing', '"a"'), cut, busy, asKnown, cut, stands('failed', '"b"'));

    const { lost, pauses, end } = watch();

    expect(await end).toMatchObject({ state: 'failed' });
    expect(lost).toEqual(['api_unavailable', 'rate_limited', 'api_unavailable']);
    expect(pauses).toEqual([1_000, 2_000, 1_000]);
  });

  test('gives up when the seventh question in a row is without an answer', async () => {
    answers.push(stands('processing', '"a"'));

    const { pauses, end } = watch();

    await expect(end).rejects.toMatchObject({ code: 'api_unavailable' });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    expect(asked).toHaveLength(8);
  });

  test('is over at once when the first question fails, or when asking again cannot help', async () => {
    await expect(watch().end).rejects.toMatchObject({ code: 'api_unavailable' });
    expect(asked).toHaveLength(1);

    answers.push(stands('processing', '"a"'), json(401, { code: 'api_key_invalid', detail: 'revoked' }));
    const { pauses, end } = watch();
    await expect(end).rejects.toMatchObject({ code: expect.any(String) as string });
    expect(pauses).toEqual([]);
  });
});
