/** Notices: the genuine ones are read, all others are refused with a code of the catalogue, and the bytes stay as they came. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallbackMessage, CallbackReading } from '../../../channels/channel.ts';
import type { Notices } from './stand.ts';
import { atEveryChannel } from './stands.ts';

const FORGED = [
  'stranger',
  'unsigned',
  'changed',
  'forAnotherMerchant',
] as const satisfies readonly (keyof Notices)[];

describe('a notice', () => {
  atEveryChannel((stand) => {
    const { notices } = stand;
    const read = (message: CallbackMessage): Promise<CallbackReading> =>
      stand.channel().readCallback(message);

    test('that is genuine tells of its refund, its payment and its end', async () => {
      expect(await read(notices.genuine())).toMatchObject({
        verdict: 'refund',
        noticeId: expect.stringMatching(/^.{1,128}$/) as unknown,
        eventType: expect.stringMatching(/^.{1,64}$/) as unknown,
        report: {
          status: 'success',
          refundNo: stand.order.refundNo,
          transactionId: stand.order.transactionId,
        },
      });
    });

    test('I15: that came before is known again by its id, and another one is not', async () => {
      const channel = stand.channel();
      const ids: string[] = [];
      for (const message of [notices.genuine(), notices.genuine(), notices.genuine(1)]) {
        const reading = await channel.readCallback(message);
        if (reading.verdict !== 'refund') throw new Error(`unexpected ${reading.verdict}`);
        ids.push(reading.noticeId);
      }

      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    test('F37: of another kind is kept under its own id, and is no word about a refund', async () => {
      expect(await read(notices.ofAnotherKind)).toMatchObject({
        verdict: 'unhandled',
        noticeId: expect.stringMatching(/./) as unknown,
      });
    });

    test.each(FORGED)('F35 I15: that is forged (%s) is refused with a code of the catalogue', async (how) => {
      expect(await read(notices[how])).toMatchObject({
        verdict: 'refused',
        code: expect.stringMatching(/^callback_/) as unknown,
        why: expect.stringMatching(/./) as unknown,
      });
    });

    test('I15: with a byte changed on the way is refused or says the same', async () => {
      const { headers, body } = notices.genuine();
      const expected = await read({ headers, body });
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: body.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const changed = Buffer.from(body);
            changed.writeUInt8(changed.readUInt8(at) ^ flip, at);

            const reading = await read({ headers, body: changed });

            // A form has several ways to write one character: then it is the same notice.
            if (reading.verdict !== 'refused') expect(reading).toEqual(expected);
          },
        ),
      );
    });

    test('I15: of any bytes under any headers is refused, and nothing is thrown', async () => {
      const { headers: genuine } = notices.genuine();
      const anyHeaders = fc.dictionary(
        fc.constantFrom(...Object.keys(genuine), 'content-type', 'content-length'),
        fc.string(),
      );
      const anyBody = fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        fc.json().map((text) => Buffer.from(text)),
        fc
          .dictionary(
            fc.constantFrom('sign', 'sign_type', 'signature', 'version', 'txnType', 'x'),
            fc.string(),
          )
          .map((fields) => Buffer.from(new URLSearchParams(fields).toString())),
      );
      await fc.assert(
        fc.asyncProperty(fc.oneof(anyHeaders, fc.constant(genuine)), anyBody, async (headers, body) => {
          expect(await read({ headers, body })).toMatchObject({
            verdict: 'refused',
            code: expect.stringMatching(/^callback_/) as unknown,
          });
        }),
      );
    });

    test.each(['genuine', ...FORGED] as const)(
      'is kept as it came: reading a %s one changes no byte',
      async (which) => {
        const message = which === 'genuine' ? notices.genuine() : notices[which];
        const copy = Buffer.from(message.body);

        await read(message);

        expect(message.body.equals(copy)).toBe(true);
      },
    );

    test('asks the channel nothing', async () => {
      const before = stand.sent().length;

      await read(notices.genuine());
      await read(notices.stranger);

      expect(stand.sent()).toHaveLength(before);
    });
  });
});

describe('the reply to a notice', () => {
  atEveryChannel((stand) => {
    test('that was kept ends the repeats, one that was not brings it again', () => {
      const channel = stand.channel();
      const kept = channel.callbackReply(null);
      const notKept = channel.callbackReply({ status: 503, title: 'The store is away' });

      expect(kept.status).toBeOneOf([200, 204]);
      expect(notKept.status).toBe(503);
      expect(notKept.body?.text).not.toBe(kept.body?.text);
    });
  });
});
