/** The commands that close the books of a day, and prove afterwards what was closed. */
import type { Command } from 'commander';

export interface CloseFlags {
  readonly reason: string;
  readonly json: boolean;
  /** `number=reason`, each. */
  readonly accept?: readonly string[];
  readonly acceptRows?: readonly string[];
}

export interface ClosedListFlags {
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly changed: boolean;
  readonly limit: string;
  readonly json: boolean;
}

export interface OutFlags {
  readonly out?: string;
  readonly json: boolean;
}

export interface VerifyDayFlags {
  readonly keys?: string;
  readonly json: boolean;
}

type JsonFlags = Pick<OutFlags, 'json'>;

export function registerClose(program: Command): void {
  const close = program
    .command('close')
    .description('close the books of a day (YUANLU_API_URL, YUANLU_API_KEY), and prove what was closed');
  const ofDay = (name: string, about: string): Command =>
    close
      .command(name)
      .description(about)
      .argument('<account>', 'an account of the accounts file')
      .argument('<date>', 'bill date, yyyy-mm-dd')
      .option('--json', 'print one JSON document on stdout', false);
  ofDay(
    'check',
    'whether a day can be closed, and what stands in the way: exit 0 it can or is closed, 1 it cannot',
  ).action(async (account: string, date: string, options: JsonFlags) => {
    const { checkDayCommand } = await import('./commands/close.ts');
    process.exitCode = await checkDayCommand(account, date, options);
  });
  ofDay('day', 'ask to close a day; another person approves it (yuanlu approvals approve)')
    .requiredOption('--reason <text>', 'for the record')
    .option('--accept <number=reason...>', 'open breaks that do not stand in the way')
    .option('--accept-rows <number=reason...>', 'statements whose unread rows do not stand in the way')
    .action(async (account: string, date: string, options: CloseFlags) => {
      const { closeDayCommand } = await import('./commands/close.ts');
      await closeDayCommand(account, date, options);
    });
  ofDay('reopen', 'ask to reopen a closed day; another person approves it')
    .requiredOption('--reason <text>', 'why it has to be reopened')
    .action(async (account: string, date: string, options: CloseFlags) => {
      const { reopenDayCommand } = await import('./commands/close.ts');
      await reopenDayCommand(account, date, options);
    });
  ofDay('show', 'the newest closing of a day, and what has changed about it since').action(
    async (account: string, date: string, options: JsonFlags) => {
      const { showClosingCommand } = await import('./commands/close.ts');
      await showClosingCommand(account, date, options);
    },
  );
  registerList(close);
  registerProofs(close, ofDay);
}

function registerList(close: Command): void {
  close
    .command('list')
    .description('closings of days, newest first')
    .option('--account <id>', 'only this account')
    .option('--from <date>', 'first bill date')
    .option('--to <date>', 'last bill date')
    .option('--changed', 'only closed days that have changed since', false)
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: ClosedListFlags) => {
      const { listClosingsCommand } = await import('./commands/close.ts');
      await listClosingsCommand(options);
    });
}

function registerProofs(close: Command, ofDay: (name: string, about: string) => Command): void {
  ofDay(
    'export',
    'write a closed day as a file that proves itself: its record, and every line, match and break',
  )
    .option('--out <file>', 'where to write it; with .gz at the end it is packed')
    .action(async (account: string, date: string, options: OutFlags) => {
      const { exportDayCommand } = await import('./commands/close-files.ts');
      await exportDayCommand(account, date, options);
    });
  close
    .command('prove')
    .description('write the proof that a refund stood in a closed day')
    .argument('<refund-no>')
    .option('--out <file>', 'where to write it')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: OutFlags) => {
      const { proveRefundCommand } = await import('./commands/close-files.ts');
      await proveRefundCommand(refundNo, options);
    });
  close
    .command('verify')
    .description(
      'check an exported day or a proof, without any network: exit 0 it is what was closed, 1 it is not',
    )
    .argument('<file>')
    .option('--keys <file>', 'the public keys of who closed it; by default those of YUANLU_RECEIPT_KEYS_FILE')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: VerifyDayFlags) => {
      const { verifyDayCommand } = await import('./commands/close-files.ts');
      process.exitCode = await verifyDayCommand(file, options);
    });
}
