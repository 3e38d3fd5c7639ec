/** The demo's end as people read it, and as programs do. */
import { formatYuan } from '../../domain/money.ts';
import { table } from '../output.ts';
import type { DemoResult } from './demo.ts';
import { TROUBLES } from './plan.ts';
import type { TroubleName } from './plan.ts';

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
    overdueText(result),
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

function plantedText(result: DemoResult): string {
  const groups = new Map<string, { planted: number; asExpected: number; expected: Set<string> }>();
  for (const one of result.planted) {
    const group = groups.get(one.trouble) ?? { planted: 0, asExpected: 0, expected: new Set<string>() };
    group.planted += 1;
    group.asExpected += one.found === one.expected ? 1 : 0;
    group.expected.add(one.expected);
    groups.set(one.trouble, group);
  }
  return `Planted trouble\n${table(
    [...groups].toSorted(([one], [other]) => placeOf(one) - placeOf(other)),
    [
      { head: 'trouble', cell: ([name]) => aboutTrouble(name) },
      { head: 'ends as', cell: ([, group]) => [...group.expected].join(', ') },
      { head: 'planted', align: 'right', cell: ([, group]) => String(group.planted) },
      { head: 'as expected', align: 'right', cell: ([, group]) => String(group.asExpected) },
    ],
  )}`;
}

const PLACES = Object.keys(TROUBLES);

/** In the order of the table of troubles; those of whole days and of people come last. */
function placeOf(name: string): number {
  const place = PLACES.indexOf(name);
  return place < 0 ? PLACES.length : place;
}

function aboutTrouble(name: string): string {
  if (name === 'refund_by_hand') return 'somebody refunds by hand in the merchant console';
  if (name === 'bill_late') return 'the statement of a day comes late';
  return Object.hasOwn(TROUBLES, name) ? TROUBLES[name as TroubleName].about : name;
}

function overdueText(result: DemoResult): string {
  if (result.overdue.length === 0) return 'Nothing is overdue.';
  return `Overdue, with the serials to quote\n${table(result.overdue, [
    { head: 'refund', cell: (row) => row.refund_no },
    { head: 'amount', align: 'right', cell: (row) => formatYuan(row.amount_minor) },
    { head: 'days late', align: 'right', cell: (row) => String(row.days_late) },
    { head: 'state', cell: (row) => row.state },
    { head: '微信退款单号', cell: (row) => row.serials.channel_refund_no ?? 'none' },
    { head: '微信支付订单号', cell: (row) => row.serials.transaction_id ?? 'none' },
  ])}`;
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
  const verdict = failed === 0 ? 'everything adds up' : `${String(failed)} checks FAILED`;
  return [...list, `A month in ${seconds} s, seed ${String(result.seed)}: ${verdict}.`, '', NEXT].join('\n');
}

const NEXT = `What next
  npm run demo -- --keep     the same month, left running to look around
  npx yuanlu dev             a stack of your own to send refunds to, with data that stays
  npx yuanlu reconcile -h    your own statement against your own list of refunds, nothing to set up`;
