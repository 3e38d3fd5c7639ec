/** Receipts as files, checked where anybody can: at /verify, with the keys that are published. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPublishedKeys, verifyFile } from '../../receipts/verify-file.ts';
import { MANIFEST } from '../../receipts/manifest.ts';
import { verifyPack } from '../../receipts/verify-pack.ts';
import { storedZip } from '../cli-real/zip.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { PUBLIC_URL, apiUnderTest } from './api-under-test.ts';
import type { Call } from './calls.ts';
import { ask, call, newPayment, newRefundNo, problemIn } from './calls.ts';

let api: ApiUnderTest;
let refundNo: string;
beforeAll(async () => {
  api = await apiUnderTest();
  refundNo = newRefundNo();
  const body = {
    refund_no: refundNo,
    payment_no: await newPayment(api),
    amount_minor: '2345',
    currency: 'CNY',
  };
  expect((await ask(api, body)).status).toBe(201);
});
afterAll(async () => {
  await api.close();
});

async function bytesOf(
  url: string,
  key: string | null = api.keys.m1,
): Promise<{ status: number; type: string; bytes: Buffer }> {
  const answer = await api.app.inject({
    url,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
  });
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type']),
    bytes: answer.rawPayload,
  };
}

function check(body: Buffer | string, o: Call = {}): ReturnType<typeof call> {
  return call(api, '/verify', {
    method: 'POST',
    key: null,
    headers: { 'content-type': 'application/octet-stream' },
    ...o,
    body,
  });
}

describe('the files of a receipt', () => {
  test('verify offline with the keys that are published', async () => {
    const { text } = await call(api, '/.well-known/yuanlu-receipt-keys.json', { key: null });
    const keys = readPublishedKeys(text, 'published');
    const json = await bytesOf(`/v1/refunds/${refundNo}/receipt`);
    const paper = await bytesOf(`/v1/refunds/${refundNo}/receipt.pdf?lang=en`);

    expect([json.type, paper.type]).toEqual(['application/json', 'application/pdf']);
    for (const { bytes } of [json, paper]) expect(verifyFile(bytes, keys).verdict).toBe('genuine');
    const pack = await bytesOf(`/v1/refunds/${refundNo}/proof-pack`);
    expect(await verifyPack(pack.bytes, keys)).toMatchObject({ verdict: 'genuine' });
  });

  test('are the same to the byte as long as nothing new is known', async () => {
    for (const name of ['receipt', 'receipt.pdf', 'proof-pack']) {
      const [one, other] = [
        await bytesOf(`/v1/refunds/${refundNo}/${name}`),
        await bytesOf(`/v1/refunds/${refundNo}/${name}`),
      ];
      expect(one.status).toBe(200);
      expect(other.bytes.equals(one.bytes), name).toBe(true);
    }
  });

  test("are nobody else's", async () => {
    for (const name of ['receipt', 'receipt.pdf', 'proof-pack'])
      problemIn(await call(api, `/v1/refunds/${refundNo}/${name}`, { key: api.keys.m2 }), 'refund_unknown');
  });

  test('a PDF opens behind the link, and no more when that was taken back', async () => {
    const made = (await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'POST', body: {} }))
      .json as { url: string };
    const url = `${made.url.replace(PUBLIC_URL, '')}/receipt.pdf`;
    expect((await bytesOf(url, null)).type).toBe('application/pdf');

    await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'DELETE' });
    expect(await bytesOf(url, null)).toMatchObject({ status: 404, type: 'text/html; charset=utf-8' });
  });
});

describe('more papers at once than can be made', () => {
  let busy: ApiUnderTest;
  let url: string;
  beforeAll(async () => {
    busy = await apiUnderTest({ limits: { press: { threads: 1, waitingMax: 0, timeLimitMs: 60_000 } } });
    const no = newRefundNo();
    const payment = await newPayment(busy);
    const body = { refund_no: no, payment_no: payment, amount_minor: '2345', currency: 'CNY' };
    expect((await ask(busy, body)).status).toBe(201);
    url = `/v1/refunds/${no}/receipt.pdf`;
  });
  afterAll(async () => {
    await busy.close();
  });

  test('are refused with the time to wait, and a moment later they are made', async () => {
    const asked = await Promise.all(['zh', 'en'].map((lang) => call(busy, `${url}?lang=${lang}`)));
    const refused = asked.find(({ status }) => status !== 200);

    expect(asked.map(({ status }) => status).sort()).toEqual([200, 503]);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    if (refused !== undefined) problemIn(refused, 'papers_queue_full');
    for (const lang of ['zh', 'en']) expect((await call(busy, `${url}?lang=${lang}`)).status).toBe(200);
  });

  test('are said on a page behind a link', async () => {
    const link = await call(busy, url.replace('receipt.pdf', 'receipt-links'), { method: 'POST', body: {} });
    const path = (link.json as { url: string }).url.replace(PUBLIC_URL, '');
    const asked = await Promise.all(
      ['zh', 'en'].map((lang) => call(busy, `${path}/receipt.pdf?lang=${lang}`, { key: null })),
    );
    const refused = asked.find(({ status }) => status !== 200);

    expect(asked.map(({ status }) => status).sort()).toEqual([200, 503]);
    expect(refused?.headers).toMatchObject({
      'retry-after': expect.stringMatching(/^[1-9]/) as string,
      'content-type': 'text/html; charset=utf-8',
    });
  });
});

describe('the page that checks', () => {
  test('takes a receipt as it is, or from the form that a browser sends', async () => {
    const { bytes } = await bytesOf(`/v1/refunds/${refundNo}/receipt.pdf`);
    const form = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="receipt"; filename="a.pdf"\r\n\r\n'),
      bytes,
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const plain = await check(bytes);
    const sent = await check(form, { headers: { 'content-type': 'multipart/form-data; boundary=b' } });

    for (const answer of [plain, sent]) {
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('凭证真实，内容未被改动');
      expect(answer.text).toContain(refundNo);
    }
  });

  test('takes a whole proof pack, and says so of one that was changed', async () => {
    const { bytes } = await bytesOf(`/v1/refunds/${refundNo}/proof-pack`);
    const genuine = await check(bytes);
    const forged = await check(storedZip(MANIFEST, Buffer.from('made up')));

    expect(genuine.status).toBe(200);
    expect(genuine.text).toContain('凭证真实，内容未被改动');
    expect(forged.status).toBe(422);
    expect(forged.text).toContain('核验未通过');
  });

  test('says what is wrong with a receipt that was changed', async () => {
    const { bytes } = await bytesOf(`/v1/refunds/${refundNo}/receipt`);
    const changed = await check(bytes.toString('utf8').replace('"23.45"', '"99.99"'));

    expect(changed.status).toBe(422);
    expect(changed.text).toContain('核验未通过');
    expect(changed.text).not.toContain('凭证真实');
  });

  test.each([
    ['nothing', '', 422],
    ['markup', '<script>alert(1)</script>', 422],
    ['more than any receipt has', 'x'.repeat(5 * 1024 * 1024), 413],
    ['half of a form', '--b\r\n', 422],
  ])('says of %s that it could not be checked, and accuses nobody', async (_what, body, status) => {
    const answer = await check(body, { headers: { 'content-type': 'multipart/form-data; boundary=b' } });

    expect(answer.status).toBe(status);
    expect(answer.text).toContain('未能核验');
    expect(answer.text).not.toContain('核验未通过');
    expect(answer.text).not.toContain('alert(1)');
  });

  test('reads the code of a paper, and refuses one that was made up', async () => {
    const made = (await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'POST', body: {} }))
      .json as { url: string };
    const page = await call(api, made.url.replace(PUBLIC_URL, ''), { key: null });
    const [, claim = ''] = /verify\?c=([A-Za-z0-9_-]+)"/.exec(page.text) ?? [];
    const good = await call(api, `/verify?c=${claim}&lang=en`, { key: null });
    const bad = await call(api, `/verify?c=${claim.slice(0, -4)}AAAA`, { key: null });

    expect(good.text).toMatch(/Genuine, and nothing was changed[^]*23\.45/);
    expect(good.text).toContain(refundNo);
    expect([good.status, bad.status]).toEqual([200, 422]);
    expect((await call(api, `/verify?c=${'A'.repeat(10_000)}`, { key: null })).status).toBe(422);
  });

  test('gives the keys without anything that signs, for a few minutes', async () => {
    const { headers, text } = await call(api, '/.well-known/yuanlu-receipt-keys.json', { key: null });

    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(text).not.toMatch(/"d"|private|secret/);
  });
});
