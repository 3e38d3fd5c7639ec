/** What webhooks are sent with: the key that their secrets are kept under, read from its file, and the way out. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { NoticeCourier } from '../activities/deps.ts';
import type { WebhookDesk } from '../api/webhook-desk.ts';
import { AppError } from '../domain/errors.ts';
import { webhookBody } from '../domain/notice/event.ts';
import type { SecretBox } from '../notices/secret-box.ts';
import { readWebhookKeys, secretBox } from '../notices/secret-box.ts';
import { signWebhook } from '../notices/signature.ts';
import type { Config } from './config.ts';
import type { SenderOptions } from './notice-sender.ts';
import { refusedUrl, sendNotice } from './notice-sender.ts';
import { VERSION } from './version.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const KEY_BYTES = 32;

type WebhookConfig = Pick<Config, 'webhookKeysFile' | 'production'>;

/** Null where no key is configured. @throws AppError `config_invalid` */
export function webhookDesk({ webhookKeysFile, production }: WebhookConfig): WebhookDesk | null {
  if (webhookKeysFile === null) return null;
  const refuses = (url: string): string | null => refusedUrl(url, { publicOnly: production });
  return { box: loadWebhookKeys(webhookKeysFile), refuses };
}

/** Without a key there is nothing to sign with; what waits goes on when there is one. @throws AppError `config_invalid` */
export function noticeCourier(config: WebhookConfig): NoticeCourier {
  const box = config.webhookKeysFile === null ? null : loadWebhookKeys(config.webhookKeysFile);
  return courierOf(box, { publicOnly: config.production });
}

function courierOf(box: SecretBox | null, options: SenderOptions): NoticeCourier {
  return {
    deliver: async ({ event, merchantId, url, secrets }, sentAt) => {
      if (box === null) throw new AppError('webhooks_not_set_up');
      const body = webhookBody(event);
      const opened = secrets.map((secret) => box.open(secret, { merchantId, url }));
      const headers = {
        ...signWebhook({ id: event.eventId, sentAt, body }, opened),
        'content-type': 'application/json',
        'user-agent': `yuanlu/${VERSION}`,
      };
      return sendNotice({ url, headers, body }, options);
    },
  };
}

/** @throws AppError `config_invalid` */
export function loadWebhookKeys(path: string): SecretBox {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError(
      'config_invalid',
      { errors: [`YUANLU_WEBHOOK_KEYS_FILE: cannot read ${path}`] },
      { cause: error },
    );
  }
  return secretBox(readWebhookKeys(text, path), randomBytes);
}

/** That of an earlier start, or a new one. Returns the path. For stacks on this machine only. */
export async function keptWebhookKeys(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`;
  await writeFile(path, text, { mode: OWNER_ONLY_FILE, flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  loadWebhookKeys(path);
  return path;
}
