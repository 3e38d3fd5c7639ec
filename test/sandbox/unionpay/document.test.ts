/** What docs/sandbox.md says of UnionPay's sandbox is what it does: its tables are complete. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAILURE_CODES } from '../../../sandbox/unionpay/codes.ts';
import { unionpayAccountFiles } from '../../../sandbox/unionpay/account-files.ts';
import { TROUBLES } from '../../../sandbox/unionpay/troubles.ts';
import { post } from './merchant.ts';
import { KEYS, openShop } from './shop.ts';

const [, PART = ''] = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8').split(
  '\n## UnionPay\n',
);

/** The cells of the table under this heading line. */
function table(heading: string): readonly (readonly string[])[] {
  const [, after = ''] = PART.split(`${heading}\n`);
  const lines = after.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) => line.slice(1, -1).split('|'));
}

function names(cell: string | undefined): readonly string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
}

test('the table of troubles has every kind with all its fields and no other', () => {
  const documented = table('| kind | fields | what happens at UnionPay |').map(([kind, fields]) => ({
    kind: names(kind)[0],
    fields: names(fields),
  }));

  expect(documented).toEqual(TROUBLES.kinds);
});

test('the table of addresses has those that answer, and each answers with a code', async () => {
  const shop = await openShop();
  const addresses = table('| address | what for |').map(([address]) => names(address)[0] ?? '');

  expect(addresses).toHaveLength(3);
  for (const address of addresses) {
    const { status, text } = await post({ url: shop.sandbox.url + address, body: 'merId=1' });
    expect([status, text], address).toEqual([200, expect.stringContaining('respCode=13')]);
  }
});

test('the table of files has those that come with an account', () => {
  const where = { accountId: 'a', apiBase: 'http://127.0.0.1:1', notifyUrl: 'http://127.0.0.1:2/x' };
  const { files } = unionpayAccountFiles(KEYS, where);

  const documented = table('| key file | what it is |').map(([file]) => names(file)[0]);

  expect(documented.toSorted()).toEqual(Object.keys(files).toSorted());
});

test('every code that a rule gives is one that can be planned', () => {
  const documented = table('| respCode | when |').map(([code]) => names(code)[0] ?? '');

  expect(documented.length).toBeGreaterThan(8);
  expect(documented.filter((code) => code !== '00' && !FAILURE_CODES.includes(code))).toEqual([]);
});
