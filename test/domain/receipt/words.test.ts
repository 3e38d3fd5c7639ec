import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskedAccount, plainLine } from '../../../domain/receipt/mask.ts';
import {
  beijingIso,
  dayWords,
  deadlineWords,
  groupedYuan,
  minuteWords,
} from '../../../domain/receipt/words.ts';

describe('dates on a receipt', () => {
  test('name the day of the week', () => {
    expect(dayWords('2026-11-26')).toEqual({ zh: '2026年11月26日（周四）', en: 'Thu 26 Nov 2026' });
  });

  test('a promise that ends with a day names that day, not the one that begins then', () => {
    expect(deadlineWords(new Date('2026-11-27T00:00:00+08:00'))).toEqual(dayWords('2026-11-26'));
  });

  test('a promise that ends inside a day names the minute', () => {
    expect(deadlineWords(new Date('2026-11-24T10:50:00+08:00'))).toEqual({
      zh: '2026年11月24日（周二）10:50',
      en: 'Tue 24 Nov 2026, 10:50',
    });
  });

  test('are those of Beijing', () => {
    expect(minuteWords(new Date('2026-12-31T16:05:59Z')).zh).toBe('2027年1月1日（周五）00:05');
    expect(beijingIso(new Date('2026-12-31T16:05:59.999Z'))).toBe('2027-01-01T00:05:59+08:00');
  });
});

describe('what is shown of an account', () => {
  test.each([
    ['6226095711989751', '****9751'],
    ['622609******0048', '****0048'],
    ['招商银行信用卡0403', '招商银行信用卡0403'],
    ['工商银行储蓄卡(6222021234567890)', '工商银行储蓄卡(****7890)'],
    ['支付用户零钱', '支付用户零钱'],
    ['**明 (138******21)', '**明 (****21)'],
    ['110101199003078888', '****8888'],
  ])('%s is shown as %s', (text, shown) => {
    expect(maskedAccount(text)).toBe(shown);
  });

  test('has never more than four digits in a row beside what is too short for an account', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{7,30}$/), (digits) => {
        expect(maskedAccount(`卡${digits}号`)).toBe(`卡****${digits.slice(-4)}号`);
      }),
    );
  });

  test('a line of text cannot turn the direction of reading or break', () => {
    expect(plainLine('退\u202e款\r\nSet-Cookie: a=b\u0000')).toBe('退 款 Set-Cookie: a=b');
  });
});

test('an amount is read in groups of three', () => {
  expect(['0.05', '123.45', '1234.50', '90071992547409.91'].map(groupedYuan)).toEqual([
    ...['0.05', '123.45', '1,234.50', '90,071,992,547,409.91'],
  ]);
});
