/** Alipay's certificate is renewed while our client works in certificate mode: rightly, and wrong on purpose. */
import { expect, test } from 'vitest';
import { CERTIFICATE_FLAWS } from '../../../sandbox/alipay/keys.ts';
import { openOurShop } from './our-shop.ts';

test('after a renewal answers and notices are believed under the new certificate', async () => {
  const shop = await openOurShop({ mode: 'certificate' });
  await shop.channel.submitRefund(shop.order(10_000n, 100n));

  const sn = shop.sandbox.renewCertificate();
  const order = shop.order(10_000n, 200n);
  const submitted = await shop.channel.submitRefund(order);
  await shop.turn(60);

  expect(sn).not.toBe(shop.sandbox.keys.certificateSn);
  expect(submitted).toMatchObject({ outcome: 'reported', report: { status: 'success' } });
  expect(shop.readings.map(({ verdict }) => verdict)).toEqual(['refund', 'refund']);
});

test.each(CERTIFICATE_FLAWS)(
  'F4 F35: under a certificate that is %s nothing is believed, and nothing is lost',
  async (flaw) => {
    const shop = await openOurShop({ mode: 'certificate' });
    const order = shop.order(10_000n, 3_333n);
    shop.sandbox.renewCertificate(flaw);

    const submitted = await shop.channel.submitRefund(order);
    await shop.turn(60);
    const said = shop.readings.map((reading) => reading.verdict);
    shop.sandbox.renewCertificate();
    await shop.turn(60);

    expect(submitted).toMatchObject({ outcome: 'unknown' });
    expect(said).toEqual(['refused']);
    expect(shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, paidOut: [{ count: 1 }] });
  },
);

test('an application in key mode notices nothing of a renewal', async () => {
  const shop = await openOurShop({ mode: 'public_key' });
  shop.sandbox.renewCertificate('expired');

  expect(await shop.channel.submitRefund(shop.order(10_000n, 100n))).toMatchObject({ outcome: 'reported' });
});

test('over /sandbox a certificate is renewed the same way', async () => {
  const shop = await openOurShop({ mode: 'certificate' });
  const renew = (body: object) =>
    fetch(`${shop.sandbox.url}/sandbox/renew-certificate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await renew({ flaw: 'late' })).status).toBe(422);
  const answer = await renew({});

  expect(await answer.json()).toEqual({ certificate_sn: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown });
  expect(await shop.channel.submitRefund(shop.order(10_000n, 100n))).toMatchObject({ outcome: 'reported' });
});
