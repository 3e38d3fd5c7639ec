/** The refund list as a table, and as the books that matching looks into. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { Pool } from '../../store/pool.ts';
import type { ListedRefund } from './list-row.ts';

/** The one account of a run: a list names none. */
export const ACCOUNT = 'reconcile';

const COLUMNS =
  'list_line, requested_at, amount_minor, refund_no, currency, source, state, channel_refund_no, transaction_id, payment_no';

const TABLE = `
  create schema reconcile;
  grant usage on schema reconcile to yuanlu_ingest;
  -- Gone with its database: nobody reads it after a crash.
  create unlogged table reconcile.listed (
    list_line          bigint not null,
    requested_at       timestamptz not null,
    amount_minor       bigint not null,
    -- Another row of the list that names the same refund and stands for both.
    same_as            bigint,
    -- Has the number of another refund: its line, which the channel's number leads to, prints another one; see listed-again.ts.
    misnamed           boolean not null default false,
    -- The transaction that the statement has for it, where the list does not say one; see listed-again.ts.
    trade              text,
    -- The channel's number in the line that it was matched with, where the list does not say it; see corrections.ts.
    printed_as         text,
    refund_no          text not null,
    currency           text not null,
    source             text not null,
    state              text,
    channel_refund_no  text,
    transaction_id     text,
    payment_no         text
  )`;

/** Matching reads its refunds here: the list takes the place of the books. */
const BOOK = `
  create or replace view yuanlu.refund_book as
    select list_line as id, '${ACCOUNT}'::text as merchant_id, '${ACCOUNT}'::text as account_id,
           case when not misnamed then refund_no end as refund_no,
           coalesce(channel_refund_no, printed_as) as channel_refund_no, coalesce(transaction_id, trade) as transaction_id, payment_no, amount_minor, currency, requested_at,
           null::timestamptz as accepted_at, coalesce(state, 'processing') as state,
           -- A list does not say why a refund failed, so none of its failures is taken for a closure. One that needs action is one
           -- that did not go through (WeChat's ABNORMAL).
           case state when 'needs_action' then 'abnormal' end as state_reason
      from reconcile.listed
     where same_as is null`;

/** Makes the empty table, and an account to import under. */
export async function createListedTable(owner: Pool, channel: ChannelName): Promise<void> {
  await owner.query(TABLE);
  await owner.query(BOOK);
  await owner.query(
    `insert into yuanlu.channel_accounts (id, merchant_id, channel, external_id) values ($1, $1, $2, $1)`,
    [ACCOUNT, channel],
  );
}

/** Turns batches of refunds into COPY text. */
export async function* listedCopyText(
  batches: AsyncIterable<readonly ListedRefund[]>,
): AsyncGenerator<Buffer, void> {
  for await (const batch of batches) yield Buffer.from(batch.map(copyRow).join(''));
}

function copyRow(refund: ListedRefund): string {
  const fields = [
    refund.listLine,
    new Date(refund.requestedAtMs).toISOString(),
    refund.amountMinor,
    escaped(refund.refundNo),
    refund.currency,
    refund.source,
    refund.state ?? '\\N',
    escaped(refund.channelRefundNo),
    escaped(refund.transactionId),
    escaped(refund.paymentNo),
  ];
  return `${fields.join('\t')}\n`;
}

/** Control characters were refused before; only the backslash means something to COPY. */
function escaped(text: string | null): string {
  if (text === null) return '\\N';
  return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
}

/** Fills the table. @returns the number of rows */
export async function fillListedTable(owner: Pool, copyText: Readable): Promise<number> {
  const connection = await owner.connect();
  try {
    const copy = connection.query(copyFrom(`copy reconcile.listed (${COLUMNS}) from stdin`));
    await pipeline(copyText, copy);
    await connection.query('analyze reconcile.listed (refund_no)');
    return copy.rowCount;
  } finally {
    // A connection whose COPY was cut short is not worth keeping; this one is not used again.
    connection.release(true);
  }
}

/** From so many statements on, looking refunds up pays for an index; one or two statements read the list once each. */
const INDEXED_FROM_STATEMENTS = 4;

const BY_NUMBER = 'create index on reconcile.listed (refund_no)';

/**
 * What was judged finds its refunds by their lines, as it does in the books by their ids. Without this index a plan that takes the
 * differences for few reads the whole list once for each of them: a million refunds with ten thousand differences did not end within ten minutes.
 */
const BY_LINE = 'create unique index listed_by_line on reconcile.listed (list_line)';

/** Makes the list quick to look into: by its lines always, by its numbers where many statements will. */
export async function indexListed(owner: Pool, statements: number): Promise<void> {
  await owner.query(BY_LINE);
  if (statements >= INDEXED_FROM_STATEMENTS) await owner.query(BY_NUMBER);
}
