/** `yuanlu doctor` asks every channel: an account is well only when a genuine answer came back. */
import { describe, expect, test } from 'vitest';
import { checkChannel } from '../../../cli/commands/doctor-checks.ts';
import { AppError } from '../../../domain/errors.ts';
import { atEveryChannel } from './stands.ts';

const NOW = new Date('2026-11-24T02:00:00Z');

/** The code and the reasons of a check that fails; what it says where it does not. */
async function saidBy(check: Promise<string>): Promise<{ code: string; why: string }> {
  try {
    return { code: 'well', why: await check };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { code: error.code, why: String(error.details['errors']) };
  }
}

describe('the doctor', () => {
  atEveryChannel((stand) => {
    const { absent } = stand.words.queryPayment;

    test('finds an account well after one question with a genuine answer', async () => {
      const before = stand.sent().length;
      stand.answer(absent);

      expect(await saidBy(checkChannel(stand.channel(), NOW))).toEqual({
        code: 'well',
        why: 'answers, signature verified',
      });
      expect(stand.sent().length - before).toBe(1);
      expect(stand.sent().at(-1)?.signatureHolds).toBe(true);
    });

    test.each([
      ['nobody answers', { body: '', breaks: 'at once' }],
      ['a stranger answers', stand.answers.queryPayment.stranger],
      ['the answer is not signed', stand.answers.queryPayment.unsigned],
      ['a page answers', { status: 502, body: '<html></html>' }],
    ] as const)('finds it unreachable when %s', async (_what, answer) => {
      stand.answer(answer);

      expect((await saidBy(checkChannel(stand.channel(), NOW))).code).toBe('channel_unreachable');
    });
  });
});
