/** The commands that look into the books and work with them. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { OVERDUE_LEVEL_NAMES } from '../domain/overdue/levels.ts';
import { CHANNEL_NAMES } from '../domain/refund/refund.ts';
import { asDay } from './argument-day.ts';
import type { OverdueListFlags } from './commands/overdue.ts';

export function registerBooks(program: Command): void {
  registerReconcile(program);
  registerRefunds(program);
  registerStatements(program);
  registerOverdue(program);
}

function registerOverdue(program: Command): void {
  const overdue = program.command('overdue').description('refunds whose promise has passed without evidence');
  overdue
    .command('list', { isDefault: true })
    .description(
      'days late, what the channel was asked and said, and the serials to quote; the longest late first',
    )
    .addOption(new Option('--level <level>', 'only this level').choices(OVERDUE_LEVEL_NAMES))
    .addOption(new Option('--channel <name>', 'only this channel').choices(CHANNEL_NAMES))
    .option('--limit <n>', 'how many', '200')
    .addOption(new Option('--csv', 'print a table for spreadsheets').default(false).conflicts('json'))
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: OverdueListFlags) => {
      const { listOverdueCommand } = await import('./commands/overdue.ts');
      await listOverdueCommand(options);
    });
  overdue
    .command('show')
    .description(
      'one of them: whom each number is for, what to do next, and words to send in Chinese and English',
    )
    .argument('<refund-no>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: { json: boolean }) => {
      const { showOverdueCommand } = await import('./commands/overdue.ts');
      await showOverdueCommand(refundNo, options);
    });
}

function registerReconcile(program: Command): void {
  program
    .command('reconcile')
    .description('match statements against a refund list; no services to set up')
    .addOption(
      new Option('--channel <name>', 'whose statements they are')
        .choices(CHANNEL_NAMES)
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--statement <file...>',
      'statement files as the channel delivers them: .csv, .csv.gz, .zip; the kind is found by content',
    )
    .requiredOption('--refunds <file>', 'the refunds that you know of: CSV in UTF-8, see below')
    .option(
      '--as-of <date>',
      'judge what waits, is missing or is late at the end of this day, yyyy-mm-dd in Beijing (default: now)',
      asDay,
    )
    .option('--out <dir>', 'write matches.csv, breaks.csv, overdue.csv, quarantine.csv, summary.json here')
    .option(
      '--database <url>',
      'work on this Postgres, in a database made for the run and removed again, instead of an embedded one',
    )
    .option('--fail-on-breaks', 'exit 1 when something does not agree', false)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: ReconcileFlags, command: Command) => {
      // Said by us: commander would repeat the address, and there may be a password in it.
      if (options.database !== undefined && !isPostgresUrl(options.database))
        command.error('error: --database must be written as postgres://user:password@host:port/database');
      const { reconcileCommand } = await import('./commands/reconcile.ts');
      process.exitCode = await reconcileCommand(options);
    })
    .addHelpText('after', RECONCILE_HELP);
}

const RECONCILE_HELP = `
The refund list has a header and one refund per line, in any order of columns:
  needed    refund_no, channel, amount_minor (fen), currency, requested_at (2026-11-24T10:00:00+08:00)
  optional  channel_refund_no, transaction_id, payment_no,
            source (wallet, credit_line, debit_card, credit_card, unknown), state (succeeded, failed, …)
It may hold refunds of all channels; which of a channel's numbers is which column: docs/reconcile.md.

A listed refund that is in no statement is waiting while its arrival window runs, or while the
statement of its day cannot exist yet; after that it is missing_at_channel.

Exit codes: 0 it ran; 1 breaks were found and --fail-on-breaks was given; 2 an input cannot be used;
3 no Postgres could be had.

Examples:
  yuanlu reconcile --channel wechat --statement 2026-11-23.csv.gz --refunds refunds.csv --out result
  yuanlu reconcile --channel unionpay --statement 20261123.zip 20261124.zip --refunds refunds.csv`;

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
}

export interface ReconcileFlags {
  readonly channel: string;
  readonly statement: readonly string[];
  readonly refunds: string;
  readonly asOf?: string;
  readonly out?: string;
  readonly database?: string;
  readonly failOnBreaks: boolean;
  readonly json: boolean;
}

function registerRefunds(program: Command): void {
  const refunds = program
    .command('refunds')
    .description('refunds over the HTTP API (YUANLU_API_URL, YUANLU_API_KEY)');
  refunds
    .command('create')
    .description('ask for a refund of a payment')
    .requiredOption('--payment <no>', "the merchant's number of the payment")
    .requiredOption('--amount <yuan>', 'for example 23.45')
    .option('--account <id>', 'the account that took a payment which is not registered yet; needs --captured')
    .option('--captured <yuan>', 'what that payment was of')
    .option('--transaction <no>', "the channel's number of that payment")
    .option('--refund-no <no>', 'your number; one is made when you give none')
    .option('--key <text>', 'idempotency key; repeat the same key to be sure, never a new one')
    .option('--reason <text>', 'shown to the payer')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: CreateFlags) => {
      const { createRefundCommand } = await import('./commands/refunds.ts');
      await createRefundCommand(options);
    });
  refunds
    .command('get')
    .description('one refund: where it stands, when it should land, which serials to quote')
    .argument('<refund-no>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: { json: boolean }) => {
      const { getRefundCommand } = await import('./commands/refunds.ts');
      await getRefundCommand(refundNo, options);
    });
  refunds
    .command('list')
    .description('refunds, newest first')
    .option('--state <state>', 'only this state')
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { state?: string; limit: string; json: boolean }) => {
      const { listRefundsCommand } = await import('./commands/refunds.ts');
      await listRefundsCommand(options);
    });
  refunds
    .command('paid-otherwise')
    .description(
      'record the number of a payment that two people let be made another way (approvals fallback)',
    )
    .argument('<refund-no>')
    .requiredOption('--reference <number>', 'of the transfer, as the bank or the wallet prints it')
    .requiredOption('--at <instant>', 'when it was paid: 2026-11-24T10:30:00+08:00')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: { reference: string; at: string; json: boolean }) => {
      const { paidOtherwiseCommand } = await import('./commands/refunds.ts');
      await paidOtherwiseCommand(refundNo, options);
    });
  refunds
    .command('watch')
    .description('follow one refund until its final word')
    .argument('<refund-no>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: { json: boolean }) => {
      const { watchRefundCommand } = await import('./commands/refunds.ts');
      await watchRefundCommand(refundNo, options);
    });
}

export interface CreateFlags {
  readonly payment: string;
  readonly amount: string;
  readonly account?: string;
  readonly captured?: string;
  readonly transaction?: string;
  readonly refundNo?: string;
  readonly key?: string;
  readonly reason?: string;
  readonly json: boolean;
}

function registerStatements(program: Command): void {
  const statements = program.command('statements').description("the channels' statements");
  statements
    .command('list')
    .description('statements by day, with their totals')
    .option('--account <id>', 'only this account')
    .option('--limit <n>', 'how many', '60')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { account?: string; limit: string; json: boolean }) => {
      const { listStatementsCommand } = await import('./commands/statements.ts');
      await listStatementsCommand(options);
    });
  statements
    .command('show')
    .description('one statement: hash, totals declared and computed, what it changed, rows set aside')
    .argument('<number>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (number: string, options: { json: boolean }) => {
      const { showStatementCommand } = await import('./commands/statements.ts');
      await showStatementCommand(number, options);
    });
  statements
    .command('changes')
    .description('what a new delivery of a day changed against the one before, line by line')
    .argument('<number>')
    .option('--after <no>', 'go on after this change', '0')
    .option('--limit <n>', 'how many', '60')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (number: string, options: { after: string; limit: string; json: boolean }) => {
      const { statementChangesCommand } = await import('./commands/statement-changes.ts');
      await statementChangesCommand(number, options);
    });
  statements
    .command('gaps')
    .description('statements that should be here and are not: exit 0 none, 1 some')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { json: boolean }) => {
      const { statementGapsCommand } = await import('./commands/statement-gaps.ts');
      process.exitCode = await statementGapsCommand(options);
    });
  statements
    .command('import')
    .description('load and match a statement file that you have')
    .argument('<file>')
    .requiredOption('--account <id>', 'the account that it belongs to')
    .requiredOption('--date <date>', 'its bill date, yyyy-mm-dd')
    .option(
      '--kind <kind>',
      'trade, fund_flow, fund_flow_operation or fund_flow_fees: what the account has',
      'trade',
    )
    .option(
      '--part <name>',
      'one of several files of that day: each part takes the place of its own name only',
    )
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: ImportFlags) => {
      const { importStatementCommand } = await import('./commands/statement-import.ts');
      await importStatementCommand(file, options);
    });
  statements
    .command('three-way')
    .description('a day by the books, the trade statement and what left the account, and why they differ')
    .argument('<account>')
    .argument('<date>', 'bill date, yyyy-mm-dd')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (account: string, date: string, options: { json: boolean }) => {
      const { threeWayCommand } = await import('./commands/three-way.ts');
      await threeWayCommand(account, date, options);
    });
  statements
    .command('run')
    .description('fetch, load and match the statements of a day, or of a range with --to')
    .requiredOption('--account <id>')
    .requiredOption('--date <date>', 'bill date, yyyy-mm-dd')
    .option('--to <date>', 'last day of a range')
    .option(
      '--kind <kind>',
      'trade, fund_flow, fund_flow_operation or fund_flow_fees: what the account has',
      'trade',
    )
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: RunFlags) => {
      const { runStatementCommand } = await import('./commands/statement-run.ts');
      await runStatementCommand(options);
    });
}

interface DayFlags {
  readonly account: string;
  readonly date: string;
  readonly kind: string;
  readonly json: boolean;
}

export interface ImportFlags extends DayFlags {
  readonly part?: string;
}

export interface RunFlags extends DayFlags {
  readonly to?: string;
}
