/** A stranger with only /docs: the commands of its quick start, as they stand on the page, bring a refund to `settled`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { YuanluClient } from '../../client/client.js';
import { startRefund } from '../../client/temporal.js';
import type { Running } from './command.ts';
import { start } from './command.ts';
import { until } from './shop.ts';

/** Two engines and a bundle, on a machine that has other things to do. */
const READY_WITHIN_MS = 240_000;

let folder: string;
let stack: Running;
let page: string;
let env: Record<string, string>;

beforeAll(async () => {
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  folder = await mkdtemp(join(root, 'docs-'));
  const dir = join(folder, 'dev-fast');
  stack = start(['dev', '--fast', '--port', '0', '--dir', dir]);
  const ready = async (): Promise<{ done: boolean; value: string }> => {
    if (stack.child.exitCode !== null) throw new Error(stack.stderr());
    return { done: stack.stderr().includes('Ctrl-C stops everything'), value: stack.stderr() };
  };
  await until('dev --fast is ready', ready, READY_WITHIN_MS);
  const text = await readFile(join(dir, 'env.sh'), 'utf8');
  env = Object.fromEntries(
    [...text.matchAll(/^export ([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  page = await (await fetch(`${env['YUANLU_API_URL'] ?? ''}/docs`)).text();
}, READY_WITHIN_MS + 10_000);

afterAll(async () => {
  stack.child.kill('SIGTERM');
  await stack.ended;
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The blocks of the page that are to be run, in their order. */
function commands(): readonly string[] {
  return [...page.matchAll(/<pre class="run"><code>([\s\S]*?)<\/code><\/pre>/g)].map(([, html = '']) =>
    html
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&'),
  );
}

async function run(command: string): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', command], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, `${command}\n${out}`).toBe(0);
  return out;
}

test('every command of the quick start works, and the refund is settled within ten minutes', async () => {
  const outs: string[] = [];
  for (const command of commands()) outs.push(await run(command));

  const [paid = '', asked = '', again = '', news = '', settled = '', evidence = '', left = ''] = outs;
  expect(outs).toHaveLength(7);
  expect(paid).toContain('ORDER-1');
  expect(asked).toContain('"state":"requested"');
  expect(again).toContain('"refund_no":"RF-1"');
  expect(news).toContain('"refund_no":"RF-1"');
  expect(settled).toContain('"state":"settled"');
  expect(evidence).toContain('"source":"statement"');
  expect(left).toContain('"refundable_minor":"7655"');
}, 600_000);

test('a backend on Temporal starts a refund by itself, and the API knows it as any other', async () => {
  const pay = await fetch(`${env['YUANLU_SANDBOX_URL'] ?? ''}/sandbox/payments`, {
    method: 'POST',
    body: '{"payment_no":"ORDER-T","amount_minor":"5000"}',
  });
  expect(pay.status).toBe(201);
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const request = {
      ...{ merchantId: 'demo-shop', refundNo: 'RF-T', paymentNo: 'ORDER-T', amountMinor: '5000' },
      currency: 'CNY',
      payment: { accountId: 'wx-demo', capturedMinor: '5000', currency: 'CNY' },
    } as const;
    const start = () => startRefund(new Client({ connection }), request, { channel: 'wechat' });

    const [handle] = await Promise.all([start(), start()]);
    const { state } = await handle.result();

    expect(['succeeded', 'settled']).toContain(state);
    const yuanlu = new YuanluClient({ baseUrl: env['YUANLU_API_URL'], apiKey: env['YUANLU_API_KEY'] });
    expect((await yuanlu.waitUntil('RF-T', 'settled')).amount_minor).toBe('5000');
  } finally {
    await connection.close();
  }
}, 300_000);
