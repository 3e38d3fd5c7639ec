/** The commands about months of the books. */
import type { Command } from 'commander';
import type { ArchiveFlags, MonthsListFlags } from './commands/months.ts';

export function registerMonths(program: Command): void {
  const months = program.command('months').description('the books by month, and months as archives');
  months
    .command('list')
    .description(
      'what lies in each month, how many of its days are closed, and where its archive is said to be',
    )
    .option('--account <id>', 'only this account')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: MonthsListFlags) => {
      const { listMonthsCommand } = await import('./commands/months.ts');
      await listMonthsCommand(options);
    });
  months
    .command('archive')
    .description(
      'write a month of which nothing is open any more to a folder: closed days, statements, hashes',
    )
    .argument('<month>', 'yyyy-mm')
    .requiredOption('--account <id>', 'an account of the accounts file')
    .requiredOption('--to <dir>', 'the folder that the archive is made in')
    .option('--dry-run', 'say what would be written, or what stands in the way', false)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (month: string, options: ArchiveFlags) => {
      const { archiveMonthCommand } = await import('./commands/months.ts');
      await archiveMonthCommand(month, options);
    });
  months
    .command('verify')
    .description('whether an archive is as it was written, without a network: exit 0 it is, 1 it is not')
    .argument('<folder>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (folder: string, options: { json: boolean }) => {
      const { verifyMonthCommand } = await import('./commands/months.ts');
      process.exitCode = await verifyMonthCommand(folder, options);
    });
}
