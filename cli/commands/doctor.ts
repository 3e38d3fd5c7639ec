/** `yuanlu doctor`: checks the configuration and everything it names, and says how to mend what is wrong. */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { loadAccounts } from '../../workers/accounts.ts';
import type { ChannelRegistry } from '../../workers/channels.ts';
import { buildChannels } from '../../workers/channels.ts';
import { clockFor, systemClock } from '../../workers/clock.ts';
import { readAsFarAsPossible } from '../../workers/config.ts';
import { EXIT, describeFailure } from '../exit.ts';
import { createOutput } from '../output.ts';
import type { Noted } from './doctor-checks.ts';
import { checkGaps } from './doctor-gaps.ts';
import {
  checkBucket,
  checkCertificates,
  checkChannel,
  checkDatabase,
  checkEmbeddedPostgres,
  checkEmbeddedTemporal,
  checkFiles,
  checkNode,
  checkSweep,
  checkTemporal,
} from './doctor-checks.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What is the case. */
  readonly detail: string;
  /** What to do about it; null when there is nothing to do. */
  readonly mend: string | null;
}

/** As far as it could be read: whoever is still writing it wants to hear of all that is wrong, and not of one thing a time. */
type Known = ReturnType<typeof readAsFarAsPossible>['config'];

const WRITE_IT =
  'For a system on this machine run `npx yuanlu dev` and, in this shell, `. .yuanlu/dev/env.sh`; for servers of your own see docs/configuration.md.';

/** Returns the exit code: 3 when anything is missing. */
export async function runDoctor(options: { json: boolean }): Promise<number> {
  const { config, errors } = readAsFarAsPossible(process.env);
  const looks = [
    find('node', () => checkNode(process.versions.node)),
    find('configuration', () => checkVariables(errors)),
    ...serversOf(config),
    ...accountsOf(config),
    ...filesOf(config),
  ];
  const all = (await Promise.all<Finding | readonly Finding[]>(looks)).flat();
  const ok = all.every((one) => one.ok);
  createOutput(options.json).result({ ok, findings: all }, () => all.map(sentence).join('\n'));
  return ok ? EXIT.ok : EXIT.unavailable;
}

async function checkVariables(errors: readonly string[]): Promise<string> {
  if (errors.length === 0) return 'every variable is there and agrees with the others';
  throw new AppError('config_invalid', { errors, remedy: WRITE_IT });
}

/** What is named is talked to; where nothing is named, what would be started instead. */
function serversOf(config: Known): readonly Promise<Finding | readonly Finding[]>[] {
  const { databaseUrl, temporalAddress, temporalNamespace, temporalSecurity } = config;
  const clock = clockFor(config.virtualTime ?? null);
  return [
    databaseUrl === undefined
      ? find('embedded Postgres', checkEmbeddedPostgres)
      : databaseOf(databaseUrl, config, clock),
    temporalAddress === undefined || temporalNamespace === undefined || temporalSecurity === undefined
      ? find('embedded Temporal', checkEmbeddedTemporal)
      : find('temporal', () => checkTemporal({ temporalAddress, temporalNamespace, temporalSecurity })),
  ];
}

/** What it holds is looked at where it can be read. */
async function databaseOf(url: string, config: Known, clock: Clock): Promise<readonly Finding[]> {
  const database = await find('database', () => checkDatabase(url));
  if (!database.ok) return [database];
  const channels = knownChannels(config, clock);
  const gaps = channels === null ? [] : [await find('statements', () => checkGaps(url, channels, clock))];
  return [database, await find('overdue sweep', () => checkSweep(url, clock)), ...gaps];
}

/** Null where the accounts file cannot be read: that is a finding of its own. */
function knownChannels({ accountsFile, production }: Known, clock: Clock): ChannelRegistry | null {
  if (accountsFile === undefined) return null;
  try {
    const wallNow = clock.wallNow();
    return buildChannels(loadAccounts(accountsFile, { production: production ?? true, wallNow }), clock);
  } catch {
    return null;
  }
}

/** Looking makes the folder: not before somebody has begun to configure. */
function filesOf({ filesDir, filesS3, databaseUrl, accountsFile }: Known): readonly Promise<Finding>[] {
  if (filesS3 !== undefined && filesS3 !== null) return [find('file store', () => checkBucket(filesS3))];
  if (filesDir === undefined || (databaseUrl === undefined && accountsFile === undefined)) return [];
  return [find('file store', () => checkFiles(filesDir))];
}

function accountsOf({ accountsFile, production }: Known): readonly Promise<Finding>[] {
  if (accountsFile === undefined) return [];
  try {
    const clock = systemClock();
    const wallNow = clock.wallNow();
    const accounts = loadAccounts(accountsFile, { production: production ?? true, wallNow });
    const channels = buildChannels(accounts, clock);
    return [
      find('accounts file', async () => `complete: ${channels.accountIds.join(', ')}`),
      ...channels.accountIds.map((id) =>
        find(`channel account ${id}`, () => checkChannel(channels.get(id), wallNow)),
      ),
      ...accounts.accounts
        .filter(({ certificates }) => certificates.length > 0)
        .map(({ id, certificates }) =>
          find(`certificates of ${id}`, () => checkCertificates(certificates, wallNow)),
        ),
    ];
  } catch (error) {
    return [Promise.resolve(failed('accounts file', error))];
  }
}

async function find(check: string, look: () => Promise<string | Noted>): Promise<Finding> {
  try {
    const found = await look();
    const noted = typeof found === 'string' ? { detail: found, mend: null } : found;
    return { check, ok: true, ...noted };
  } catch (error) {
    return failed(check, error);
  }
}

function failed(check: string, error: unknown): Finding {
  const lines = describeFailure(error).lines.map((line) => line.trim());
  return { check, ok: false, detail: lines.slice(0, -1).join('\n'), mend: lines.at(-1) ?? null };
}

function sentence({ check, ok, detail, mend }: Finding): string {
  const mark = mend === null ? '✓' : '!';
  const lines = [`${ok ? mark : '✗'} ${check}: ${detail.split('\n').join('\n    ')}`];
  return [...lines, ...(mend === null ? [] : [`    → ${mend}`])].join('\n');
}
