/** The `yuanlu` command. Commands are loaded when they are called, so `--help` answers at once. */
import { Command } from 'commander';
import { VERSION } from '../workers/version.ts';
import { describeFailure } from './exit.ts';
import { registerApprovals } from './register-approvals.ts';
import { registerBooks } from './register-books.ts';
import { registerBreaks } from './register-breaks.ts';
import { registerCalendar } from './register-calendar.ts';
import { registerClose } from './register-close.ts';
import { registerKeys } from './register-keys.ts';
import { registerMonths } from './register-months.ts';
import { registerProcesses } from './register-processes.ts';
import { registerReceipts } from './register-receipts.ts';
import { registerWebhooks } from './register-webhooks.ts';

export async function main(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    const failure = describeFailure(error);
    for (const line of failure.lines) process.stderr.write(`${line}\n`);
    process.exitCode = failure.code;
  }
}

export function buildProgram(): Command {
  const program = new Command('yuanlu')
    .description('Refunds that go back the way the money came: sent, followed, reconciled, proven.')
    .version(VERSION)
    .showHelpAfterError('(see --help)')
    .configureOutput({
      outputError: (text, write) => {
        write(text);
      },
    })
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  registerProcesses(program);
  registerBooks(program);
  registerBreaks(program);
  registerApprovals(program);
  registerClose(program);
  registerMonths(program);
  registerReceipts(program);
  registerCalendar(program);
  registerKeys(program);
  registerWebhooks(program);
  return program;
}
