/** The commands about receipts: links for payers, and the keys behind them. */
import type { Command } from 'commander';

export interface LinkFlags {
  readonly days?: string;
  readonly replace: boolean;
  readonly json: boolean;
}

export interface RevokeFlags {
  readonly link?: string;
  readonly json: boolean;
}

export function registerReceipts(program: Command): void {
  const receipt = program
    .command('receipt')
    .description('what the payer is shown and can keep (YUANLU_API_URL, YUANLU_API_KEY)');
  receipt
    .command('link')
    .description('make a link that opens the receipt: for the payer only')
    .argument('<refund-no>')
    .option('--days <n>', 'how long it opens, 1 to 1096')
    .option('--replace', 'take the earlier links of the refund back', false)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: LinkFlags) => {
      const { linkCommand } = await import('./commands/receipt-links.ts');
      await linkCommand(refundNo, options);
    });
  receipt
    .command('links')
    .description('the links of a refund, without their addresses')
    .argument('<refund-no>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: { json: boolean }) => {
      const { listLinksCommand } = await import('./commands/receipt-links.ts');
      await listLinksCommand(refundNo, options);
    });
  receipt
    .command('revoke')
    .description('take all links of a refund back, or one of them')
    .argument('<refund-no>')
    .option('--link <id>', 'only this one, by its id in `receipt links`')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: RevokeFlags) => {
      const { revokeCommand } = await import('./commands/receipt-links.ts');
      await revokeCommand(refundNo, options);
    });
  receipt
    .command('new-keys')
    .description(
      'put new keys in front of those in the file, or make it; earlier receipts and links stay good',
    )
    .argument('<file>', 'what YUANLU_RECEIPT_KEYS_FILE names')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: { json: boolean }) => {
      const { newKeysCommand } = await import('./commands/receipt-keys.ts');
      await newKeysCommand(file, options);
    });
}
