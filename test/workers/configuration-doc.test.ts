/** docs/configuration.md says what an accounts file may hold: each field of each channel, and an example that works. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKeySchema } from '../../api/keys.ts';
import { loadAccounts, merchantSchema } from '../../workers/accounts.ts';
import { readText } from '../house/repository.ts';
import type { AccountFolder } from './account-files.ts';
import {
  NOW,
  accountFolder,
  alipayEntry,
  merchantEntry,
  unionpayEntry,
  wechatEntry,
} from './account-files.ts';

const doc = readText('docs/configuration.md');

let folder: AccountFolder;
beforeAll(() => {
  folder = accountFolder();
});
afterAll(() => {
  folder.remove();
});

/** Field and default of each row of the table under the channel's heading. */
function documented(channel: string): ReadonlyMap<string, string> {
  const [, rest = ''] = doc.split(`(\`${channel}\`)\n`);
  const [section = ''] = rest.split('\n## ')[0]?.split('\n### ') ?? [];
  const rows = [...section.matchAll(/^\| `([a-z0-9_]+)` \| ([^|]+) \|/gm)];
  return new Map(rows.map(([, field = '', value = '']) => [field, value.trim().replaceAll('`', '')]));
}

/** What every account has is told once for all of them. */
const COMMON = ['id', 'merchant_id', 'channel'];

/** The fields of the channel's own schema, read from its text: the schemas of channels are nobody else's business. */
function fieldsOf(channel: string): readonly string[] {
  const [, body = ''] =
    /AccountSchema = z\.strictObject\(\{\n([\s\S]*?)\n\}\);/.exec(
      readText(`channels/${channel}/account.ts`),
    ) ?? [];
  return [...body.matchAll(/^ {2}([a-z0-9_]+): ?z?/gm)]
    .map(([, field = '']) => field)
    .filter((field) => !COMMON.includes(field));
}

const WHOLE = { wechat: wechatEntry, alipay: alipayEntry, unionpay: unionpayEntry } as const;
const CHANNELS = ['wechat', 'alipay', 'unionpay'] as const;

function isRefused(channel: keyof typeof WHOLE, change: Readonly<Record<string, unknown>>): boolean {
  const path = folder.accounts([merchantEntry('shop', [WHOLE[channel]('one', change)])]);
  try {
    loadAccounts(path, { production: false, wallNow: NOW });
    return false;
  } catch {
    return true;
  }
}

describe.each(CHANNELS)('the account of %s', (channel) => {
  test('is documented field by field', () => {
    expect([...documented(channel).keys()].toSorted()).toEqual(fieldsOf(channel).toSorted());
    expect(documented(channel).size).toBeGreaterThan(7);
  });

  test('needs what the documentation calls required, and works with every default that it names', () => {
    expect(isRefused(channel, {})).toBe(false);
    for (const [field, value] of documented(channel)) {
      if (value === 'required') expect(isRefused(channel, { [field]: undefined }), field).toBe(true);
      else if (value !== '–')
        expect(isRefused(channel, { ...otherWay(field), [field]: typed(value) }), field).toBe(false);
    }
  });
});

/** WeChat Pay's answers must be verified somehow: without public keys by its platform certificates. */
function otherWay(field: string): Readonly<Record<string, unknown>> {
  return field === 'public_keys' ? { fetch_platform_certificates: true } : {};
}

/** As it would stand in the file: lists and truth values as JSON, digits as text where they are a code. */
function typed(value: string): unknown {
  return /^(\[|true|false|365$)/.test(value) ? JSON.parse(value) : value;
}

describe('the example', () => {
  const [, text = ''] = /```json\n([\s\S]*?)```/.exec(doc) ?? [];

  test('is an accounts file once its placeholders are filled in', () => {
    const example = JSON.parse(
      text
        .replace('<hex SHA-256 of the key>', 'ab'.repeat(32))
        .replace('<hex SHA-256 of hers>', 'cd'.repeat(32))
        .replace('<upper-case hex>', '5A0B1C2D')
        .replace('PUB_KEY_ID_01…', 'PUB_KEY_ID_01')
        .replace('wx/apiclient_key.pem', 'merchant.pem')
        .replace('wx/api-v3-key.txt', 'v3.txt')
        .replace('wx/pub_key.pem', 'channel.pem'),
    ) as { merchants: unknown };

    const { accounts, keys } = loadAccounts(folder.accounts(example.merchants), {
      production: true,
      wallNow: NOW,
    });

    expect(accounts.map((one) => [one.id, one.merchantId, one.externalId])).toEqual([
      ['wx-main', 'card-shop', '1900000109'],
    ]);
    expect(keys.map((one) => one.id)).toEqual(['backend', 'lin.mei']);
  });

  test('shows every field of a merchant and of a key', () => {
    for (const field of [...Object.keys(merchantSchema.shape), ...Object.keys(apiKeySchema.shape)])
      expect(text).toContain(`"${field}"`);
  });
});

test('every scope of an API key is named', () => {
  for (const scope of apiKeySchema.shape.scopes.element.options) expect(doc).toContain(`\`${scope}\``);
});
