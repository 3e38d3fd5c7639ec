/** What `yuanlu` says about itself, and how it answers commands that it does not understand. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { VERSION } from '../../workers/version.ts';

const BIN = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person does, in a process of its own. */
function yuanlu(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

/** Every command below the program, with the words that call it. */
function commandsOf(command: Command, words: readonly string[] = []): { words: string; command: Command }[] {
  return command.commands.flatMap((one) => {
    const called = [...words, one.name()];
    return [{ words: called.join(' '), command: one }, ...commandsOf(one, called)];
  });
}

const COMMANDS = commandsOf(buildProgram());
const RUNNABLE = COMMANDS.filter(({ command }) => command.commands.length === 0);

describe('the commands', () => {
  test('are those of the design', () => {
    expect(COMMANDS.map(({ words }) => words).toSorted()).toEqual(
      [
        ...['dev', 'demo', 'worker', 'api', 'scheduler', 'sandbox', 'migrate', 'reconcile', 'doctor'],
        ...['refunds', 'refunds create', 'refunds get', 'refunds list', 'refunds watch'],
        ...['refunds paid-otherwise', 'approvals release', 'approvals record-return', 'approvals lift'],
        ...['approvals redirect', 'approvals fallback'],
        ...['statements', 'statements list', 'statements show', 'statements import', 'statements run'],
        ...['statements gaps', 'statements three-way', 'statements changes'],
        ...['breaks', 'breaks list', 'breaks show', 'overdue', 'overdue list', 'overdue show'],
        ...['breaks explain', 'breaks assign', 'breaks release', 'breaks park', 'breaks unpark'],
        ...['breaks resolve', 'breaks comment', 'breaks force-match', 'breaks write-off', 'breaks reopen'],
        ...['breaks accept-suggestions', 'breaks match-together'],
        ...['breaks rules', 'breaks rules show', 'breaks rules import'],
        ...['close', 'close check', 'close day', 'close reopen', 'close list', 'close show', 'close export'],
        ...['close prove', 'close verify', 'months', 'months list', 'months archive', 'months verify'],
        ...['calendar', 'calendar import', 'calendar show', 'calendar check'],
        ...['approvals', 'approvals list', 'approvals show', 'approvals resolve'],
        ...['approvals approve', 'approvals reject'],
        ...['receipt', 'receipt link', 'receipt links', 'receipt revoke', 'receipt json', 'receipt pdf'],
        ...['receipt pack', 'receipt verify', 'receipt new-keys'],
        ...['webhooks', 'webhooks add', 'webhooks list', 'webhooks rotate', 'webhooks disable'],
        ...['webhooks enable', 'webhooks test', 'webhooks deliveries', 'webhooks replay'],
        ...['keys', 'keys create', 'keys list', 'keys rotate', 'keys revoke'],
      ].toSorted(),
    );
  });

  test.each(COMMANDS)('$words says in a line what it is for, and how it is called', ({ words, command }) => {
    const help = command.helpInformation();

    expect(command.description().length).toBeGreaterThan(10);
    expect(help).toMatch(new RegExp(`^Usage: yuanlu ${words}`));
    expect(help).toContain('-h, --help');
  });

  test.each(RUNNABLE)('$words says of each of its options what it does', ({ command }) => {
    const silent = command.options.filter(
      ({ description, long }) => description === '' && long !== undefined,
    );

    // An account and its id explain themselves where they are required.
    expect(silent.map(({ long }) => long).filter((long) => long !== '--account')).toEqual([]);
  });

  test('that read or change something offer --json', () => {
    const processes = ['dev', 'worker', 'api', 'scheduler', 'sandbox'];
    const without = RUNNABLE.filter(({ command }) => !command.options.some(({ long }) => long === '--json'));

    expect(without.map(({ words }) => words).toSorted()).toEqual(processes.toSorted());
  });

  test('of reconcile describe the list, the waiting and the exit codes in its help', async () => {
    const { code, stdout } = await yuanlu('reconcile', '--help');

    expect(code).toBe(0);
    for (const words of ['refund_no, channel, amount_minor', '--as-of', 'missing_at_channel', 'Exit codes:'])
      expect(stdout).toContain(words);
  });
});

describe('the command line', () => {
  test('asked for help or its version prints it on stdout and ends with 0', async () => {
    const [help, version] = await Promise.all([yuanlu('--help'), yuanlu('--version')]);

    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: yuanlu');
    expect(version).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.each([
    ['an unknown command', ['refnds'], /unknown command 'refnds'/],
    ['an unknown option', ['doctor', '--jsn'], /unknown option '--jsn'[^]*--json/],
    [
      'a required option left out',
      ['reconcile', '--channel', 'wechat'],
      /'--statement <file...>' not specified/,
    ],
    ['an option without its value', ['reconcile', '--channel'], /argument missing/],
    ['a channel that there is not', ['reconcile', '--channel', 'paypal'], /Allowed choices are wechat/],
    ['an argument left out', ['refunds', 'get'], /missing required argument 'refund-no'/],
    ['an argument too many', ['migrate', 'now'], /too many arguments/],
    [
      'a day that there is not',
      [...reconcileArgs(), '--as-of', '2026-02-30'],
      /must be a real day, written as yyyy-mm-dd/,
    ],
  ])('answers %s with the reason on stderr and exit code 2', async (_, args, says) => {
    const { code, stdout, stderr } = await yuanlu(...args);

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(says);
    expect(stderr).toContain('(see --help)');
  });

  test('called with nothing shows its commands and ends with 2', async () => {
    const { code, stdout, stderr } = await yuanlu();

    expect(code).toBe(2);
    expect(stdout + stderr).toContain('Usage: yuanlu');
  });

  test('does not repeat an address with a password in it', async () => {
    const { code, stderr } = await yuanlu(...reconcileArgs(), '--database', 'mysql://u:secret@db.example/x');

    expect(code).toBe(2);
    expect(stderr).toContain('--database must be written as postgres://');
    expect(stderr).not.toContain('secret');
  });
});

function reconcileArgs(): readonly string[] {
  return ['reconcile', '--channel', 'wechat', '--statement', 'a.csv', '--refunds', 'b.csv'];
}
