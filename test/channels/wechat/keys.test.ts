/** Which keys verify WeChat Pay, while they turn: public keys and platform certificates, several at once. */
import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../domain/clock.ts';
import { readCertificates } from '../../../channels/wechat/keys.ts';
import type { Desk, PlatformCertificate, Script } from './pay-desk.ts';
import {
  API_V3_KEY,
  NOW,
  ORDER,
  PLATFORM,
  PUBLIC_KEY_ID,
  certificateList,
  openDesk,
  platformCertificate,
  signatureOf,
} from './pay-desk.ts';

let desk: Desk;
const first = platformCertificate('1111AAAA1111AAAA');
const next = platformCertificate('2222BBBB2222BBBB');

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const FOUND = {
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  status: 'PROCESSING',
  amount: { total: 12_345, refund: 2_345 },
};

function signedBy(signer: typeof PLATFORM): Script {
  return { body: FOUND, sign: (body) => signatureOf(body, { signer }) };
}

function list(certificates: readonly PlatformCertificate[], signer: typeof PLATFORM = first): Script {
  return { body: certificateList(certificates), sign: (body) => signatureOf(body, { signer }) };
}

/** A clock that the test turns. */
function turningClock(): { clock: Clock; turn: (ms: number) => void } {
  let nowMs = NOW.getTime();
  const now = (): Date => new Date(nowMs);
  return {
    clock: { now, wallNow: now, toWallMs: (ms) => ms },
    turn: (ms) => {
      nowMs += ms;
    },
  };
}

const CERTIFICATE_MODE = { publicKeys: new Map(), fetchPlatformCertificates: true };

function certificateCalls(): number {
  return desk.received.filter((call) => call.target === '/v3/certificates').length;
}

describe('certificate mode', () => {
  test('fetches the certificates, signed and sealed, when it meets a serial that it does not know', async () => {
    desk.answer(signedBy(first), list([first]), signedBy(first));
    const channel = desk.channel(CERTIFICATE_MODE);

    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect(certificateCalls()).toBe(1);
    expect(desk.received[1]).toMatchObject({ target: '/v3/certificates', signatureHolds: true });
  });

  test('F36: takes up a successor while the one before is still believed', async () => {
    const { clock, turn } = turningClock();
    const channel = desk.channel(CERTIFICATE_MODE, { clock });
    const by = (signer: typeof PLATFORM, body: object = FOUND): Script => ({
      body,
      sign: (text) => signatureOf(text, { signer, at: clock.wallNow() }),
    });
    desk.answer(by(first), by(first, certificateList([first])));
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');

    turn(3_600_000);
    desk.answer(by(next), by(first, certificateList([first, next])), by(first));

    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
  });

  test('F35 F36: believes none past its own end, and asks for its successor', async () => {
    const { clock, turn } = turningClock();
    const short = platformCertificate('5555CCCC5555CCCC', undefined, new Date(NOW.getTime() + 3_600_000));
    const channel = desk.channel(CERTIFICATE_MODE, { clock });
    const by = (signer: typeof PLATFORM, body: object = FOUND): Script => ({
      body,
      sign: (text) => signatureOf(text, { signer, at: clock.wallNow() }),
    });
    desk.answer(by(short), by(short, certificateList([short])), by(short));
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    turn(3_500_000);
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    turn(200_000);
    desk.answer(by(short), by(next, certificateList([short, next])), by(next));

    expect((await channel.queryRefund(ORDER)).outcome).toBe('unknown');
    expect(certificateCalls()).toBe(2);
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
  });

  test('F35: a list that only an ended certificate has signed adds nothing', async () => {
    const { clock, turn } = turningClock();
    const short = platformCertificate('6666DDDD6666DDDD', undefined, new Date(NOW.getTime() + 3_600_000));
    const channel = desk.channel(CERTIFICATE_MODE, { clock });
    const by = (signer: typeof PLATFORM, body: object = FOUND): Script => ({
      body,
      sign: (text) => signatureOf(text, { signer, at: clock.wallNow() }),
    });
    desk.answer(by(short), by(short, certificateList([short])));
    await channel.queryRefund(ORDER);
    turn(3_700_000);
    desk.answer(by(next), by(short, certificateList([next])));

    expect((await channel.queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test('F36: an unknown serial is asked about once, then refused for a minute without asking again', async () => {
    const stranger = platformCertificate('9999EEEE9999EEEE');
    desk.answer(signedBy(stranger), list([first]), signedBy(stranger), signedBy(stranger));
    const channel = desk.channel(CERTIFICATE_MODE);

    for (let round = 0; round < 3; round += 1)
      expect((await channel.queryRefund(ORDER)).outcome).toBe('unknown');

    expect(certificateCalls()).toBe(1);
  });

  test('a list that a stranger signed adds nothing', async () => {
    const stranger = platformCertificate('9999EEEE9999EEEE');
    desk.answer(signedBy(first), list([first], stranger), signedBy(first));

    expect((await desk.channel(CERTIFICATE_MODE).queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test('a failed fetch leaves the answer unknown and breaks nothing', async () => {
    desk.answer(signedBy(first), { status: 500, body: 'oops', sign: null }, signedBy(first));

    expect((await desk.channel(CERTIFICATE_MODE).queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test('names no key in its requests, so the channel signs with its certificate', async () => {
    desk.answer(signedBy(first), list([first]), signedBy(first));

    await desk.channel(CERTIFICATE_MODE).queryRefund(ORDER);

    expect(desk.received[0]?.headers).not.toHaveProperty('wechatpay-serial');
  });
});

describe('during the switch to the public key', () => {
  test('both kinds are live at once, and requests name the public key', async () => {
    desk.answer(signedBy(PLATFORM), signedBy(first), list([first]), signedBy(first));
    const channel = desk.channel({ fetchPlatformCertificates: true });

    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect(desk.received[0]?.headers['wechatpay-serial']).toBe(PUBLIC_KEY_ID);
  });

  test('several public keys are live at once', async () => {
    const other = { serial: 'PUB_KEY_ID_0116000000022026110100000000000002', key: next.key };
    const publicKeys = new Map([
      [PUBLIC_KEY_ID, createPublicKey(PLATFORM.key)],
      [other.serial, createPublicKey(other.key)],
    ]);
    desk.answer(signedBy(PLATFORM), signedBy(other));
    const channel = desk.channel({ publicKeys });

    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.queryRefund(ORDER)).outcome).toBe('reported');
  });

  test('public-key mode alone never asks for certificates: the channel has none for such merchants', async () => {
    desk.answer(signedBy(first));

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('unknown');
    expect(certificateCalls()).toBe(0);
  });

  test('an unknown public key id is not asked about: keys come by configuration', async () => {
    desk.answer(signedBy({ serial: 'PUB_KEY_ID_999', key: next.key }));

    expect((await desk.channel({ fetchPlatformCertificates: true }).queryRefund(ORDER)).outcome).toBe(
      'unknown',
    );
    expect(certificateCalls()).toBe(0);
  });
});

describe('the list of certificates', () => {
  const body = (certificates: readonly PlatformCertificate[]): Buffer =>
    Buffer.from(JSON.stringify(certificateList(certificates)));

  test('gives those that are valid now', () => {
    const expired = platformCertificate(
      '33',
      new Date('2020-01-01T00:00:00Z'),
      new Date('2025-01-01T00:00:00Z'),
    );
    const early = platformCertificate('44', new Date('2027-01-01T00:00:00Z'));

    const keys = readCertificates(body([first, expired, early, next]), Buffer.from(API_V3_KEY), NOW);

    expect([...keys.keys()]).toEqual([first.serial, next.serial]);
  });

  test('leaves out a certificate under another serial than its own', () => {
    const renamed = { ...first, serial: 'FFFF' };

    expect(readCertificates(body([renamed]), Buffer.from(API_V3_KEY), NOW).size).toBe(0);
  });

  test('sealed with another key is refused', () => {
    expect(() => readCertificates(body([first]), Buffer.from('0'.repeat(32)), NOW)).toThrow(
      'callback_undecipherable',
    );
  });
});
