/** What the gateway asks of a call before any product sees it: where parameters stand, who signed them, and when. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toGb18030 } from '../../../sandbox/gb18030.ts';
import type { Answer, Fields } from '../exchange.ts';
import { exchange } from '../exchange.ts';
import type { Parameters } from './merchant.ts';
import { beijingNow, form, isRsa2, pairs, parametersOf, rsa2, signed, takeApart } from './merchant.ts';
import type { PaidTrade, Shop, ShopOptions } from './shop.ts';
import { FORM, KEYS, openShop } from './shop.ts';

const { merchant, channel } = KEYS;
const METHOD = 'alipay.trade.query';

interface Setting {
  readonly shop: Shop;
  readonly trade: PaidTrade;
  readonly good: Record<string, string>;
}

async function setUp(o: ShopOptions = {}): Promise<Setting> {
  const shop = await openShop(o);
  const trade = await shop.pay(1_000);
  return { shop, trade, good: parametersOf(merchant, METHOD, { trade_no: trade.transaction_id }) };
}

function nodeOf(answer: Answer): Fields {
  return JSON.parse(takeApart(answer.bytes.toString('utf8')).nodeText) as Fields;
}

/** The gateway's own refusal: HTTP 200, a node of its own, unsigned. */
function expectTurnedDown(answer: Answer, code: string, subCode: string): void {
  const { name, sign } = takeApart(answer.bytes.toString('utf8'));
  expect(answer.status).toBe(200);
  expect({ name, sign, ...nodeOf(answer) }).toMatchObject({
    ...{ name: 'error_response', sign: null },
    ...{ code, sub_code: subCode },
  });
}

describe('a signed call', () => {
  test('is answered with a signature over the node as it stands there, slashes escaped', async () => {
    const { shop, trade } = await setUp();
    await shop.control('POST', '/payments', {
      payment_no: 'SLASH',
      amount_minor: '100',
      goods_name: 'a/b',
    });

    const { raw } = await shop.call(METHOD, { out_trade_no: 'SLASH' });
    const { node } = await shop.call(METHOD, { trade_no: trade.transaction_id });

    expect(node).toMatchObject({ code: '10000', msg: 'Success', total_amount: '10.00' });
    expect(takeApart(raw).certSn).toBeNull();
  });

  test.each<[string, (url: string, all: Parameters) => Sent]>([
    ['in the form', (url, all) => ({ method: 'POST', url, body: form(all) })],
    ['in the address', (url, all) => ({ method: 'POST', url: `${url}?${form(all)}`, body: '' })],
    ['in the address of a GET', (url, all) => ({ method: 'GET', url: `${url}?${form(all)}` })],
    [
      'in both, as the official SDK splits them',
      (url, { biz_content: content = '', ...rest }) => ({
        method: 'POST',
        url: `${url}?${form(rest)}`,
        body: form({ biz_content: content }),
      }),
    ],
  ])('may have its parameters %s', async (_, make) => {
    const { shop, good } = await setUp();
    const { body, ...sent } = make(`${shop.sandbox.url}/gateway.do`, signed(good, merchant.privateKeyPem));

    const answer = await exchange({
      ...sent,
      headers: { 'content-type': FORM },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });

    expect(nodeOf(answer)).toMatchObject({ code: '10000' });
  });

  test('may be written in GBK, and is answered in it', async () => {
    const { shop, trade } = await setUp();
    const content = { trade_no: trade.transaction_id, out_request_no: 'RF-1', refund_amount: '1.00' };
    const all = parametersOf(
      merchant,
      'alipay.trade.refund',
      { ...content, refund_reason: '尺码不符' },
      { charset: 'GBK' },
    );
    const sign = rsa2(toGb18030(pairs(all, 'sign')), merchant.privateKeyPem);
    const escaped = Object.entries({ ...all, sign }).map(
      ([name, value]) => `${name}=${[...toGb18030(value)].map(percent).join('')}`,
    );

    const answer = await exchange({
      method: 'POST',
      url: `${shop.sandbox.url}/gateway.do`,
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=GBK' },
      body: Buffer.from(escaped.join('&')),
    });

    const raw = new TextDecoder('gb18030', { fatal: true }).decode(answer.bytes);
    const { nodeText, sign: theirs } = takeApart(raw);
    expect(JSON.parse(nodeText)).toMatchObject({ code: '10000', fund_change: 'Y' });
    expect(isRsa2(toGb18030(nodeText), theirs ?? '', channel.publicKeyPem)).toBe(true);
    expect(answer.headers['content-type']).toContain('gbk');
  });

  test('with empty parameters is signed without them', async () => {
    const { shop, good } = await setUp();

    const answer = await shop.post(signed({ ...good, app_auth_token: '' }, merchant.privateKeyPem));

    expect(nodeOf(answer)).toMatchObject({ code: '10000' });
  });

  test('a name twice is turned down, whichever of the two was meant', async () => {
    const { shop, good } = await setUp();
    const body = `${form(signed(good, merchant.privateKeyPem))}&method=alipay.trade.refund`;

    const answer = await exchange({
      method: 'POST',
      url: `${shop.sandbox.url}/gateway.do`,
      headers: { 'content-type': FORM },
      body: Buffer.from(body),
    });

    expectTurnedDown(answer, '40002', 'isv.invalid-parameter');
  });
});

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

describe('a call is turned down, and nothing is recorded', () => {
  const stranger = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  test.each<[string, Parameters, string, string]>([
    ['no method', { method: '' }, '40001', 'isv.missing-method'],
    ['an unknown method', { method: 'alipay.trade.pay' }, '40002', 'isv.invalid-method'],
    ['no application', { app_id: '' }, '40001', 'isv.missing-app-id'],
    ['an unknown application', { app_id: '2021000000000000' }, '40002', 'isv.invalid-app-id'],
    ['no kind of signature', { sign_type: '' }, '40001', 'isv.missing-signature-type'],
    ['the old kind of signature', { sign_type: 'RSA' }, '40002', 'isv.invalid-signature-type'],
    ['no charset', { charset: '' }, '40001', 'isv.missing-charset'],
    ['an unknown charset', { charset: 'latin1' }, '40002', 'isv.invalid-charset'],
    ['no version', { version: '' }, '40001', 'isv.missing-version'],
    ['another version', { version: '2.0' }, '40002', 'isv.invalid-version'],
    ['another format', { format: 'XML' }, '40002', 'isv.invalid-format'],
    ['no time', { timestamp: '' }, '40001', 'isv.missing-timestamp'],
    ['a time that is none', { timestamp: '2026-02-30 25:00:00' }, '40002', 'isv.invalid-timestamp'],
    ['a time with milliseconds', { timestamp: '2026-09-01 10:00:00.000' }, '40002', 'isv.invalid-timestamp'],
    ['the time of another zone', { timestamp: beijingNow(-8 * 3_600_000) }, '40002', 'isv.invalid-timestamp'],
    ['content that is no JSON', { biz_content: '{' }, '40002', 'isv.invalid-parameter'],
    ['content that is no object', { biz_content: '[]' }, '40002', 'isv.invalid-parameter'],
    ['a certificate in key mode', { app_cert_sn: 'abc' }, '40002', 'isv.invalid-app-cert-sn'],
  ])('with %s', async (_, change, code, subCode) => {
    const { shop, good } = await setUp();

    const answer = await shop.post(signed({ ...good, ...change }, merchant.privateKeyPem));

    expectTurnedDown(answer, code, subCode);
  });

  test.each<[string, (good: Parameters) => Parameters]>([
    ['none', (good) => good],
    ['an empty one', (good) => ({ ...good, sign: '' })],
  ])('with %s of a signature', async (_, make) => {
    const { shop, good } = await setUp();

    expectTurnedDown(await shop.post(make(good)), '40001', 'isv.missing-signature');
  });

  test.each<[string, (good: Parameters) => Parameters]>([
    ['a stranger', (good) => signed(good, stranger.privateKey)],
    [
      'the merchant, for other content',
      (good) => ({ ...signed(good, merchant.privateKeyPem), biz_content: '{}' }),
    ],
    [
      'the merchant, over a text without sign_type',
      (good) => ({ ...good, sign: rsa2(pairs(good, 'sign_type'), merchant.privateKeyPem) }),
    ],
    [
      'the merchant, over the escaped text',
      (good) => ({ ...good, sign: rsa2(form(good), merchant.privateKeyPem) }),
    ],
    ['nobody', (good) => ({ ...good, sign: 'AAAA' })],
  ])('signed by %s', async (_, make) => {
    const { shop, good } = await setUp();
    const refund = { ...good, method: 'alipay.trade.refund' };

    expectTurnedDown(await shop.post(make(refund)), '40002', 'isv.invalid-signature');
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('with bytes that are none in its charset', async () => {
    const { shop } = await setUp();

    const answer = await exchange({
      method: 'POST',
      url: `${shop.sandbox.url}/gateway.do`,
      headers: { 'content-type': FORM },
      body: Buffer.from('charset=utf-8&method=%FF%FE'),
    });

    expectTurnedDown(answer, '40002', 'isv.invalid-charset');
  });

  test('at an address that cannot be decoded', async () => {
    const { shop } = await setUp();

    const answer = await exchange({ method: 'GET', url: `${shop.sandbox.url}/%FF%`, headers: {} });

    expectTurnedDown(answer, '40002', 'isv.invalid-parameter');
  });
});

describe('the clock', () => {
  test('may differ by ten minutes and no more', async () => {
    let shift = 0;
    const { shop, good } = await setUp({ wallShift: () => shift });
    const call = signed({ ...good, timestamp: beijingNow() }, merchant.privateKeyPem);

    shift = 590_000;
    const inTime = await shop.post(call);
    shift = 620_000;
    const late = await shop.post(call);

    expect(nodeOf(inTime)).toMatchObject({ code: '10000' });
    expectTurnedDown(late, '40002', 'isv.invalid-timestamp');
  });
});

describe('in certificate mode', () => {
  const serials = { app_cert_sn: merchant.certificateSn, alipay_root_cert_sn: channel.rootSn };

  test('a call names both certificates, and the answer names the one that signed it', async () => {
    const { shop, trade } = await setUp({ keyMode: 'certificate' });

    const { raw } = await shop.call(METHOD, { trade_no: trade.transaction_id }, { more: serials });

    expect(takeApart(raw).certSn).toBe(channel.certificateSn);
  });

  test.each<[string, Parameters, string, string]>([
    ['without its own', { app_cert_sn: '' }, '40001', 'isv.missing-app-cert-sn'],
    ['with another one', { app_cert_sn: channel.certificateSn }, '40002', 'isv.invalid-app-cert-sn'],
    ['without the root', { alipay_root_cert_sn: '' }, '40001', 'isv.missing-alipay-root-cert-sn'],
    [
      'with half of the root',
      { alipay_root_cert_sn: channel.rootSn.split('_')[0] ?? '' },
      '40002',
      'isv.invalid-alipay-root-cert-sn',
    ],
  ])('a call %s is turned down', async (_, change, code, subCode) => {
    const { shop, good } = await setUp({ keyMode: 'certificate' });

    const answer = await shop.post(signed({ ...good, ...serials, ...change }, merchant.privateKeyPem));

    expectTurnedDown(answer, code, subCode);
  });
});
