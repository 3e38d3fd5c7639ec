/** The commands for breaks: read from the books, worked on over the HTTP API with the key of a person. */
import type { Command } from 'commander';
import { Option } from 'commander';
import {
  FORCE_MATCH_CODES,
  PARK_CODES,
  RESOLVE_CODES,
  WRITE_OFF_CODES,
} from '../domain/statement/break-work.ts';
import { ACCEPTABLE_ACTS } from '../domain/statement/accepting.ts';
import { REMAINDER_CODES } from '../domain/statement/matched-together.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import type { SuggestionFlags } from './commands/break-suggestions.ts';
import type { BreakListFlags } from './commands/breaks.ts';
import { asDay } from './argument-day.ts';

export function registerBreaks(program: Command): void {
  const breaks = program
    .command('breaks')
    .description(
      'differences that statements left over; to work on them: YUANLU_API_URL, YUANLU_API_KEY of a person',
    );
  registerReading(breaks);
  registerWork(breaks);
  registerTwoPeople(breaks);
  registerAccepting(breaks);
  registerRules(breaks);
}

function registerRules(breaks: Command): void {
  const rules = breaks
    .command('rules')
    .description('up to what sums people end breaks, and how far apart line and refund may be');
  rules
    .command('show')
    .description('the rules that count (YUANLU_DATABASE_URL)')
    .option('--json', 'print them in the form in which they are imported', false)
    .action(async (options: { json: boolean }) => {
      const { showBreakRulesCommand } = await import('./commands/break-rules.ts');
      await showBreakRulesCommand(options);
    });
  rules
    .command('import')
    .description('bring a new revision of them to every running process (YUANLU_DATABASE_URL)')
    .argument('<file>', 'JSON, see docs/breaks.md')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: { json: boolean }) => {
      const { importBreakRulesCommand } = await import('./commands/break-rules.ts');
      await importBreakRulesCommand(file, options);
    });
}

function registerReading(breaks: Command): void {
  breaks
    .command('list')
    .description('open breaks, oldest first')
    .option('--kind <kind>', 'only this kind')
    .option('--account <id>', 'only this account')
    .option('--assigned-to <person>', 'only what this person has')
    .option('--due', 'without those that are put off to a later day', false)
    .option('--all', 'closed ones too', false)
    .option('--limit <n>', 'how many', '100')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: BreakListFlags) => {
      const { listBreaksCommand } = await import('./commands/breaks.ts');
      await listBreaksCommand(options);
    });
  breaks
    .command('show')
    .description('one break with both its sides')
    .argument('<number>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (number: string, options: { json: boolean }) => {
      const { showBreakCommand } = await import('./commands/breaks.ts');
      await showBreakCommand(number, options);
    });
  breaks
    .command('explain')
    .description('one break: both sides, which keys agree and which differ, what to do and why, its history')
    .argument('<number>')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (number: string, options: { json: boolean }) => {
      const { explainBreakCommand } = await import('./commands/break-explain.ts');
      await explainBreakCommand(number, options);
    });
}

/** What one person does alone. */
function registerWork(breaks: Command): void {
  const deed = deedOn(breaks);
  deed('assign', 'give a break to a person', '/assignment', (person) => ({ to: person })).argument(
    '<person>',
  );
  deed('release', 'let a break be nobody’s', '/assignment', () => ({ to: null }));
  deed('park', 'put a break off until a day', '/parking', (_, { until, code }) => ({
    until,
    reason_code: code,
  }))
    .requiredOption('--until <date>', 'the day on which somebody looks again, yyyy-mm-dd', asDay)
    .addOption(new Option('--code <reason>', 'why').choices(PARK_CODES).makeOptionMandatory());
  deed('unpark', 'take a break up again before its day', '/parking', () => ({ until: null }));
  deed('resolve', 'end a break with little at stake', '/resolution', (_, { code }) => ({
    reason_code: code,
  })).addOption(new Option('--code <reason>', 'how it ended').choices(RESOLVE_CODES).makeOptionMandatory());
  deed('comment', 'say something of a break', '/comments', () => ({}));
}

interface DeedFlags {
  readonly json: boolean;
  readonly note?: string;
  readonly until?: string;
  readonly code?: string;
}

/** A command that does something to one break; arguments and options of the deed itself are added by whoever calls it. */
function deedOn(
  breaks: Command,
): (name: string, about: string, path: string, told: (word: string, flags: DeedFlags) => object) => Command {
  return (name, about, path, told) => {
    const needsNote = name === 'comment' || name === 'resolve';
    const command = breaks.command(name).description(about).argument('<number>');
    if (needsNote) command.requiredOption('--note <text>', 'in words, for whoever looks at it next');
    else command.option('--note <text>', 'in words, for whoever looks at it next');
    return command
      .option('--json', 'print one JSON document on stdout', false)
      .action(async (number: string, ...rest: unknown[]) => {
        const [word, flags] = typeof rest[0] === 'string' ? [rest[0], rest[1]] : ['', rest[0]];
        const options = flags as DeedFlags;
        const { workOnBreakCommand } = await import('./commands/break-work.ts');
        const note = options.note === undefined ? {} : { note: options.note };
        await workOnBreakCommand(number, path, { ...told(word, options), ...note }, options);
      });
  };
}

function registerAccepting(breaks: Command): void {
  breaks
    .command('accept-suggestions')
    .description('what the rules suggest of open breaks, with its sums; with --fingerprint: accept that list')
    .option('--account <id>', 'only this account')
    .option('--date <date>', 'only this bill date, yyyy-mm-dd', asDay)
    .addOption(new Option('--kind <kind>', 'only this kind').choices(BREAK_KINDS))
    .addOption(new Option('--suggestion <act>', 'only these').choices(ACCEPTABLE_ACTS))
    .option('--max-amount <yuan>', 'only breaks with this much at stake at most')
    .option('--after <number>', 'only breaks after this one')
    .option('--limit <n>', 'how many, 200 at most')
    .option('--dry-run', 'show the list and do nothing, also with --fingerprint', false)
    .option('--fingerprint <hex>', 'of the list that you saw: accept it')
    .option('--note <text>', 'why, with every break; needed to accept')
    .option('--proof <text>', 'what you saw outside of this system; write-offs need it')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: SuggestionFlags) => {
      const { acceptSuggestionsCommand } = await import('./commands/break-suggestions.ts');
      await acceptSuggestionsCommand(options);
    });
}

/** What one person asks for and another decides (`yuanlu approvals approve`). */
function registerTwoPeople(breaks: Command): void {
  const ask = askFor(breaks);
  ask('force-match', 'force_match', 'ask to give the line of a break to a refund that no line has')
    .argument('<number>')
    .requiredOption('--refund <refund-no>', 'the refund that it belongs to')
    .addOption(new Option('--code <reason>', 'why').choices(FORCE_MATCH_CODES).makeOptionMandatory());
  ask('match-together', 'match_together', 'ask to match one line with several refunds, or several with one')
    .argument('<number...>')
    .requiredOption(
      '--refund <refund-no...>',
      'the refund that the lines are, or the refunds that the line is',
    )
    .addOption(new Option('--code <reason>', 'why').choices(FORCE_MATCH_CODES).makeOptionMandatory())
    .addOption(new Option('--remainder-code <reason>', 'why the sums differ').choices(REMAINDER_CODES));
  ask('write-off', 'write_off_break', 'ask to leave differences as they are')
    .argument('<number...>')
    .addOption(new Option('--code <reason>', 'why').choices(WRITE_OFF_CODES).makeOptionMandatory())
    .requiredOption('--proof <text>', 'what you saw outside of this system: a letter, a ticket, a number');
  ask('reopen', 'reopen_break', 'ask to take back how people ended breaks').argument('<number...>');
}

interface AskFlags {
  readonly reason: string;
  readonly json: boolean;
  readonly refund?: string | readonly string[];
  readonly remainderCode?: string;
  readonly code?: string;
  readonly proof?: string;
}

function askFor(breaks: Command): (name: string, act: string, about: string) => Command {
  return (name, act, about) =>
    breaks
      .command(name)
      .description(about)
      .requiredOption('--reason <text>', 'why it is for people to decide')
      .option('--json', 'print one JSON document on stdout', false)
      .action(async (numbers: string | string[], options: AskFlags) => {
        const { askAboutBreaksCommand } = await import('./commands/break-work.ts');
        const { json, refund, remainderCode, ...told } = options;
        const asked = {
          ...{ act, ...told },
          ...(typeof refund === 'string' ? { refund_no: refund } : {}),
          ...(typeof refund === 'object' ? { refund_nos: refund } : {}),
          ...(remainderCode === undefined ? {} : { remainder_code: remainderCode }),
        };
        await askAboutBreaksCommand(numbers, asked, { json });
      });
}
