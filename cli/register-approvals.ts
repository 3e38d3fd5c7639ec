/** The commands for acts that need two people. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { FALLBACK_METHODS } from '../domain/refund/observation.ts';
import type { AskFlags, DecisionFlags } from './commands/approvals.ts';

export function registerApprovals(program: Command): void {
  const approvals = program
    .command('approvals')
    .description('acts that need two people (YUANLU_API_URL, YUANLU_API_KEY of a person)');
  approvals
    .command('list')
    .description('what waits for a second person, newest first')
    .option('--all', 'decided and expired ones too', false)
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { all: boolean; limit: string; json: boolean }) => {
      const { listApprovalsCommand } = await import('./commands/approvals.ts');
      await listApprovalsCommand(options);
    });
  approvals
    .command('show')
    .description('one request: exactly what is to be done, who asked, who decided')
    .argument('<id>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (id: string, options: { json: boolean }) => {
      const { showApprovalCommand } = await import('./commands/approvals.ts');
      await showApprovalCommand(id, options);
    });
  registerBulkAsking(approvals);
  registerAsking(approvals);
  registerDeciding(approvals);
}

/** Acts that may be asked for several refunds at once. */
function registerBulkAsking(approvals: Command): void {
  const ask = askFor(approvals);
  ask('resolve', 'resolve_refund', 'ask to decide what became of refunds that their channel leaves open')
    .argument('<refund-no...>')
    .addOption(
      new Option('--as <end>', 'what became of it').choices(['paid', 'not_paid']).makeOptionMandatory(),
    )
    .requiredOption('--proof <text>', PROOF);
  ask('release', 'release_refund', 'ask to let refunds go that are over a limit').argument('<refund-no...>');
  ask('record-return', 'record_return', 'ask to record that the money of paid refunds came back')
    .argument('<refund-no...>')
    .requiredOption('--proof <text>', PROOF);
  ask('lift', 'lift_overdue', 'ask to lift the overdue flag of refunds; a higher level is raised again')
    .argument('<refund-no...>')
    .requiredOption('--proof <text>', PROOF);
}

function registerAsking(approvals: Command): void {
  const ask = askFor(approvals);
  ask(
    'redirect',
    'redirect_refund',
    'ask to send an abnormal refund elsewhere; a card is read from the terminal or stdin, never from the command line',
  )
    .argument('<refund-no>')
    .option(
      '--bank <code>',
      "a card of the payer's at this bank (ICBC_DEBIT …); without it: to the merchant",
    );
  ask('fallback', 'fallback_route', 'ask to pay the payer another way, outside of the channel')
    .argument('<refund-no>')
    .addOption(new Option('--method <how>', 'how').choices(FALLBACK_METHODS).makeOptionMandatory())
    .requiredOption('--payee <name>', 'whom; kept masked')
    .option('--bank <name>', 'at which bank')
    .option('--account-ending <digits>', 'the last four digits of the account');
}

const PROOF = 'what you saw outside of this system: a letter, a ticket, a number';

/** A command that asks for an act; the options of the act itself are added by whoever calls it. */
function askFor(approvals: Command): (name: string, act: string, about: string) => Command {
  return (name, act, about) =>
    approvals
      .command(name)
      .description(about)
      .requiredOption('--reason <text>', 'why it is for people to decide')
      .option('--json', 'print one JSON document on stdout', false)
      .action(async (refunds: string | string[], options: AskFlags) => {
        const { askForActCommand } = await import('./commands/approvals.ts');
        await askForActCommand(act, refunds, options);
      });
}

function registerDeciding(approvals: Command): void {
  for (const [name, verdict, about] of [
    ['approve', 'approved', "approve another's request: it is done at once, exactly as it was asked"],
    ['reject', 'rejected', "reject another's request"],
  ] as const) {
    const command = approvals
      .command(name)
      .description(about)
      .argument('<id>')
      .requiredOption('--fingerprint <hex>', 'of the request that you saw (approvals show)')
      .requiredOption('--reason <text>', 'why, for the record')
      .option('--json', 'print one JSON document on stdout', false)
      .action(async (id: string, options: DecisionFlags) => {
        const { decideApprovalCommand } = await import('./commands/approvals.ts');
        await decideApprovalCommand(id, verdict, options);
      });
    if (verdict === 'approved')
      command.option('--card', 'type the card that the refund goes to: it was not kept', false);
  }
}
