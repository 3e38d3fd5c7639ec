/** What a run tells of its progress: how far, how fast, how long still. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { during, paceText } from '../../cli/pace.ts';

const bytes = (done: number, all: number) => ({ of: 'bytes', done, all }) as const;

describe('progress of a file', () => {
  test.each([
    [
      448_351,
      bytes(71_000_000, 158_000_000),
      8_600,
      '448,351 refunds, 71 of 158 MB, 52,000 a second, 11 s left',
    ],
    [1, bytes(200_000, 4_000_000), 2_000, '1 refund, 0.2 of 4.0 MB, 1 a second, 38 s left'],
    [
      90_000,
      bytes(1_000_000, 400_000_000),
      10_000,
      '90,000 refunds, 1.0 of 400 MB, 9,000 a second, 67 min left',
    ],
    [
      90_000,
      bytes(400_000_000, 400_000_000),
      10_000,
      '90,000 refunds, 400 of 400 MB, 9,000 a second, 0 s left',
    ],
    [300, bytes(1, 400), 999, '300 refunds, 0.0 of 0.0 MB'],
    [0, bytes(70_000, 400_000), 5_000, '0 refunds, 0.1 of 0.4 MB'],
  ])('%i refunds, %o after %i ms', (count, part, elapsedMs, said) => {
    expect(paceText({ count, noun: 'refund', part }, elapsedMs)).toBe(said);
  });

  test('of rows that are counted beforehand names both, and of what nobody knows the size of only what is done', () => {
    const part = { of: 'rows', done: 5_000, all: 985_082 } as const;
    expect(paceText({ count: 5_000, noun: 'row', part }, 2_000)).toBe(
      '5,000 of 985,082 rows, 2,500 a second, 7 min left',
    );
    expect(paceText({ count: 5_000, noun: 'row', part: null }, 2_000)).toBe('5,000 rows, 2,500 a second');
  });
});

describe('a step that cannot say how far it is', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('says each second that it goes on, and no more when it has ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const said: string[] = [];
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });

    const running = during({ update: (text) => said.push(text) }, 'matching', () => work);
    await vi.advanceTimersByTimeAsync(2_500);
    finish();
    await running;
    await vi.advanceTimersByTimeAsync(5_000);

    expect(said).toEqual(['matching', 'matching, for 1 s', 'matching, for 2 s']);
  });

  test('that fails is silent as well, and its fault is passed on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const said: string[] = [];

    const running = during({ update: (text) => said.push(text) }, 'matching', () =>
      Promise.reject(new Error('away')),
    );

    await expect(running).rejects.toThrow('away');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(said).toEqual(['matching']);
  });
});
