import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readWebhookKeys, secretBox } from '../../notices/secret-box.ts';

const OWNER = { merchantId: 'shop', url: 'https://shop.example.com/hooks' };
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newKey = (): string => randomBytes(32).toString('base64');
const boxOf = (...keys: readonly string[]) =>
  secretBox(readWebhookKeys(keys.join('\n'), 'keys'), randomBytes);

describe('a secret that is kept', () => {
  test('comes back as it was, and is not to be read in what is kept', () => {
    const box = boxOf(newKey());
    const closed = box.close(SECRET, OWNER);

    expect(box.open(closed, OWNER)).toBe(SECRET);
    expect(closed.toString('latin1')).not.toContain('whsec_');
    expect(box.close(SECRET, OWNER)).not.toEqual(closed);
  });

  test('opens for the merchant and the address that it was kept for, and for no other', () => {
    const box = boxOf(newKey());
    const closed = box.close(SECRET, OWNER);

    for (const other of [
      { ...OWNER, merchantId: 'stall' },
      { ...OWNER, url: 'https://stall.example.com/hooks' },
    ])
      expect(() => box.open(closed, other)).toThrow(expect.objectContaining({ code: 'webhooks_not_set_up' }));
  });

  test('does not open when any byte of it was changed', () => {
    const box = boxOf(newKey());
    const closed = box.close(SECRET, OWNER);

    for (let at = 0; at < closed.length; at += 1) {
      const changed = Buffer.from(closed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => box.open(changed, OWNER)).toThrow(
        expect.objectContaining({ code: 'webhooks_not_set_up' }),
      );
    }
    expect(() => box.open(closed.subarray(0, 10), OWNER)).toThrow(
      expect.objectContaining({ code: 'webhooks_not_set_up' }),
    );
  });

  test('opens after a new key was put in front of the old one, and not without the old one', () => {
    const [before, next] = [newKey(), newKey()];
    const closed = boxOf(before).close(SECRET, OWNER);

    expect(boxOf(next, before).open(closed, OWNER)).toBe(SECRET);
    expect(() => boxOf(next).open(closed, OWNER)).toThrow(
      expect.objectContaining({ code: 'webhooks_not_set_up' }),
    );
  });
});

test.each(['', '\n\n', 'short', randomBytes(16).toString('base64'), `${newKey()}\nshort`])(
  'a key file that holds %j is refused',
  (text) => {
    expect(() => readWebhookKeys(text, 'keys')).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  },
);
