/** The way to a Temporal that is closed to others: TLS with a certificate authority of one's own, in front of the real server. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../sandbox/certificate.ts';
import type { TemporalSecurity } from '../../workers/config.ts';
import { PLAIN_TEMPORAL } from '../../workers/config.ts';
import { connectClient, connectWorker } from '../../workers/temporal.ts';
import '../support/quiet-temporal.ts';
import { required } from '../support/required.ts';

const NAME = 'temporal.yuanlu-test';

let folder: string;
let front: Server;
let address: string;
let seenNames: (string | false | null)[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-tls-'));
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const period = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) };
  const cert = makeCertificate({ serial: '77', commonName: NAME, ...keys, ...period });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFile(join(folder, 'ca.pem'), cert);
  seenNames = [];
  const [host = '', port = ''] = required('YUANLU_TEST_TEMPORAL_ADDRESS').split(':');
  front = createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => {
    seenNames.push(socket.servername ?? null);
    const behind = connect(Number(port), host);
    socket.pipe(behind).pipe(socket);
    for (const side of [socket, behind])
      side.on('error', () => {
        socket.destroy();
        behind.destroy();
      });
  });
  await new Promise<void>((listening) => {
    front.listen(0, '127.0.0.1', listening);
  });
  address = `127.0.0.1:${String((front.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  front.close();
  await rm(folder, { recursive: true, force: true });
});

async function answers(temporalSecurity: TemporalSecurity): Promise<boolean> {
  const temporal = connectClient({
    ...{ temporalAddress: address, temporalNamespace: 'default', temporalSecurity },
  });
  const { client } = temporal;
  try {
    await client.withDeadline(Date.now() + 1_500, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  } finally {
    await temporal.close();
  }
}

describe('a Temporal behind TLS', () => {
  test('is reached with its certificate authority and the name in its certificate', async () => {
    const security = { ...PLAIN_TEMPORAL, tls: true, caFile: join(folder, 'ca.pem'), serverName: NAME };

    expect(await answers(security)).toBe(true);

    expect(seenNames).toContain(NAME);
  });

  test('is not believed under another name', async () => {
    const security = { ...PLAIN_TEMPORAL, tls: true, caFile: join(folder, 'ca.pem') };

    expect(await answers({ ...security, serverName: 'another.yuanlu-test' })).toBe(false);
  });

  test('is not reached in clear, nor by whoever does not know its certificate authority', async () => {
    expect(await answers(PLAIN_TEMPORAL)).toBe(false);
    expect(await answers({ ...PLAIN_TEMPORAL, tls: true, serverName: NAME })).toBe(false);
  });

  test('that is away tells a worker by its address, in the words of the configuration', async () => {
    const connecting = connectWorker({ temporalAddress: '127.0.0.1:1', temporalSecurity: PLAIN_TEMPORAL });

    await expect(connecting).rejects.toMatchObject({
      code: 'temporal_unavailable',
      details: { address: '127.0.0.1:1', remedy: 'Start Temporal, or correct TEMPORAL_ADDRESS.' },
    });
  });
});
