/** What docs/sandbox.md says of UnionPay's sandbox is what it does: its tables are complete. */
import { expect, test } from 'vitest';
import { FAILURE_CODES } from '../../../sandbox/unionpay/codes.ts';
import { unionpayAccountFiles } from '../../../sandbox/unionpay/account-files.ts';
import { TROUBLES } from '../../../sandbox/unionpay/troubles.ts';
import { PAGE, documentedTroubles, names, table } from '../page.ts';
import { post } from './merchant.ts';
import { KEYS, openShop } from './shop.ts';

const [, PART = ''] = PAGE.split('\n## UnionPay\n');

test('the table of troubles has every kind with all its fields and no other', () => {
  const documented = documentedTroubles('| kind | fields | what happens at UnionPay |', PART);

  expect(documented).toEqual(TROUBLES.kinds);
});

test('the table of addresses has those that answer, and each answers with a code', async () => {
  const shop = await openShop();
  const addresses = table('| address | what for |', PART).map(([address]) => names(address)[0] ?? '');

  expect(addresses).toHaveLength(3);
  for (const address of addresses) {
    const { status, text } = await post({ url: shop.sandbox.url + address, body: 'merId=1' });
    expect([status, text], address).toEqual([200, expect.stringContaining('respCode=13')]);
  }
});

test('the table of files has those that come with an account', () => {
  const where = { accountId: 'a', apiBase: 'http://127.0.0.1:1', notifyUrl: 'http://127.0.0.1:2/x' };
  const { files } = unionpayAccountFiles(KEYS, where);

  const documented = table('| key file | what it is |', PART).map(([file]) => names(file)[0]);

  expect(documented.toSorted()).toEqual(Object.keys(files).toSorted());
});

test('every code that a rule gives is one that can be planned', () => {
  const documented = table('| respCode | when |', PART).map(([code]) => names(code)[0] ?? '');

  expect(documented.length).toBeGreaterThan(8);
  expect(documented.filter((code) => code !== '00' && !FAILURE_CODES.includes(code))).toEqual([]);
});
