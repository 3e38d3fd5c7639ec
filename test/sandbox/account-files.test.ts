/** The accounts file that a sandbox writes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SCOPES } from '../../domain/scopes.ts';
import { writeAccounts } from '../../sandbox/account-files.ts';

test('its key may do everything that a program can be let do', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'yuanlu-accounts-'));
  try {
    const shop = { merchantId: 'shop', merchantName: 'Shop', yuanluApiKey: 'yl_test' };
    const file = JSON.parse(await readFile(await writeAccounts(dir, shop, []), 'utf8')) as {
      merchants: { api_keys: { scopes: string[] }[] }[];
    };

    expect(file.merchants[0]?.api_keys[0]?.scopes).toEqual([...SCOPES]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
