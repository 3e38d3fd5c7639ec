/** Statements: fetched byte for byte from allowed hosts only, and never opened as something they are not. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StatementTicket } from '../../../channels/channel.ts';
import { AppError } from '../../../domain/errors.ts';
import type { RawAnswer } from '../scripted-server.ts';
import type { Stand } from './stand.ts';
import { atEveryChannel } from './stands.ts';

const DAY = '2026-11-23';

async function ticketFrom(stand: Stand, answers: readonly RawAnswer[]): Promise<StatementTicket> {
  stand.answer(...answers);
  const answer = await stand.channel().requestStatement('trade', DAY);
  if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
  return answer.ticket;
}

async function all(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

describe('a statement', () => {
  atEveryChannel((stand) => {
    test('comes byte for byte as the channel sends it', async () => {
      const anyFile = fc.oneof(
        fc.uint8Array({ maxLength: 3_000 }),
        fc.constant(new Uint8Array(300_000).fill(7)),
      );
      await fc.assert(
        fc.asyncProperty(anyFile, async (bytes) => {
          const file = Buffer.from(bytes);
          const ticket = await ticketFrom(stand, stand.delivers(file));

          expect((await all(await ticket.download())).equals(file)).toBe(true);
        }),
        { numRuns: 20 },
      );
    });

    test('has a hash as it is documented, or none', async () => {
      const { hash } = await ticketFrom(stand, stand.delivers(Buffer.from('a file')));

      if (hash !== null)
        expect(hash.hex).toMatch(hash.algorithm === 'sha1' ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/);
    });

    test('F41: that is not there is not an empty day, unless the channel says so of that day', async () => {
      stand.answer(stand.words.requestStatement.notThere);

      expect((await stand.channel().requestStatement('trade', DAY)).outcome).toBeOneOf(['creating', 'empty']);
    });

    test('of any bytes is opened without reading, and read with a code of the catalogue or not at all', async () => {
      const anyBytes = fc.oneof(
        fc.uint8Array({ maxLength: 500 }),
        fc
          .constantFrom('PK\u0003\u0004', '\u001f\u008b\u0008', '<html></html>', '')
          .map((text) => Buffer.from(text, 'latin1')),
      );
      await fc.assert(
        fc.asyncProperty(anyBytes, async (bytes) => {
          let pulled = false;
          const packed = Readable.from(
            (function* () {
              pulled = true;
              yield Buffer.from(bytes);
            })(),
          );
          const content = stand.channel().openStatement('trade', packed);
          expect(pulled).toBe(false);

          await expect(readWhole(content)).rejects.toSatisfy(
            (error) => error instanceof AppError && error.code.startsWith('statement_'),
          );
        }),
      );
    });

    const { sendsTo } = stand;
    if (sendsTo === null) return;

    test.each([
      ['another host', 'https://evil.example/bill'],
      ['an address inside the machine', 'http://169.254.169.254/latest'],
      ['another port', 'http://127.0.0.1:1/bill'],
      ['credentials', stand.url.replace('//', '//user:secret@')],
      ['another protocol', 'ftp://127.0.0.1/bill'],
      ['a file', 'file:///etc/passwd'],
      ['a host that only begins like an allowed one', 'http://127.0.0.1.evil.example/bill'],
    ])('F56: is not fetched from an address with %s', async (_what, address) => {
      const before = stand.sent().length;
      const ticket = await ticketFrom(stand, [sendsTo(address)]);

      await expect(ticket.download()).rejects.toMatchObject({ code: 'statement_host_refused' });
      expect(stand.sent()).toHaveLength(before + 1);
    });

    test.each([
      [301, 'statement_host_refused'],
      [307, 'statement_host_refused'],
      [204, 'channel_unreachable'],
      [403, 'channel_unreachable'],
      [404, 'channel_unreachable'],
      [500, 'channel_unreachable'],
    ])('F56: whose download is answered with %d is refused as %s', async (status, code) => {
      const headers = { location: 'http://127.0.0.1:1/' };
      const ticket = await ticketFrom(stand, [
        sendsTo(`${stand.url}/bill`),
        { status, headers, body: status === 204 ? '' : 'x' },
      ]);

      await expect(ticket.download()).rejects.toMatchObject({ code });
    });

    test('F1: whose download does not begin is not there now', async () => {
      const ticket = await ticketFrom(stand, [sendsTo(`${stand.url}/bill`), { body: '', breaks: 'at once' }]);

      await expect(ticket.download()).rejects.toMatchObject({ code: 'channel_unreachable' });
    });

    test('F5: whose download breaks off is never a shorter file', async () => {
      const file = Buffer.alloc(200_000, 'row');
      const ticket = await ticketFrom(stand, [
        sendsTo(`${stand.url}/bill`),
        { body: file, breaks: 'half way' },
      ]);

      await expect(ticket.download().then(all)).rejects.toThrow();
    });

    test('that is given up on is not fetched any further', async () => {
      const ticket = await ticketFrom(stand, [
        sendsTo(`${stand.url}/bill`),
        { body: '', breaks: 'never answers' },
      ]);

      await expect(ticket.download(AbortSignal.timeout(50))).rejects.toMatchObject({
        code: 'channel_unreachable',
      });
    });
  });
});

async function readWhole(content: ReturnType<ReturnType<Stand['channel']>['openStatement']>): Promise<void> {
  for await (const chunk of content.bytes) content.reader.push(chunk);
  content.reader.end();
  content.reader.summary();
}
