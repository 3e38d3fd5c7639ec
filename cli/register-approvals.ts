/** The commands for acts that need two people. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Resolution } from '../domain/refund/observation.ts';

export interface AskFlags {
  readonly as: Resolution;
  readonly proof: string;
  readonly reason: string;
  readonly json: boolean;
}

export interface DecisionFlags {
  readonly fingerprint: string;
  readonly reason: string;
  readonly json: boolean;
}

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
  registerAsking(approvals);
  for (const [name, verdict, about] of [
    ['approve', 'approved', "approve another's request: it is done at once, exactly as it was asked"],
    ['reject', 'rejected', "reject another's request"],
  ] as const) {
    approvals
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
  }
}

function registerAsking(approvals: Command): void {
  approvals
    .command('resolve')
    .description('ask to decide what became of a refund that its channel leaves open')
    .argument('<refund-no>')
    .addOption(
      new Option('--as <end>', 'what became of it').choices(['paid', 'not_paid']).makeOptionMandatory(),
    )
    .requiredOption('--proof <text>', 'what you saw outside of this system: a letter, a ticket, a number')
    .requiredOption('--reason <text>', 'why it is for people to decide')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: AskFlags) => {
      const { askForResolutionCommand } = await import('./commands/approvals.ts');
      await askForResolutionCommand(refundNo, options);
    });
}
