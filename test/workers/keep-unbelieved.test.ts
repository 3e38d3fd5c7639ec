/** F4: an answer that cannot be believed is kept for people, whatever is in it; a flood of them fills no table. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UnbelievedAnswer } from '../../channels/unbelieved.ts';
import type { Clock } from '../../domain/clock.ts';
import { createPool } from '../../store/pool.ts';
import { unbelievedKeeper } from '../../workers/keep-unbelieved.ts';
import { ACCOUNT, minute, openAccounts } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

let wallMs = 0;
const clock: Clock = { now: () => minute(7), wallNow: () => new Date(wallMs), toWallMs: (ms) => ms };

function answer(body: Buffer): UnbelievedAnswer {
  return {
    ...{ status: 200, headers: new Map([['wechatpay-nonce', 'n\0']]), body },
    ...{ call: 'POST /v3/refund', code: 'answer_signature_invalid', why: 'the signature is of other bytes' },
  };
}

async function rows(): Promise<readonly Record<string, unknown>[]> {
  return (await db.pool.query<Record<string, unknown>>('select * from unbelieved_answers order by id')).rows;
}

test('its bytes, headers, code and reason stay; of a file the beginning, with size and hash of all of it', async () => {
  const warned: unknown[] = [];
  const keep = unbelievedKeeper({ pool: db.pool, clock, log: { warn: (one: unknown) => warned.push(one) } });
  const body = Buffer.from([0, 255, 0x7b, 10]);
  const file = Buffer.alloc(300 * 1024, 7);

  await keep(ACCOUNT)(answer(body));
  await keep(ACCOUNT)(answer(file));

  const [small, large] = await rows();
  expect(small).toMatchObject({
    ...{ account_id: ACCOUNT, received_at: minute(7), call: 'POST /v3/refund', http_status: 200 },
    ...{ code: 'answer_signature_invalid', why: 'the signature is of other bytes', body },
    ...{ headers: { 'wechatpay-nonce': 'n\u2400' }, body_bytes: 4n },
  });
  expect(large).toMatchObject({
    body: file.subarray(0, 256 * 1024),
    body_bytes: BigInt(file.length),
    body_sha256: createHash('sha256').update(file).digest('hex'),
  });
  expect(warned).toHaveLength(2);
});

test('of a flood so many a minute are kept, and what was only counted is told', async () => {
  const warned: object[] = [];
  const keep = unbelievedKeeper({ pool: db.pool, clock, log: { warn: (one: object) => warned.push(one) } })(
    ACCOUNT,
  );
  const before = (await rows()).length;

  for (let index = 0; index < 30; index += 1) await keep(answer(Buffer.from('x')));
  wallMs += 61_000;
  await keep(answer(Buffer.from('x')));

  expect((await rows()).length - before).toBe(21);
  expect(warned).toContainEqual({ account: ACCOUNT, dropped: 10 });
});

test('a database that is away costs the answer, never the call', async () => {
  const gone = createPool({
    url: 'postgres://u:p@127.0.0.1:9/none',
    role: 'yuanlu_app',
    max: 1,
    name: 'gone',
  });
  const keep = unbelievedKeeper({ pool: gone, clock, log: { warn: () => undefined } });

  await expect(keep(ACCOUNT)(answer(Buffer.from('x')))).resolves.toBeUndefined();
  await gone.end();
});
