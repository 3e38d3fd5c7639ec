/** `yuanlu keys …`: who may call the API. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Scope } from '../domain/scopes.ts';
import { SCOPES } from '../domain/scopes.ts';
import { asDuration } from './argument-duration.ts';

export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description(
      'keys to the HTTP API, kept in the database (YUANLU_DATABASE_URL of the login that migrates)',
    )
    .addHelpText('after', KEYS_HELP);
  keys
    .command('create')
    .description('make a key; its text is shown this once and kept nowhere')
    .requiredOption('--merchant <id>', 'whose key it is; a merchant of the accounts file')
    .requiredOption(
      '--scope <scopes>',
      `what it may do, with commas between: ${SCOPES.join(', ')}, or all`,
      asScopes,
    )
    .option('--name <name>', 'what it is for, such as backend', asName, 'backend')
    .option(
      '--operator <person>',
      'whose it is, where it is for a person: only people ask for approvals and decide them',
      asName,
    )
    .option('--expires <time>', 'works no longer than this, such as 90d', asDuration)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: CreateKeyFlags) => {
      const { createKeyCommand } = await import('./commands/keys.ts');
      await createKeyCommand(options);
    });
  keys
    .command('list')
    .description('keys that work, with what they may do and when they were last used; never their text')
    .option('--merchant <id>', 'only of this merchant')
    .option('--all', 'also those that work no longer', false)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { merchant?: string; all: boolean; json: boolean }) => {
      const { listKeysCommand } = await import('./commands/keys.ts');
      await listKeysCommand(options);
    });
  keys
    .command('rotate')
    .description('make a key in place of another; both work for a while')
    .argument('<id>', 'as `keys list` shows it', asKeyId)
    .option(
      '--overlap <time>',
      'how long the old one still works; 0: not at all; 7d unless given',
      asDuration,
    )
    .option('--expires <time>', 'the new one works no longer than this', asDuration)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (id: string, options: RotateKeyFlags) => {
      const { rotateKeyCommand } = await import('./commands/keys.ts');
      await rotateKeyCommand(id, options);
    });
  keys
    .command('revoke')
    .description('take a key back: within a second it opens nothing, for good')
    .argument('<id>', 'as `keys list` shows it', asKeyId)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (id: string, options: { json: boolean }) => {
      const { revokeKeyCommand } = await import('./commands/keys.ts');
      await revokeKeyCommand(id, options);
    });
}

export interface CreateKeyFlags {
  readonly merchant: string;
  readonly scope: readonly Scope[];
  readonly name: string;
  readonly operator?: string;
  /** ms */
  readonly expires?: number;
  readonly json: boolean;
}

export interface RotateKeyFlags {
  /** ms */
  readonly overlap?: number;
  readonly expires?: number;
  readonly json: boolean;
}

const KEYS_HELP = `
Keys of the accounts file go on working beside these; they are changed in that file.

Examples:
  yuanlu keys create --merchant card-shop --name backend --scope refunds:read,refunds:write --expires 365d
  yuanlu keys create --merchant card-shop --name lin.mei --operator lin.mei --scope refunds:read,approvals:read,approvals:write
  yuanlu keys rotate key_7 --overlap 2d
  yuanlu keys revoke key_7`;

function asScopes(text: string): readonly Scope[] {
  if (text === 'all') return SCOPES;
  const names = text.split(',').map((name) => name.trim());
  const scopes = SCOPES.filter((scope) => names.includes(scope));
  if (names.every((name) => (SCOPES as readonly string[]).includes(name))) return scopes;
  throw new InvalidArgumentError(`Scopes are: ${SCOPES.join(', ')}.`);
}

function asName(text: string): string {
  if (/^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be letters, digits, dots, dashes and underscores, at most 40.');
}

/** `key_7` is the row 7. */
function asKeyId(text: string): string {
  const [, id] = /^key_([1-9][0-9]{0,17})$/.exec(text) ?? [];
  if (id !== undefined) return id;
  throw new InvalidArgumentError('It must be an id of `yuanlu keys list`, such as key_7.');
}
