import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REFUND_STATES } from '../../domain/refund/state.ts';
import { html } from '../../receipts/html.ts';
import { busyPage, noLinkPage, receiptPage } from '../../receipts/page.ts';
import { PAGE_HEADERS } from '../../receipts/page-frame.ts';
import { signed } from './signing.ts';

const LINKS = {
  otherLanguage: '?lang=en',
  pdf: '/r/TOKEN/receipt.pdf?lang=zh',
  check: `https://pay.example.com/verify?c=${'A'.repeat(151)}`,
  verify: 'https://pay.example.com/verify',
};
const PAGE_BYTES_MAX = 30 * 1024;
const LONG = { refundNo: 'R'.repeat(64), reason: '退'.repeat(26), landsIn: '行'.repeat(300) };

describe('the receipt page', () => {
  test('says state, amount, day and place before anything else', () => {
    const page = receiptPage(signed(), 'zh', LINKS);
    const places = [
      '微信支付已受理，退款处理中',
      '¥128.00',
      '预计 2026年11月27日（周五）前到账',
      '招商银行信用卡0403',
    ];
    const found = places.map((text) => page.indexOf(text));

    expect(found.every((at) => at > 0)).toBe(true);
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    expect(page.indexOf('<h2')).toBeGreaterThan(found.at(-1) ?? 0);
  });

  test.each(['zh', 'en'] as const)(
    'is at most 30 KiB in every state (%s), with the longest texts',
    (language) => {
      for (const state of REFUND_STATES) {
        const receipt = signed({
          state,
          ...LONG,
          overdueLevel: 2,
          lastAskedAt: new Date('2026-11-24T10:20:00+08:00'),
        });
        expect(Buffer.byteLength(receiptPage(receipt, language, LINKS))).toBeLessThanOrEqual(PAGE_BYTES_MAX);
      }
    },
  );

  test('says of the step at which it stands that it is not done, so that nobody reads it as if it were', () => {
    const page = receiptPage(signed(), 'en', LINKS);

    expect(page).toContain('<b>Payment by WeChat Pay</b> <span class="soft">under way</span>');
    expect(page).toContain('<b>Accepted by WeChat Pay</b> <span class="hidden">done</span>');
  });

  test('of a refund that was not made names no place and waits for no number', () => {
    const page = receiptPage(
      signed({ state: 'failed', stateReason: 'refused', channelRefundNo: null }),
      'en',
      LINKS,
    );

    expect(page).not.toContain('Goes back to');
    expect(page).not.toContain('招商银行信用卡0403');
    expect(page).not.toContain('not given yet');
  });

  test('puts numbers into groups of four, each part of a number by itself', () => {
    const page = receiptPage(
      signed(
        {},
        {
          proof: [{ name: { zh: '号', en: 'number' }, value: '310880 1001035716', readers: ['payer_bank'] }],
        },
      ),
      'en',
      LINKS,
    );

    expect(page).toContain('<i>3108</i><i>80</i> <i>1001</i><i>0357</i><i>16</i>');
  });

  test('asks for nothing from anywhere: no picture, font, script or style but its own', () => {
    const page = receiptPage(signed(), 'en', LINKS);
    const addresses = [...page.matchAll(/(?: (?:src|href|action)=|url\()"?([^"\s>)]+)/g)].map(
      ([, url]) => url,
    );

    expect(addresses).toEqual(['?lang=en', 'tel:4000000000', LINKS.check, LINKS.pdf]);
    expect(page).not.toMatch(/<(img|link|iframe|object|embed|script src|form)/);
    expect(page).not.toMatch(/ style="| on[a-z]+="/);
  });

  test('runs only the style and the script that its policy names', () => {
    const page = receiptPage(signed(), 'zh', LINKS);
    for (const tag of ['style', 'script']) {
      const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page) ?? [];
      const hash = createHash('sha256').update(text).digest('base64');
      expect(PAGE_HEADERS['content-security-policy']).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(PAGE_HEADERS['content-security-policy']).toMatch(/^default-src 'none'/);
  });

  test('has no markup in what others wrote', () => {
    const evil = `"><script>alert(1)</script><img src=x onerror='x'>`;
    const page = receiptPage(
      signed(
        { landsIn: evil, reason: evil },
        {
          merchant: { name: evil, legalName: evil, creditCode: evil, phone: evil, address: evil },
          proof: [{ name: { zh: evil, en: evil }, value: evil, readers: ['payer_bank'] }],
        },
      ),
      'zh',
      LINKS,
    );

    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
  });

  test('says its language, and which of its steps is the current one', () => {
    expect(receiptPage(signed(), 'zh', LINKS)).toMatch(/<html lang="zh-CN">[^]*aria-current="step"/);
    expect(receiptPage(signed(), 'en', LINKS)).toMatch(
      /<html lang="en">[^]*WeChat Pay has accepted your refund/,
    );
  });

  test('always says that nobody asks for codes, and that it is no invoice', () => {
    for (const state of REFUND_STATES) {
      const page = receiptPage(signed({ state }), 'zh', LINKS);
      expect(page).toContain('我们不会以退款为由索要验证码、密码或要求您转账');
      expect(page).toContain('不作为发票或报销凭证');
    }
  });

  test('a number is copied as it is, though it is shown in groups', () => {
    const page = receiptPage(signed(), 'zh', LINKS);
    const [, shown = ''] = /<span class="no"[^>]*>(.*?)<\/span>/.exec(page) ?? [];

    expect(shown.replace(/<[^>]+>/g, '')).toBe('50303002026112400000000001');
  });
});

test('the pages of a link that does not open and of books that are away say so in both languages', () => {
  expect(noLinkPage('zh')).toMatch(/链接无法打开[^]*This link does not open/);
  expect(noLinkPage('en')).toMatch(/This link does not open[^]*链接无法打开/);
  expect(busyPage('zh')).toContain('退款本身不受影响');
});

test('a template escapes whatever is put into it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { text: made } = html`<p title="${text}">${[text]}</p>`;
      expect(
        made
          .replace(/^<p title="/, '')
          .replace(/<\/p>$/, '')
          .replace('">', ''),
      ).not.toMatch(/[<>"']/);
    }),
  );
});
