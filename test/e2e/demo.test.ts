/**
 * `yuanlu demo --json --keep`: its last line is the contract that other programs rely on (design, section 13), and what it
 * leaves running can be looked at with the other commands, by people and by programs.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
import { planMonth } from '../../cli/demo/plan.ts';
import { allTroubles } from '../../cli/demo/trouble.ts';
import { freePort } from '../../workers/engines/free-port.ts';
import type { Running } from './command.ts';
import { documentOf, run, start } from './command.ts';
import type { Summary } from './demo-contract.ts';
import { contract, readSettings } from './demo-contract.ts';
import { until } from './shop.ts';

const REFUNDS = 60;
const SEED = 424_242;
const plan = planMonth({ refunds: REFUNDS, seed: SEED, days: 30, channels: DEMO_CHANNELS });

vi.setConfig({ testTimeout: 90_000 });

let demo: Running;
let summary: Summary;
let env: Record<string, string>;
let envFile: string;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'yuanlu-demo-test-'));
  demo = start(['demo', '--json', '--keep', '--refunds', String(REFUNDS), '--seed', String(SEED)]);
  await until(
    'the demo has come to its end and stays up',
    async () => {
      const value = demo.stderr().slice(-2_000);
      return { done: value.includes('Ctrl-C'), value };
    },
    600_000,
  );
  // Everything that it has printed on stdout by now; the document is the last line of it.
  const lines = demo.stdout().trimEnd().split('\n');
  summary = contract.parse(JSON.parse(lines.at(-1) ?? ''));
  envFile = /^ {2}\. (\S+)$/m.exec(demo.stderr())?.[1] ?? '';
  env = readSettings(envFile);
}, 620_000);

afterAll(async () => {
  // As a person would, so that its engines go with it; harder only when that does not help.
  demo.child.kill('SIGINT');
  const late = setTimeout(() => demo.child.kill('SIGKILL'), 30_000);
  await demo.ended;
  clearTimeout(late);
  await rm(scratch, { recursive: true, force: true });
}, 60_000);

const sumOf = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((sum, number) => sum + number, 0);

describe('the last line on stdout', () => {
  test('is the document of the contract, and the only line there', () => {
    expect(demo.stdout().trimEnd().split('\n')).toHaveLength(1);
    expect(contract.safeParse(summary).success).toBe(true);
  });

  test('closes every day of every account but one, and says what stands in its way', () => {
    const { closed, not_closed: open } = summary.closed_days;
    expect(closed).toBe(30 * DEMO_CHANNELS.length - 1);
    expect(open).toEqual([
      expect.objectContaining({
        why: expect.stringMatching(
          /^day_not_closable: no_open_break: break [0-9]+, missing_in_books/,
        ) as string,
      }),
    ]);
  });

  test('counts the refunds that were asked for, in every state that there is', () => {
    expect(summary.refunds).toBe(REFUNDS);
    expect(sumOf(summary.by_state)).toBe(REFUNDS);
    // No other reason not to be settled than what was planted.
    const not = (state: string): number =>
      plan.refunds.filter(({ trouble }) => trouble?.expected === state).length;
    expect(summary.by_state).toMatchObject({
      processing: not('processing'),
      succeeded: not('succeeded'),
      needs_action: not('needs_action'),
      failed: not('failed'),
      requested: 0,
      unknown: 0,
      returned: not('returned'),
    });
  });

  test('says what was planted, on exactly the refunds on which these dice plant it, and that all of it was found', () => {
    const planned = plan.refunds.filter((one) => one.trouble !== null);
    const other = planMonth({ refunds: REFUNDS, seed: SEED + 1, days: 30, channels: DEMO_CHANNELS });

    for (const { at, trouble } of allTroubles(DEMO_CHANNELS)) {
      const found = summary.planted.filter(
        (one) => one.channel === at.channel && one.trouble === trouble.name,
      );
      const asPlanned = planned.filter(
        (one) => one.payment.channel === at.channel && one.trouble?.name === trouble.name,
      );
      expect(asPlanned.length, trouble.name).toBeGreaterThan(0);
      expect(new Set(found.map((one) => one.refund_no)), trouble.name).toEqual(
        new Set(asPlanned.map((one) => one.refundNo)),
      );
    }
    for (const { channel } of DEMO_CHANNELS) {
      const ofDays = summary.planted.filter((one) => one.channel === channel);
      expect(ofDays.filter((one) => one.trouble === 'refund_by_hand')).toHaveLength(2);
      expect(ofDays.filter((one) => one.trouble === 'bill_late')).toHaveLength(2);
    }
    expect(summary.planted.filter((one) => one.found !== one.expected)).toEqual([]);
    expect(other.refunds.map((one) => one.trouble?.name)).not.toEqual(
      plan.refunds.map((one) => one.trouble?.name),
    );
  });

  test('has only checks that hold, and a break for each difference that was planted', () => {
    expect(summary.checks.length).toBeGreaterThanOrEqual(10);
    expect(summary.checks.filter((one) => !one.ok)).toEqual([]);
    const left = plan.refunds.flatMap(({ trouble }) => trouble?.leaves ?? []);
    const leaving = (kind: string): number => left.filter((one) => one === kind).length;
    for (const [kind, count] of Object.entries(summary.statements.breaks))
      expect(count, kind).toBe(kind === 'missing_in_books' ? plan.byHand.length : leaving(kind));
  });

  test('lists each overdue refund with the serials that payer and bank can be quoted', () => {
    const expected = plan.refunds
      .filter(({ trouble }) => trouble?.overdue === 'always')
      .map((one) => one.refundNo);

    const listed = summary.overdue.map((one) => one.refund_no);
    expect(listed).toEqual(expect.arrayContaining(expected));
    for (const row of summary.overdue) expect(row.serials.refund_no).toBe(row.refund_no);
  });
});

describe('what is left running', () => {
  test('is told to a person on stderr, with settings in a file that nobody else can read', () => {
    expect(demo.stderr()).toMatch(/API +http:\/\/127\.0\.0\.1:[0-9]+\/openapi\.json/);
    expect(demo.stderr()).toMatch(/Temporal UI +http/);
    expect(statSync(envFile).mode & 0o077).toBe(0);
    expect(demo.stderr()).not.toContain(env['YUANLU_API_KEY'] ?? 'no key');
    expect(demo.stderr()).not.toMatch(/WARN|Activity not found/);
    // A link of three years opens for nine hours: long enough to look around.
    expect(env['YUANLU_CLOCK_RATE']).toBe('2880');
  });
});

describe('yuanlu refunds', () => {
  /** One that no trouble befell but an answer that came late or came twice. */
  const settled = (): string => {
    const smooth = plan.refunds.find(
      ({ payment, trouble }) =>
        payment.channel === 'wechat' &&
        (trouble === null || ['slow', 'callback_twice'].includes(trouble.name)),
    );
    return smooth?.refundNo ?? '';
  };

  test('list shows a table with a sum to people and one document to programs', async () => {
    const [people, program] = await Promise.all([
      run(['refunds', 'list', '--limit', '5'], env),
      run(['refunds', 'list', '--limit', '200', '--state', 'settled', '--json'], env),
    ]);

    expect(people.code, people.stderr).toBe(0);
    expect(people.stdout).toMatch(/^requested +refund +amount +state/);
    expect(people.stdout).toMatch(/5 refunds, [0-9.,]+ CNY; there may be more \(--limit\)\n$/);
    expect(people.stderr).toBe('');
    const { refunds } = documentOf(program) as { refunds: { state: string }[] };
    expect(refunds).toHaveLength(summary.by_state['settled'] ?? 0);
    expect(new Set(refunds.map((one) => one.state))).toEqual(new Set(['settled']));
  });

  test('get and watch show one refund; a watch of what has ended ends at once', async () => {
    const refundNo = settled();

    const [people, program, watched] = await Promise.all([
      run(['refunds', 'get', refundNo], env),
      run(['refunds', 'get', refundNo, '--json'], env),
      run(['refunds', 'watch', refundNo, '--json'], env),
    ]);

    expect(people.stdout).toMatch(new RegExp(`^refund +${refundNo}$`, 'm'));
    expect(people.stdout).toMatch(/^state +settled$/m);
    expect(people.stdout).toMatch(/^[A-Za-z ]+ number +\S+ \(.*号\), known to /m);
    expect(documentOf(program)).toMatchObject({ refund_no: refundNo, state: 'settled' });
    expect(documentOf(watched)).toEqual(documentOf(program));
  });

  test('create takes a payment that nobody registered yet', async () => {
    const payment = ['--payment', 'ORDER-OF-THE-TEST', '--account', 'wx-demo', '--captured', '5.00'];
    const made = await run(['refunds', 'create', ...payment, '--amount', '1.00', '--json'], env);

    expect(made.code, made.stderr).toBe(0);
    expect(documentOf(made)).toMatchObject({ payment_no: 'ORDER-OF-THE-TEST', amount_minor: '100' });
  });

  test('create asks once, says the key it made, and finds the same refund again under it', async () => {
    const month = planMonth({ refunds: REFUNDS, seed: SEED, days: 30, channels: DEMO_CHANNELS }).refunds;
    const left = month.find((one) => one.refundNo === settled());
    if (left === undefined) throw new Error('the month has a settled refund');
    const over = (left.payment.amountMinor - left.amountMinor + 1n).toString().padStart(3, '0');
    const yuan = `${over.slice(0, -2)}.${over.slice(-2)}`;
    const asked = ['refunds', 'create', '--payment', left.payment.paymentNo, '--json'];

    const made = await run([...asked, '--amount', '0.01', '--reason', '补退'], env);
    const key = /^idempotency key: (\S+)$/m.exec(made.stderr)?.[1] ?? '';
    const [again, other, tooMuch] = await Promise.all([
      run([...asked, '--amount', '0.01', '--reason', '补退', '--key', key], env),
      run([...asked, '--amount', '0.02', '--reason', '补退', '--key', key], env),
      run([...asked, '--amount', yuan], env),
    ]);

    expect(made.code, made.stderr).toBe(0);
    const { refund_no: refundNo } = documentOf(made) as { refund_no: string };
    expect(documentOf(again)).toMatchObject({ refund_no: refundNo, amount_minor: '1' });
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/^idempotency_conflict: /);
    expect(tooMuch).toMatchObject({ code: 2, stdout: '' });
    expect(tooMuch.stderr).toMatch(/^refund_exceeds_payment: /);
    // The month goes on: what was asked for just now comes to its end while somebody watches.
    const watched = await run(['refunds', 'watch', refundNo, '--json'], env);
    expect(documentOf(watched)).toMatchObject({ refund_no: refundNo, amount_minor: '1' });
    expect(['succeeded', 'settled']).toContain((documentOf(watched) as { state: string }).state);
  });
});

describe('yuanlu overdue, breaks and statements', () => {
  test('overdue list names what is late with its serials', async () => {
    const [people, program] = await Promise.all([
      run(['overdue', 'list'], env),
      run(['overdue', '--json'], env),
    ]);

    const { overdue } = documentOf(program) as { overdue: Summary['overdue'] };
    expect(overdue.map((one) => one.refund_no)).toEqual(
      expect.arrayContaining(summary.overdue.map((one) => one.refund_no)),
    );
    expect(new Set(summary.overdue.map(({ channel }) => channel)).size).toBe(3);
    for (const { proof, refund_no: refundNo } of summary.overdue) {
      for (const wanted of ['payer_channel', 'payer_bank'] as const) {
        const quoted = proof.find(({ readers }) => readers.includes(wanted));
        expect(people.stdout, refundNo).toContain(`${quoted?.name.zh ?? ''} ${quoted?.value ?? ''}`);
      }
    }
  });

  test('overdue show says of one what to do, whom each number is for, and what to send', async () => {
    const { refund_no: refundNo = '', amount_minor: amount = '' } = summary.overdue[0] ?? {};
    const [people, program, unknown] = await Promise.all([
      run(['overdue', 'show', refundNo], env),
      run(['overdue', 'show', refundNo, '--json'], env),
      run(['overdue', 'show', 'NO-SUCH'], env),
    ]);

    expect(people.stdout).toMatch(/business days late/);
    expect(people.stdout).toContain('给付款人 · To the payer (zh-CN)');
    const { overdue } = documentOf(program) as { overdue: { messages: { to_payer: { zh: string } } }[] };
    const [one] = overdue;
    expect(one).toMatchObject({ refund_no: refundNo, amount_minor: amount });
    for (const line of one?.messages.to_payer.zh.split('\n') ?? ['none'])
      expect(people.stdout).toContain(line);
    expect(unknown).toMatchObject({ stdout: '' });
    expect(unknown.stderr).toMatch(/^refund_not_overdue: /);
  });

  test('breaks list and show give both sides of each difference', async () => {
    const [people, program, one] = await Promise.all([
      run(['breaks', 'list'], env),
      run(['breaks', 'list', '--all', '--json'], env),
      run(['breaks', 'list', '--kind', 'amount_differs', '--json'], env),
    ]);

    interface Row {
      readonly id: string;
      readonly kind: string;
      readonly amountMinor: string;
      readonly expectedMinor: string;
    }
    const open = (documentOf(one) as { breaks: Row[] }).breaks;
    expect(open).toHaveLength(summary.statements.breaks['amount_differs'] ?? 0);
    expect(people.stdout.split('\n').filter((line) => line.includes('missing_in_books'))).toHaveLength(
      plan.byHand.length,
    );
    expect((documentOf(program) as { breaks: Row[] }).breaks.length).toBeGreaterThanOrEqual(
      sumOf(summary.statements.breaks),
    );
    for (const row of open) expect(BigInt(row.amountMinor)).not.toBe(BigInt(row.expectedMinor));
    const [shown, text] = await Promise.all([
      run(['breaks', 'show', open[0]?.id ?? '', '--json'], env),
      run(['breaks', 'show', open[0]?.id ?? ''], env),
    ]);
    expect(documentOf(shown)).toMatchObject({ id: open[0]?.id, kind: 'amount_differs' });
    expect(text.stdout).toMatch(/^our side: +RF[0-9]+ /m);
    expect(text.stdout).toMatch(/^channel's side: statement [0-9]+, line [0-9]+ /m);
  });

  interface FileRow {
    readonly id: string;
    readonly kind: string;
    readonly billDate: string;
    readonly status: string;
    readonly sha256: string;
    readonly uri: string;
    readonly lines: number;
  }

  test('statements list and show say what was delivered; run and import find that it is known', async () => {
    const list = ['statements', 'list', '--limit', '2000', '--json'];
    const [all, listed] = await Promise.all([run(list, env), run([...list, '--account', 'wx-demo'], env)]);
    const ofAll = (documentOf(all) as { statements: FileRow[] }).statements;
    const files = (documentOf(listed) as { statements: FileRow[] }).statements;
    const file = files.find((each) => each.kind === 'trade' && each.status === 'loaded' && each.lines > 0);
    if (file === undefined) throw new Error('the month has a loaded trade statement');
    const path = join(env['YUANLU_FILES_DIR'] ?? '', file.uri.replace(/^file:/, ''));
    const at = ['--account', 'wx-demo', '--date', file.billDate];

    const [shown, text, imported, ran, people] = await Promise.all([
      run(['statements', 'show', file.id, '--json'], env),
      run(['statements', 'show', file.id], env),
      run(['statements', 'import', path, ...at, '--json'], env),
      run(['statements', 'run', ...at, '--json'], env),
      run(['statements', 'run', ...at, '--to', file.billDate], env),
    ]);

    expect(ofAll.length).toBeGreaterThanOrEqual(summary.statements.files);
    expect(files.length).toBeLessThan(ofAll.length);
    expect(documentOf(shown)).toMatchObject({ id: file.id, sha256: file.sha256, billDate: file.billDate });
    expect(text.stdout).toMatch(/^totals computed +/m);
    expect(documentOf(imported)).toMatchObject({ file_id: file.id, outcome: 'same', matched: null });
    expect(documentOf(ran)).toMatchObject({ outcome: 'loaded', lines: file.lines });
    expect(people.stdout).toMatch(/^0 days loaded, 0 known already, 0 empty, 1 had been run before\.\n$/);
  });

  test('statements three-way: every day of every channel adds up, and says why sides differ', async () => {
    interface Step {
      readonly from_minor: string;
      readonly to_minor: string;
      readonly items: readonly {
        readonly kind: string;
        readonly explained: boolean;
        readonly minor: string;
      }[];
    }
    const day = summary.planted.find(
      (one) => one.channel === 'wechat' && one.trouble === 'bill_late',
    )?.refund_no;
    if (day === undefined) throw new Error('a day was late');

    for (const account of ['wx-demo', 'ali-demo', 'up-demo']) {
      const { steps, ...more } = documentOf(
        await run(['statements', 'three-way', account, day, '--json'], env),
      ) as { readonly steps: Record<string, Step>; readonly trade: { readonly minor: string } };
      expect(more).toMatchObject({ account_id: account, bill_date: day });
      for (const { from_minor: from, to_minor: to, items } of Object.values(steps))
        expect(items.reduce((sum, { minor }) => sum + BigInt(minor), BigInt(from))).toBe(BigInt(to));
    }
    const text = await run(['statements', 'three-way', 'wx-demo', day], env);
    expect(text.stdout).toMatch(/^left the account: /m);
  });

  test('statements import refuses what is no statement, and keeps it as refused', async () => {
    const page = join(scratch, 'bill.csv');
    await writeFile(page, '<html><body>系统繁忙</body></html>\n');
    const at = ['--account', 'wx-demo', '--date', '2026-09-02'];

    const refused = await run(['statements', 'import', page, ...at, '--json'], env);

    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^statement_unrecognised: /m);
    const listed = await run(['statements', 'list', '--limit', '2000', '--json'], env);
    const kept = (documentOf(listed) as { statements: FileRow[] }).statements.filter(
      (each) => each.status === 'refused',
    );
    expect(kept).toMatchObject([{ billDate: '2026-09-02', lines: 0, refusalCode: 'statement_unrecognised' }]);
  });
});

describe('wrong use and missing parts', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['a refund without its payment', ['refunds', 'create', '--amount', '1'], /--payment/],
    [
      'an amount that is none',
      ['refunds', 'create', '--payment', 'P', '--amount', 'much'],
      /^amount_invalid[^]*Give yuan with at most two decimals/m,
    ],
    [
      'half of a new payment',
      ['refunds', 'create', '--payment', 'P', '--amount', '1.00', '--account', 'wx-demo'],
      /^request_invalid[^]*--captured/m,
    ],
    ['a command that does not exist', ['refunds', 'delete'], /unknown command|too many arguments/],
    ['a refund that nobody has', ['refunds', 'get', 'RF-none'], /^refund_unknown/m],
    ['a state that does not exist', ['refunds', 'list', '--state', 'lost'], /^request_invalid/m],
    ['a kind of break that does not exist', ['breaks', 'list', '--kind', 'odd'], /missing_at_channel/],
    ['a limit that is no number', ['breaks', 'list', '--limit', 'many'], /whole number/],
    ['a break that nobody has', ['breaks', 'show', '999999'], /^break_unknown/m],
    ['a statement that nobody has', ['statements', 'show', 'x'], /^statement_unknown/m],
    [
      'a file that is not there',
      ['statements', 'import', '/nowhere.csv', '--account', 'wx-demo', '--date', '2026-09-02'],
      /not there/,
    ],
    [
      'an account that nobody has',
      ['statements', 'run', '--account', 'x', '--date', '2026-09-02'],
      /^account_unknown/m,
    ],
    [
      'a day that does not exist',
      ['statements', 'run', '--account', 'wx-demo', '--date', '2026-02-30'],
      /date_invalid/,
    ],
    ['a demo that is too small', ['demo', '--refunds', '5'], /at least/],
    ['a demo with dice that are none', ['demo', '--seed', '-1'], /whole number|argument missing/],
  ])('%s: exit 2, nothing on stdout, a sentence on stderr', async (_name, args, says) => {
    const ran = await run(args, env);

    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr).not.toMatch(/^ +at /m);
  });

  test('no API, no Postgres: exit 3; no key: exit 2', async () => {
    const nowhere = String(await freePort());

    const [api, postgres, key] = await Promise.all([
      run(['refunds', 'list', '--json'], { ...env, YUANLU_API_URL: `http://127.0.0.1:${nowhere}` }),
      run(['breaks', 'list'], { ...env, YUANLU_DATABASE_URL: `postgres://x:y@127.0.0.1:${nowhere}/z` }),
      run(['refunds', 'list'], { YUANLU_API_URL: env['YUANLU_API_URL'] ?? '' }),
    ]);

    expect(api).toMatchObject({ code: 3, stdout: '' });
    expect(api.stderr).toMatch(/^api_unavailable: .*\n.*127\.0\.0\.1/);
    expect(api.stderr).not.toContain(env['YUANLU_API_KEY'] ?? 'no key');
    expect(postgres).toMatchObject({ code: 3, stdout: '' });
    expect(key).toMatchObject({ code: 2, stdout: '' });
    expect(key.stderr).toMatch(/YUANLU_API_KEY/);
  });
});

describe('the end', () => {
  test('Ctrl-C stops everything, leaves nothing behind, and the month went well: exit 0', async () => {
    demo.child.kill('SIGINT');

    const ended = await demo.ended;

    expect(ended.code, ended.stderr.slice(-2_000)).toBe(0);
    expect(existsSync(envFile)).toBe(false);
    await expect(fetch(`${env['YUANLU_API_URL'] ?? ''}/livez`)).rejects.toThrow();
  });
});
