import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MoneyWire } from '../../domain/money.ts';
import {
  formatYuan,
  fromWire,
  isCurrency,
  MINOR_MAX,
  parseMinor,
  parseYuan,
  toWire,
} from '../../domain/money.ts';
import { appError } from './expectations.ts';

/** Up to fifteen digits before the dot, the most that is read. */
const amount = fc.bigInt({ min: 1n - 10n ** 17n, max: 10n ** 17n - 1n });

describe('an amount that a caller asks to move', () => {
  test('is read exactly, from one fen to the most a JSON number can carry', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MINOR_MAX }), (minor) => {
        expect(parseMinor(minor.toString())).toBe(minor);
      }),
    );
    expect(parseMinor('9007199254740991')).toBe(9007199254740991n);
  });

  test('I14 over 2^53 - 1 is refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MINOR_MAX + 1n, max: 10n ** 30n }), (minor) => {
        expect(() => parseMinor(minor.toString())).toThrow(appError('amount_invalid'));
      }),
    );
  });

  test.each([
    '0',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1.',
    '.5',
    '1e3',
    '1E3',
    '0x10',
    '1_000',
    '1,000',
    ' 1',
    '1 ',
    '1\n',
    '',
    'NaN',
    'Infinity',
    '１２３',
    '१२',
    '1000000000000000000',
    '9007199254740992',
    '一百',
    '¥1',
  ])('F15 %j is refused', (text) => {
    expect(() => parseMinor(text)).toThrow(appError('amount_invalid'));
  });

  test('in the error is cut short: a megabyte of digits does not reach the log', () => {
    try {
      parseMinor('9'.repeat(1_000_000));
      expect.unreachable();
    } catch (error) {
      expect(String(error).length).toBeLessThan(300);
    }
  });
});

describe('yuan text', () => {
  test('printed and read again is the same amount', () => {
    fc.assert(
      fc.property(amount, (minor) => {
        expect(parseYuan(formatYuan(minor))).toBe(minor);
      }),
    );
  });

  test('equals integer arithmetic on its parts', () => {
    const parts = fc.record({
      negative: fc.boolean(),
      yuan: fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
      fen: fc.integer({ min: 0, max: 99 }),
      zeros: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(parts, ({ negative, yuan, fen, zeros }) => {
        const text = `${negative ? '-' : ''}${String(yuan)}.${String(fen).padStart(2, '0')}${'0'.repeat(zeros)}`;
        const size = yuan * 100n + BigInt(fen);

        expect(parseYuan(text)).toBe(negative ? -size : size);
      }),
    );
  });

  test.each<[string, bigint]>([
    ['0', 0n],
    ['0.00', 0n],
    ['-0.00', 0n],
    ['45', 4500n],
    ['45.1', 4510n],
    ['0.01', 1n],
    ['-0.14', -14n],
    ['0.10000', 10n],
    ['007.50', 750n],
    ['0.29', 29n],
    ['1.15', 115n],
    ['8.41', 841n],
    ['999999999999999.99', 99999999999999999n],
  ])('%s is %s fen', (text, minor) => {
    expect(parseYuan(text)).toBe(minor);
  });

  test.each([
    '',
    '.',
    '.5',
    '5.',
    '12.345',
    '0.10001',
    '1,234.50',
    '1e3',
    '1.5e2',
    '+1.00',
    '--1',
    '1-',
    '¥1.00',
    '1.00元',
    '１２.３４',
    '12．34',
    ' 1.00',
    '1.00 ',
    '1.00\n',
    '`1.00',
    '1.2.3',
    'NaN',
    'null',
    '1234567890123456',
    '1.00000000000',
  ])('F53 %j is refused', (text) => {
    expect(() => parseYuan(text)).toThrow(appError('amount_invalid'));
  });

  test('F74 three parts of 33.33 and one of 0.01 are the whole of 100.00', () => {
    const parts = ['33.33', '33.33', '33.33', '0.01'].map((text) => parseYuan(text));

    expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(parseYuan('100.00'));
  });

  test('0.1 and 0.2 are 0.3', () => {
    expect(parseYuan('0.1') + parseYuan('0.2')).toBe(parseYuan('0.3'));
  });

  test('always prints two decimals and the sign of what is owed', () => {
    expect([0n, 1n, 10n, 100n, -1n, -123456n].map((minor) => formatYuan(minor))).toEqual([
      '0.00',
      '0.01',
      '0.10',
      '1.00',
      '-0.01',
      '-1234.56',
    ]);
  });
});

describe('money on the wire', () => {
  test('survives JSON both ways without becoming a number', () => {
    fc.assert(
      fc.property(amount, (minor) => {
        const wire = JSON.parse(JSON.stringify(toWire({ minor, currency: 'CNY' }))) as MoneyWire;

        expect(typeof wire.minor).toBe('string');
        expect(fromWire(wire)).toEqual({ minor, currency: 'CNY' });
      }),
    );
  });

  test.each(['', '1.0', '1e3', '--1', '+1', '0x1', ' 1', '１', '1234567890123456789'])(
    'minor %j is refused',
    (minor) => {
      expect(() => fromWire({ minor, currency: 'CNY' })).toThrow(appError('amount_invalid'));
    },
  );

  test('knows its currencies by their own name only', () => {
    expect(isCurrency('CNY')).toBe(true);
    expect(['cny', 'USD', '', 'toString', '__proto__'].filter((text) => isCurrency(text))).toEqual([]);
  });
});
