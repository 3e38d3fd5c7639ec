/** Answers of channels that could not be believed, kept as they came. */
import { createHash } from 'node:crypto';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './pool.ts';
import { storable, storableText } from './storable-text.ts';

/** More than any answer that is no file; a file is told by its hash. */
const BODY_BYTES_MAX = 256 * 1024;

export interface NewUnbelievedAnswer {
  readonly accountId: string;
  readonly receivedAt: Date;
  readonly call: string;
  readonly code: ErrorCode;
  readonly why: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export async function storeUnbelievedAnswer(db: Db, answer: NewUnbelievedAnswer): Promise<void> {
  const { body } = answer;
  await db.query(
    `insert into unbelieved_answers
       (account_id, received_at, call, code, why, http_status, headers, body, body_bytes, body_sha256)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[
        answer.accountId,
        answer.receivedAt,
        storableText(answer.call),
        answer.code,
        storableText(answer.why),
      ],
      ...[answer.status, JSON.stringify(storable(Object.fromEntries(answer.headers)))],
      ...[body.subarray(0, BODY_BYTES_MAX), body.length, createHash('sha256').update(body).digest('hex')],
    ],
  );
}
