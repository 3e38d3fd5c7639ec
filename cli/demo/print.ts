/** The demo's end as people read it, and as programs do. */
import { table, counted } from '../output.ts';
import type { Planted } from './planted.ts';
import type { DemoResult } from './demo.ts';
import { DEMO_CHANNELS } from './channels.ts';
import { overdueText } from './overdue-text.ts';
import { allTroubles } from './trouble.ts';

/** With `json` one line; without, the tables. */
export function demoText(result: DemoResult, json: boolean): string {
  if (json)
    return JSON.stringify(result, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
  return [
    statesText(result),
    statementsText(result),
    plantedText(result),
    overdueText(result.overdue),
    ...receiptText(result),
    checksText(result),
    closing(result),
  ].join('\n\n');
}

function statesText(result: DemoResult): string {
  const states = Object.entries(result.by_state).filter(([, count]) => count > 0);
  return `${String(result.refunds)} refunds\n${states.map(([state, count]) => `  ${state.padEnd(14)} ${String(count).padStart(5)}`).join('\n')}`;
}

function statementsText({ statements }: DemoResult): string {
  const breaks = Object.entries(statements.breaks).filter(([, count]) => count > 0);
  return [
    `${String(statements.files)} statements, ${String(statements.lines)} lines, ${String(statements.refund_lines)} refund lines: ${String(statements.matched)} matched`,
    ...breaks.map(([kind, count]) => `  ${kind.padEnd(20)} ${String(count).padStart(3)}`),
  ].join('\n');
}

interface Group {
  readonly channel: string;
  readonly name: string;
  readonly rows: Planted[];
}

function plantedText(result: DemoResult): string {
  const groups = new Map<string, Group>();
  for (const one of result.planted) {
    const key = keyOf(one.channel, one.trouble);
    const group = groups.get(key) ?? { channel: one.channel, name: one.trouble, rows: [] };
    group.rows.push(one);
    groups.set(key, group);
  }
  return `Planted trouble\n${table(
    [...groups.values()].toSorted((one, other) => placeOf(one) - placeOf(other)),
    [
      { head: 'channel', cell: ({ channel }) => channel },
      { head: 'trouble', cell: aboutTrouble },
      { head: 'ends as', cell: ({ rows }) => [...new Set(rows.map((one) => one.expected))].join(', ') },
      { head: 'planted', align: 'right', cell: ({ rows }) => String(rows.length) },
      {
        head: 'as expected',
        align: 'right',
        cell: ({ rows }) => String(rows.filter((one) => one.found === one.expected).length),
      },
    ],
  )}`;
}

const ABOUT = new Map(
  allTroubles(DEMO_CHANNELS).map(({ at, trouble }) => [keyOf(at.channel, trouble.name), trouble.about]),
);
const PLACES = [...ABOUT.keys()];

/** In the order of the tables of troubles; those of whole days and of people come last. */
function placeOf({ channel, name }: Group): number {
  const place = PLACES.indexOf(keyOf(channel, name));
  return place < 0 ? PLACES.length : place;
}

function aboutTrouble({ channel, name }: Group): string {
  if (name === 'refund_by_hand') return 'somebody refunds by hand in the merchant console';
  if (name === 'bill_late') return 'the statement of a day comes late';
  return ABOUT.get(keyOf(channel, name)) ?? name;
}

function keyOf(channel: string, name: string): string {
  return `${channel}/${name}`;
}

function receiptText({ receipt }: DemoResult): readonly string[] {
  if (receipt === null) return [];
  return [
    [
      `The receipt of ${receipt.refund_no}, as its payer gets it (open while the demo is kept: --keep)`,
      `  link         ${receipt.url}`,
      `  PDF          ${receipt.pdf}: ${receipt.pdf_verdict}`,
      `  changed PDF  ${receipt.changed_pdf}: ${receipt.changed_pdf_verdict}`,
      `  proof pack   ${receipt.pack}: ${String(receipt.pack_bytes)} bytes`,
      `  to check     npx yuanlu receipt verify ${receipt.pdf} --keys ${receipt.keys}`,
    ].join('\n'),
  ];
}

function checksText(result: DemoResult): string {
  return result.checks.map((one) => `${one.ok ? '✓' : '✗'} ${one.name} (${one.detail})`).join('\n');
}

function closing(result: DemoResult): string {
  const seconds = String(Math.round(result.elapsed_ms / 1_000));
  const wrong = result.planted.filter((one) => one.found !== one.expected);
  const failed = result.checks.filter((one) => !one.ok).length;
  const list = wrong.map(
    (one) => `  ${one.refund_no} ${one.trouble}: expected ${one.expected}, found ${one.found}`,
  );
  const verdict = failed === 0 ? 'everything adds up' : `${counted(failed, 'check')} FAILED`;
  return [...list, `A month in ${seconds} s, seed ${String(result.seed)}: ${verdict}.`, '', NEXT].join('\n');
}

const NEXT = `What next
  npm run demo -- --keep     the same month, left running to look around
  npx yuanlu dev             a stack of your own to send refunds to, with data that stays
  npx yuanlu reconcile -h    your own statement against your own list of refunds, nothing to set up`;
