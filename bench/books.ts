/** Books to match against: one database is filled once, and each round works on a copy of it. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { migrate } from '../store/migrate.ts';
import type { MadeUpRefund } from './bill.ts';
import { ACCOUNT, MERCHANT, MERCHANT_NO, requestedAt } from './bill.ts';

const TEMPLATE = 'bench_books';

/** The URL of a server, for another of its databases. */
export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

async function asAdmin(adminUrl: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes a database that rounds are copied from: all refunds but the unknown ones, accepted by the channel. */
export async function fillBooks(
  adminUrl: string,
  refunds: readonly MadeUpRefund[],
  template = TEMPLATE,
): Promise<void> {
  await emptyBooks(adminUrl, template);
  await onBooks(adminUrl, template, async (client) => {
    // Filling is not measured: the rows are put in as they would be by now, without their triggers.
    await client.query(`set session_replication_role = replica`);
    await client.query(
      `insert into yuanlu.channel_accounts (id, merchant_id, channel, external_id) values ($1, $2, 'wechat', $3)`,
      [ACCOUNT, MERCHANT, MERCHANT_NO],
    );
    const known = inTheBooks(refunds);
    await copy(
      client,
      'payments (id, merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, reserved_minor, fingerprint, created_at)',
      known,
      paymentRow,
    );
    await copy(
      client,
      'refunds (id, merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at, state, channel_refund_no, accepted_at, workflow_started_at, payment_no, transaction_id)',
      known,
      refundRow,
    );
    for (const table of ['payments', 'refunds']) {
      await client.query(`select setval('yuanlu.${table}_id_seq', $1)`, [refunds.length + 1]);
    }
    await client.query('vacuum analyze');
  });
}

/** With a connection of the server's owner to one of its databases. */
export async function onBooks(
  adminUrl: string,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(adminUrl, name) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Those that the books know, numbered as there. */
function inTheBooks(refunds: readonly MadeUpRefund[]): readonly Known[] {
  return refunds
    .filter((one) => one.difference !== 'unknown')
    .map((refund, index) => ({ refund, id: index + 1 }));
}

/** The refunds of the same books as CSV, for whoever else matches them. */
export async function writeBooksCsv(path: string, refunds: readonly MadeUpRefund[]): Promise<void> {
  function* text(): Generator<string> {
    yield 'id,refund_no,channel_refund_no,amount_minor,requested_at\n';
    for (const { refund, id } of inTheBooks(refunds)) {
      const { refundNo, channelRefundNo, amountMinor } = refund;
      yield `${[id, refundNo, channelRefundNo, amountMinor, requestedAt(refund).toISOString()].join(',')}\n`;
    }
  }
  await pipeline(Readable.from(text()), createWriteStream(path));
}

/** A database with our tables and nothing in them. */
export async function emptyBooks(adminUrl: string, name: string): Promise<void> {
  await asAdmin(adminUrl, `drop database if exists ${name} with (force)`, `create database ${name}`);
  await migrate(databaseUrl(adminUrl, name));
}

/** A database of its own for one round. Returns its URL. */
export function freshCopy(adminUrl: string, name: string): Promise<string> {
  return copyOf(adminUrl, TEMPLATE, name);
}

/** A copy of a database that nobody is connected to. Returns its URL. */
export async function copyOf(adminUrl: string, template: string, name: string): Promise<string> {
  await asAdmin(
    adminUrl,
    `drop database if exists ${name} with (force)`,
    `create database ${name} template ${template}`,
    'checkpoint',
  );
  return databaseUrl(adminUrl, name);
}

export function dropCopy(adminUrl: string, name: string): Promise<void> {
  return asAdmin(adminUrl, `drop database if exists ${name} with (force)`);
}

interface Known {
  readonly refund: MadeUpRefund;
  readonly id: number;
}

/** Rows per piece of a COPY. */
const PIECE_ROWS = 5_000;

async function copy(
  client: pg.Client,
  target: string,
  refunds: readonly Known[],
  row: (known: Known) => readonly (string | number)[],
): Promise<void> {
  function* text(): Generator<string> {
    for (let at = 0; at < refunds.length; at += PIECE_ROWS) {
      const piece = refunds.slice(at, at + PIECE_ROWS);
      yield piece.map((one) => `${row(one).join('\t')}\n`).join('');
    }
  }
  await pipeline(text, client.query(copyFrom(`copy yuanlu.${target} from stdin`)));
}

function paymentRow({ refund, id }: Known): readonly (string | number)[] {
  const { paymentNo, transactionId, amountMinor } = refund;
  const at = requestedAt(refund).toISOString();
  return [id, MERCHANT, ACCOUNT, paymentNo, transactionId, 100_000, 'CNY', amountMinor, 'made-up', at];
}

function refundRow({ refund, id }: Known): readonly (string | number)[] {
  const { refundNo, channelRefundNo, amountMinor, paymentNo, transactionId } = refund;
  const at = requestedAt(refund).toISOString();
  const accepted = new Date(refund.acceptedAtMs).toISOString();
  return [
    id,
    MERCHANT,
    ACCOUNT,
    'wechat',
    id,
    refundNo,
    amountMinor,
    'CNY',
    'made-up',
    at,
    'succeeded',
    channelRefundNo,
    accepted,
    at,
    paymentNo,
    transactionId,
  ];
}
