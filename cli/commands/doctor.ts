/** `yuanlu doctor`: checks the configuration and everything it names, and says how to mend what is wrong. */
import { access, constants, mkdir } from 'node:fs/promises';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { assertSchemaCurrent } from '../../store/migrate.ts';
import { createPool } from '../../store/pool.ts';
import type { Accounts } from '../../workers/accounts.ts';
import { loadAccounts } from '../../workers/accounts.ts';
import { buildChannels } from '../../workers/channels.ts';
import { systemClock } from '../../workers/clock.ts';
import type { Config } from '../../workers/config.ts';
import { readConfig } from '../../workers/config.ts';
import { refundEngine } from '../../workers/refund-engine.ts';
import { connectClient } from '../../workers/temporal.ts';
import { EXIT, describeFailure } from '../exit.ts';
import { createOutput } from '../output.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Every Node from here on runs it; see package.json. */
const NODE_FLOOR = [20, 19] as const;

export async function runDoctor(options: { json: boolean }): Promise<number> {
  const findings: Finding[] = [checkNode()];
  const config = await found(
    findings,
    'configuration',
    () => Promise.resolve(readConfig(process.env)),
    'complete',
  );
  if (config !== undefined) {
    const accounts = await found(
      findings,
      'accounts file',
      () => Promise.resolve(loadAccounts(config.accountsFile, { production: config.production })),
      'complete',
    );
    await found(findings, 'database', () => checkDatabase(config), 'reachable, schema is current');
    await found(findings, 'temporal', () => checkTemporal(config), `reachable at ${config.temporalAddress}`);
    await found(findings, 'file store', () => checkFiles(config), `${config.filesDir} can be written`);
    if (accounts !== undefined) await checkChannels(findings, accounts);
  }
  const ok = findings.every((one) => one.ok);
  createOutput(options.json).result({ ok, findings }, () =>
    findings.map((one) => `${one.ok ? '✓' : '✗'} ${one.check}: ${one.detail}`).join('\n'),
  );
  return ok ? EXIT.ok : EXIT.unavailable;
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1]);
  return {
    check: 'node',
    ok,
    detail: `${process.versions.node}${ok ? '' : `: needs ${NODE_FLOOR.join('.')} or newer`}`,
  };
}

async function found<T>(
  findings: Finding[],
  check: string,
  look: () => Promise<T>,
  fine: string,
): Promise<T | undefined> {
  try {
    const value = await look();
    findings.push({ check, ok: true, detail: fine });
    return value;
  } catch (error) {
    findings.push({ check, ok: false, detail: describeFailure(error).lines.join('\n    ') });
    return undefined;
  }
}

async function checkDatabase(config: Config): Promise<void> {
  const pool = createPool({ url: config.databaseUrl, role: 'yuanlu_app', max: 1, name: 'doctor' });
  try {
    await assertSchemaCurrent(pool);
  } finally {
    await pool.end();
  }
}

async function checkTemporal(config: Config): Promise<void> {
  const temporal = connectClient(config);
  try {
    if (!(await refundEngine(temporal.client, systemClock()).healthy()))
      throw new AppError('temporal_unavailable');
  } finally {
    await temporal.close();
  }
}

async function checkFiles(config: Config): Promise<void> {
  try {
    await mkdir(config.filesDir, { recursive: true });
    await access(config.filesDir, constants.W_OK);
  } catch (error) {
    throw new AppError(
      'config_invalid',
      { errors: [`YUANLU_FILES_DIR: cannot write to ${config.filesDir}`] },
      { cause: error },
    );
  }
}

/** Asks each channel about a payment that cannot exist: "no such order" proves address, keys and rights. */
async function checkChannels(findings: Finding[], accounts: Accounts): Promise<void> {
  const channels = buildChannels(accounts, systemClock());
  for (const accountId of channels.accountIds) {
    const answer = await channels
      .get(accountId)
      .queryPayment({ paymentNo: 'YUANLU-DOCTOR-0', transactionId: null, paidAt: null });
    const ok = answer.outcome === 'absent' || answer.outcome === 'unpaid' || answer.outcome === 'reported';
    const why =
      'why' in answer
        ? answer.why
        : 'channelCode' in answer
          ? `${answer.channelCode}. ${ERRORS.channel_config.remedy}`
          : '';
    findings.push({
      check: `channel account ${accountId}`,
      ok,
      detail: ok ? 'answers, signature verified' : `${answer.outcome}: ${why}`,
    });
  }
}
