import { expect, test } from 'vitest';
import { formatYuan } from '../../domain/money.ts';
import {
  BREAK_RULES,
  FORCE_MATCH_CODES,
  PARK_CODES,
  RESOLVE_CODES,
  WRITE_OFF_CODES,
} from '../../domain/statement/break-work.ts';
import { SUGGESTED_ACTS } from '../../domain/statement/suggestion.ts';
import { grouped } from '../../cli/output.ts';
import { readText } from './repository.ts';

const text = readText('docs/breaks.md');

test('docs/breaks.md has every reason code and suggestion, and the limits of the rules', () => {
  const codes = [...RESOLVE_CODES, ...FORCE_MATCH_CODES, ...WRITE_OFF_CODES, ...SUGGESTED_ACTS];
  expect(codes.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  expect(PARK_CODES.filter((code) => !text.includes(code))).toEqual([]);
  expect(text).toContain(`up to ${yuan(BREAK_RULES.resolveAloneMaxMinor)} CNY unexplained`);
  for (const [code, max] of Object.entries(BREAK_RULES.writeOffMaxMinor))
    expect(text).toContain(`| \`${code}\` | ${max === null ? 'any amount' : `${yuan(max)} CNY`}`);
});

function yuan(minor: bigint): string {
  const [whole = '', fen = ''] = formatYuan(minor).split('.');
  return `${grouped(Number(whole))}.${fen}`;
}
