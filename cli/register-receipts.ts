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

export interface FileFlags {
  readonly lang?: string;
  readonly out?: string;
  readonly json: boolean;
}

export interface VerifyFlags {
  readonly keys?: string;
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
  registerFiles(receipt);
}

function registerFiles(receipt: Command): void {
  receipt
    .command('pdf')
    .description('the receipt as PDF, with the signed receipt inside it')
    .argument('<refund-no>')
    .option('--lang <language>', 'zh or en', 'zh')
    .option('--out <file>', 'where to write it')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: FileFlags) => {
      const { pdfCommand } = await import('./commands/receipt-files.ts');
      await pdfCommand(refundNo, options);
    });
  receipt
    .command('json')
    .description('the signed receipt')
    .argument('<refund-no>')
    .option('--out <file>', 'where to write it')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: FileFlags) => {
      const { jsonCommand } = await import('./commands/receipt-files.ts');
      await jsonCommand(refundNo, options);
    });
  receipt
    .command('pack')
    .description(
      'the proof pack: receipts, evidence, statement lines, complaint texts, and how to check them',
    )
    .argument('<refund-no>')
    .option('--out <file>', 'where to write it')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (refundNo: string, options: FileFlags) => {
      const { packCommand } = await import('./commands/receipt-files.ts');
      await packCommand(refundNo, options);
    });
  receipt
    .command('verify')
    .description(
      'check a receipt (JSON or PDF) or a whole proof pack, without any network: exit 0 genuine, 1 not',
    )
    .argument('<file>')
    .option('--keys <file>', 'the public keys of who issued it; by default those of YUANLU_RECEIPT_KEYS_FILE')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: VerifyFlags) => {
      const { verifyCommand } = await import('./commands/receipt-files.ts');
      process.exitCode = await verifyCommand(file, options);
    });
}
