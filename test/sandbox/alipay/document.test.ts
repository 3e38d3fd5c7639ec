/** docs/sandbox.md says what the Alipay of the sandbox does: its tables are complete, and its calls are played. */
import { expect, test } from 'vitest';
import { alipayAccountFiles } from '../../../sandbox/alipay/account-files.ts';
import type { Fields } from '../exchange.ts';
import { PAGE, documentedTroubles, names, table } from '../page.ts';
import type { Shop } from './shop.ts';
import { openShop } from './shop.ts';

const [, SECTION = ''] = PAGE.split('\n## Alipay\n');

test('the table of troubles has every kind with all its fields and no other', async () => {
  const shop = await openShop();

  const { troubles } = await shop.control('GET', '');

  expect(documentedTroubles('| kind at Alipay | fields | what happens |', SECTION)).toEqual(troubles);
});

test('the table of methods has those that the gateway knows', async () => {
  const shop = await openShop();
  const heading = '| method under `/gateway.do` | what it answers |';
  const methods = table(heading, SECTION).map(([method]) => names(method)[0]);

  for (const method of methods) {
    // A refusal by the product: the gateway has let it pass.
    expect((await shop.call(method ?? '', {})).node, method).toMatchObject({ code: '40004' });
  }
  expect(methods).toHaveLength(5);
});

test('the table of files has the files of an account', async () => {
  const shop = await openShop();
  const { files } = alipayAccountFiles(shop.keys, { accountId: 'a', apiBase: 'http://x', notifyUrl: '' });

  const documented = table('| file | what it is |', SECTION).map(([file]) => names(file)[0]);

  expect(documented).toEqual(Object.keys(files));
});

/** Plays one line as curl, or as the shell function `ali` of the page, would. */
async function play(shop: Shop, line: string): Promise<Fields> {
  const [, method = '', content = ''] = /^ali ([a-z.]+) '(.*)'$/.exec(line) ?? [];
  if (method !== '') return (await shop.call(method, JSON.parse(content) as Fields)).node;
  const [, path = '', body = ''] = /^curl -s \$A\/sandbox(\S+) -d '(.*)'$/.exec(line) ?? [];
  return shop.control('POST', path, JSON.parse(body));
}

test('the calls of the page come out as they should, played in their order', async () => {
  const shop = await openShop();
  const [, block = ''] = /```bash\n(.*?)```/s.exec(SECTION) ?? [];
  const said: Fields[] = [];

  for (const line of block.split('\n').filter((one) => /^(ali|curl) /.test(one))) {
    said.push(await play(shop, line));
  }

  expect(said).toMatchObject([
    { payment_no: 'ORD-1' },
    { fund_change: 'Y' },
    { refund_status: 'REFUND_SUCCESS', deposit_back_info: { dback_status: 'P' } },
    { trade_status: 'TRADE_SUCCESS' },
    { now: '2026-09-02T02:00:00.000Z' },
    { bill_download_url: expect.stringContaining('downloadBillFile') as unknown },
  ]);
});
