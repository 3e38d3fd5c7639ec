/** Card numbers in texts that people write. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdsCardNumber, passesLuhn } from '../../domain/card-number.ts';

describe('I13 a text that people wrote', () => {
  test.each([
    '6222021234567890128',
    'card 6222 0212 3456 7890 128 of the payer',
    '卡号：6222-0212-3456-7890-128，已注销',
    '６２２２０２１２３４５６７８９０１２８',
    '4111111111111111',
    '9558800000000000000',
    '(378282246310005)',
  ])('holds a card number: %s', (text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  test.each([
    '6222021234567890123',
    '卡尾号 0128',
    '微信退款单号 50302302102026120700000048662',
    '支付宝交易号 2026091022001944713100000028',
    '查询流水号 052609120523553107458',
    '客服工单 20261124-18：银行确认已入账',
    '电话 138-1234-5678，2026-11-24 10:00',
  ])('holds none: %s', (text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });

  test('has a card number found wherever it stands', () => {
    const body = fc.stringMatching(/^62[0-9]{10,16}$/);
    const around = fc.stringMatching(/^[^0-9 -]{0,20}$/u);
    fc.assert(
      fc.property(body, around, around, (digits, before, after) => {
        const check = [...'0123456789'].find((one) => passesLuhn(digits + one)) ?? '';
        expect(holdsCardNumber(`${before}${digits}${check}${after}`)).toBe(true);
      }),
    );
  });
});
