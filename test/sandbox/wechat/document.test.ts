/** docs/sandbox.md says what the sandbox does: its tables are complete, and its examples are played from top to bottom. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../../cli/main.ts';
import { keptKeys, writeAccounts } from '../../../sandbox/account-files.ts';
import { makeWechatKeys, wechatAccountFiles } from '../../../sandbox/wechat/account-files.ts';
import { PAGE, documentedTroubles, names, table } from '../page.ts';
import { receiveNotices } from './notice-receiver.ts';
import type { Fields } from '../exchange.ts';
import type { Shop } from './shop.ts';
import { openShop } from './shop.ts';

interface Example {
  readonly line: string;
  /** The HTTP status, or `nothing` where no answer comes. */
  readonly expected: string;
}

/** Lines of shell blocks that end in a remark with what comes of them. */
function examples(): readonly Example[] {
  const blocks = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .flatMap((line) => {
      const parts = /^(.*) # ([0-9]{3}|nothing)$/.exec(line);
      return parts === null ? [] : [{ line: parts[1] ?? '', expected: parts[2] ?? '' }];
    });
}

/** Plays one line as curl, or as the shell function `wx` of the page, would. Gives back the status. */
async function play(shop: Shop, line: string): Promise<string> {
  const control = /^curl -s (?:-X ([A-Z]+) )?\$S\/sandbox(\S*)(?: -d '(.*)')?$/.exec(line);
  if (control !== null) {
    const [, method, path = '', body] = control;
    const sent = body === undefined ? undefined : (JSON.parse(body) as Fields);
    const answer = await shop.tryControl(method ?? (body === undefined ? 'GET' : 'POST'), path, sent);
    return String(answer.status);
  }
  const nested = /^wx GET "\$\(wx GET '([^']+)' \| field ([a-z_]+)\)"$/.exec(line);
  if (nested !== null) {
    const { json } = await shop.call('GET', nested[1] ?? '');
    return String((await shop.callRaw('GET', String(json[nested[2] ?? '']))).status);
  }
  const signed = /^wx (GET|POST) '?([^' ]+)'?(?: '(.*)')?$/.exec(line);
  expect(signed, line).not.toBeNull();
  const [, method = '', target = '', body] = signed ?? [];
  const sent = body === undefined ? {} : { body: JSON.parse(body) as Fields };
  return shop
    .call(method, target, sent)
    .then(({ status }) => String(status))
    .catch(() => 'nothing');
}

describe('the tables', () => {
  test('of flags are the flags of `yuanlu sandbox`, with their defaults', () => {
    const command = buildProgram().commands.find((one) => one.name() === 'sandbox');
    const flags = (command?.options ?? []).map((one) => [one.long, one.defaultValue as unknown]);

    const documented = table('| flag | default | meaning |').map(([flag, value]) => [
      names(flag)[0],
      names(value)[0],
    ]);

    expect(flags.length).toBeGreaterThan(5);
    expect(documented).toEqual(expect.arrayContaining(flags));
    expect(documented).toHaveLength(flags.length);
  });

  test('of calls under /sandbox are those that the sandbox lists, word for word', async () => {
    const shop = await openShop();

    const { routes } = await shop.control('GET', '');

    const documented = table('| call | what it does |').map(([call, does]) => [names(call)[0], does]);
    const served = (routes as { method: string; url: string; does: string }[]).map((one) => [
      `${one.method} ${one.url}`,
      one.does,
    ]);
    expect(documented).toEqual(served);
  });

  test('of calls under /v3 lead to something that wants a signature', async () => {
    const shop = await openShop();
    const calls = table('| call | answers |').map(([call]) => names(call)[0] ?? '');

    for (const call of calls) {
      const [method = '', path = ''] = call.split(' ');
      const target = (path.split('?')[0] ?? '').replaceAll(/\{[a-z_]+\}/g, 'X');
      const { status } = await shop.callRaw(method, target, { body: {}, headers: { authorization: '' } });

      expect(status, call).toBe(401);
    }
    expect(calls).toHaveLength(9);
  });

  test('of troubles has every kind with all its fields and no other', async () => {
    const shop = await openShop();

    const { troubles } = await shop.control('GET', '');

    expect(documentedTroubles('| kind | fields | what happens |')).toEqual(troubles);
  });

  test('of files are the files that a start writes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuanlu-sandbox-doc-'));
    try {
      const keys = await keptKeys(folder, { wechat: () => makeWechatKeys(new Date()) });
      const account = { accountId: 'a', apiBase: 'http://127.0.0.1:1', notifyUrl: 'http://127.0.0.1:2/x' };
      await writeAccounts(folder, { merchantId: 'm', merchantName: 'M', yuanluApiKey: keys.yuanluApiKey }, [
        wechatAccountFiles(keys.wechat, account),
      ]);

      const documented = table('| file | what it is |').map(([file]) => names(file)[0]);

      expect(documented.toSorted()).toEqual((await readdir(folder)).toSorted());
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('every example of the page comes out as the page says, played in its order', async () => {
  const receiver = await receiveNotices();
  const shop = await openShop({ notifyUrl: receiver.url });
  const played: Example[] = [];

  for (const { line } of examples()) played.push({ line, expected: await play(shop, line) });

  expect(played).toEqual(examples());
  expect(played.length).toBeGreaterThan(40);
  const notices = receiver.received.length;
  // Three refunds end and one notice is sent once more.
  expect(notices).toBe(4);
});

test('the sums of the tour are those that the page names', async () => {
  const shop = await openShop();
  const order = await shop.pay(1_000, { coupon_minor: '300' });

  const { json } = await shop.refund(shop.wish(order, 900));

  expect(PAGE).toContain(
    'A payer pays 10.00, of which a coupon pays 3.00; we refund 9.00, and the payer gets 6.30',
  );
  expect(json['amount']).toMatchObject({ total: 1_000, payer_total: 700, refund: 900, payer_refund: 630 });
});
