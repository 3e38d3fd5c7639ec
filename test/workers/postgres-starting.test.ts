/** A Postgres that starts is waited for as long as it says so, and not for ever when it says nothing. */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { untilPostgresAnswers } from '../../workers/engines/postgres.ts';

const FATAL = Buffer.from('SFATAL\0C57P03\0Mthe database system is starting up\0\0');

/** The message of Postgres for a connection that it cannot take yet. */
function startingUp(): Buffer {
  const length = Buffer.alloc(5, 'E');
  length.writeInt32BE(FATAL.length + 4, 1);
  return Buffer.concat([length, FATAL]);
}

let server: Server;
afterEach(() => {
  vi.useRealTimers();
  server.close();
});

test('reading its log again may take minutes; a minute of silence ends the waiting', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const heard: string[] = [];
  server = createServer((socket) => {
    // Half a minute between two questions: five words of it are longer than any silence is let pass.
    vi.advanceTimersByTime(30_000);
    heard.push(heard.length < 5 ? 'starting' : 'nothing');
    const answer = heard.at(-1) === 'starting' ? startingUp() : '';
    socket.once('data', () => socket.end(answer));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  await expect(untilPostgresAnswers({ port, password: '' }, () => false)).rejects.toThrow(
    'did not answer within',
  );

  expect(heard).toEqual([...Array<string>(5).fill('starting'), 'nothing', 'nothing', 'nothing']);
});
