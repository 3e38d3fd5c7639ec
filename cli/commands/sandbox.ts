/** `yuanlu sandbox`: a WeChat Pay on loopback, alone, for anybody's integration. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { makeMerchantKeys } from '../../sandbox/keys.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { systemClock } from '../../workers/clock.ts';
import { untilStopped } from '../until-stopped.ts';

export interface SandboxFlags {
  readonly port: string;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly dir: string;
  readonly notifyBase: string;
}

const ACCOUNT_ID = 'wx-sandbox';

export async function runSandbox(options: SandboxFlags): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new AppError('request_invalid', { port: options.port });
  const merchant = makeMerchantKeys();
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = merchant;
  const notifyUrl = `${options.notifyBase.replace(/\/$/, '')}/callbacks/wechat/${ACCOUNT_ID}`;
  const sandbox = await startSandbox({
    clock: systemClock(),
    merchants: [{ mchid, appid, certificateSerial, publicKeyPem, apiV3Key, notifyUrl }],
    port,
    notifyHosts: ['127.0.0.1', 'localhost', '[::1]', new URL(options.notifyBase).hostname],
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    log: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
  try {
    const folder = resolve(options.dir);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files = {
      'merchant-key.pem': merchant.privateKeyPem,
      'api-v3-key.txt': apiV3Key,
      'wechat-public-key.pem': sandbox.keys.publicKeyPem,
      'account.json': JSON.stringify(
        accountEntry(merchant, sandbox.url, sandbox.keys.publicKeyId, notifyUrl),
        null,
        2,
      ),
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: 0o600 });
    process.stdout.write(
      `${JSON.stringify({ url: sandbox.url, mchid, appid, keys: folder, account: join(folder, 'account.json') })}\n`,
    );
    process.stderr.write(
      `A WeChat Pay listens on ${sandbox.url}; keys and an accounts-file entry are in ${folder}. Ctrl-C stops it.\n`,
    );
    await untilStopped();
  } finally {
    await sandbox.stop();
  }
}

function accountEntry(
  merchant: ReturnType<typeof makeMerchantKeys>,
  url: string,
  publicKeyId: string,
  notifyUrl: string,
): object {
  return {
    id: ACCOUNT_ID,
    channel: 'wechat',
    mchid: merchant.mchid,
    appid: merchant.appid,
    api_base: url,
    notify_url: notifyUrl,
    certificate_serial: merchant.certificateSerial,
    private_key_file: 'merchant-key.pem',
    api_v3_key_file: 'api-v3-key.txt',
    public_keys: [{ id: publicKeyId, file: 'wechat-public-key.pem' }],
    fetch_platform_certificates: true,
    bill_hosts: [new URL(url).host],
  };
}
