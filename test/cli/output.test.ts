/** What the commands print: tables that stand straight with Chinese in them, times in Beijing, one JSON document. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  beijingTime,
  counted,
  createOutput,
  displayWidth,
  grouped,
  progress,
  progressByDay,
  table,
} from '../../cli/output.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Collects what is written to one of the process's streams. */
function listen(stream: 'stdout' | 'stderr'): string[] {
  const written: string[] = [];
  vi.spyOn(process[stream], 'write').mockImplementation((text) => written.push(String(text)) > 0);
  return written;
}

describe('a table', () => {
  const columns = [
    { head: '商户', cell: (row: readonly string[]) => row[0] ?? '' },
    { head: 'amount', align: 'right' as const, cell: (row: readonly string[]) => row[1] ?? '' },
    { head: '状态', cell: (row: readonly string[]) => row[2] ?? '' },
  ];

  test('has a line under its heads, texts to the left, figures to the right, and no blanks at line ends', () => {
    expect(
      table(
        [
          ['shop', '1.00', 'ok'],
          ['a', '1234.50', ''],
        ],
        columns,
      ),
    ).toBe(['商户   amount  状态', '────  ───────  ────', 'shop     1.00  ok', 'a     1234.50'].join('\n'));
  });

  test('stands straight when cells are Chinese: each character takes two columns', () => {
    const lines = table(
      [
        ['一二三店', '0.01', '已到账'],
        ['x', '99.00', 'y'],
      ],
      columns,
    ).split('\n');

    const startOfStatus = lines.map((line) =>
      displayWidth(line.slice(0, line.search(/状态|────$|──────$|已到账|y$/))),
    );
    expect(new Set(startOfStatus).size).toBe(1);
    expect(startOfStatus[0]).toBe('一二三店'.length * 2 + 2 + 'amount'.length + 2);
  });

  test('without rows is its heads', () => {
    expect(table([], columns).split('\n')).toEqual(['商户  amount  状态', '────  ──────  ────']);
  });

  test('lets no cell move the cursor, colour the screen or break the line', () => {
    const text = table([['\u001b[31mred\u009b0m', '1\n2', '\ttab\u0007']], columns);

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(text.split('\n')).toHaveLength(3);
  });
});

describe('the width of a text', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['退款', 4],
    ['，。', 4],
    ['ＡＢ', 4],
    ['한글', 4],
    ['𠮷野', 4],
    ['💰', 2],
    ['é…', 2],
    ['退款1号', 7],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('a count in words', () => {
  test.each([
    [0, '0', '0 refunds'],
    [1, '1', '1 refund'],
    [999, '999', '999 refunds'],
    [1_000, '1,000', '1,000 refunds'],
    [12_345_678, '12,345,678', '12,345,678 refunds'],
  ])('%i is %s', (count, figure, words) => {
    expect(grouped(count)).toBe(figure);
    expect(counted(count, 'refund')).toBe(words);
  });
});

describe('an instant for people', () => {
  test.each([
    ['2026-11-20T02:05:59.999Z', '2026-11-20 10:05'],
    ['2026-12-31T16:00:00Z', '2027-01-01 00:00'],
    ['2026-11-19T15:59:59Z', '2026-11-19 23:59'],
  ])('%s is %s in Beijing', (iso, text) => {
    expect(beijingTime(new Date(iso))).toBe(text);
  });

  test('that there is not is nothing', () => {
    expect(beijingTime(null)).toBe('');
  });
});

describe('a result', () => {
  test('is one JSON document for programs: on one line, amounts as texts that lose no digit', () => {
    const written = listen('stdout');
    createOutput(true).result(
      { amount: 9_007_199_254_740_993n, list: [1n, null], text: '退款\n' },
      () => 'no',
    );

    expect(written).toEqual(['{"amount":"9007199254740993","list":["1",null],"text":"退款\\n"}\n']);
  });

  test('is text for people, and making it is not even tried for programs', () => {
    const written = listen('stdout');
    const text = vi.fn(() => 'All is well.');
    createOutput(true).result({}, text);
    createOutput(false).result({}, text);

    expect(text).toHaveBeenCalledTimes(1);
    expect(written).toEqual(['{}\n', 'All is well.\n']);
  });

  test('is alone on stdout: whatever is said besides goes to stderr', () => {
    const [stdout, stderr] = [listen('stdout'), listen('stderr')];
    createOutput(true).say('by the way');

    expect(stdout).toEqual([]);
    expect(stderr).toEqual(['by the way\n']);
  });
});

describe('progress', () => {
  const onTerminal = (isTerminal: boolean): void => {
    vi.spyOn(process, 'stderr', 'get').mockReturnValue({
      ...process.stderr,
      isTTY: isTerminal,
      write: (text: string) => written.push(text) > 0,
    } as unknown as typeof process.stderr);
  };
  let written: string[] = [];

  test('is one line on a terminal that is written over, and left standing at the end', () => {
    written = [];
    onTerminal(true);
    const line = progress();
    line.update('1 line');
    line.update('2 lines');
    line.done();
    line.done();

    expect(written).toEqual(['\r\u001b[2K1 line', '\r\u001b[2K2 lines', '\n']);
  });

  test('is a line now and then in a file: not one for every step, and always the newest text', () => {
    written = [];
    onTerminal(false);
    vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const line = progress(2_000);
    vi.advanceTimersByTime(2_500);
    line.update('a');
    line.update('b');
    line.update('c');
    vi.advanceTimersByTime(1_999);
    expect(written).toEqual(['a\n']);

    vi.advanceTimersByTime(1);
    line.update('d');
    line.done();
    vi.advanceTimersByTime(10_000);

    expect(written).toEqual(['a\n', 'c\n']);
  });

  test('of a command that is done at once says nothing in a file', () => {
    written = [];
    onTerminal(false);
    vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const line = progress(1_000);
    line.update('starting');
    vi.advanceTimersByTime(900);
    line.done();
    vi.advanceTimersByTime(10_000);

    expect(written).toEqual([]);
  });

  test('of a step that takes long is told though nothing else happens', () => {
    written = [];
    onTerminal(false);
    vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const line = progress(1_000);
    line.update('starting a Postgres');
    vi.advanceTimersByTime(1_000);

    expect(written).toEqual(['starting a Postgres\n']);
    line.done();
  });

  test('through the days of a month is a line a day in a file, and one for each other thing that is said', () => {
    written = [];
    onTerminal(false);
    const line = progressByDay();
    for (const text of [
      '2026-09-01  0 of 60 refunds asked for',
      '2026-09-01  12 of 60 refunds asked for',
      '2026-09-02  12 of 60 refunds asked for',
      "2026-09-02  7 refunds wait for the channel's last word",
      "2026-09-02  6 refunds wait for the channel's last word",
      'fetching the statements of 3 days that were missed',
    ])
      line.update(text);
    line.done();

    expect(written).toEqual([
      '2026-09-01  0 of 60 refunds asked for\n',
      '2026-09-02  12 of 60 refunds asked for\n',
      "2026-09-02  7 refunds wait for the channel's last word\n",
      'fetching the statements of 3 days that were missed\n',
    ]);
  });

  test('through the days of a month is one line on a terminal, with every count', () => {
    written = [];
    onTerminal(true);
    const line = progressByDay();
    line.update('2026-09-01  0 of 60');
    line.update('2026-09-01  1 of 60');
    line.done();

    expect(written).toEqual(['\r\u001b[2K2026-09-01  0 of 60', '\r\u001b[2K2026-09-01  1 of 60', '\n']);
  });
});
