/** `yuanlu breaks accept-suggestions`: what the rules suggest of many breaks, seen first and accepted as it was seen. */
import { formatYuan } from '../../domain/money.ts';
import { counted, createOutput, table } from '../output.ts';
import { yuanOption } from '../yuan-option.ts';
import { DAY_TIMEOUT_MS, apiClient, bodyOf } from './api-client.ts';

export interface SuggestionFlags {
  readonly account?: string;
  readonly date?: string;
  readonly kind?: string;
  readonly suggestion?: string;
  readonly maxAmount?: string;
  readonly after?: string;
  readonly limit?: string;
  readonly fingerprint?: string;
  readonly note?: string;
  readonly proof?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

interface Listed {
  readonly suggestions: readonly {
    readonly break_no: string;
    readonly kind: string;
    readonly act: string;
    readonly code: string | null;
    readonly line_break_no: string | null;
    readonly refund_no: string | null;
    readonly until: string | null;
    readonly at_stake_minor: string;
    readonly why: string;
  }[];
  readonly sums: readonly {
    readonly act: string;
    readonly code: string | null;
    readonly breaks: number;
    readonly at_stake_minor: string;
  }[];
  readonly left_out: readonly { readonly break_no: string; readonly why: string }[];
  readonly fingerprint: string;
  readonly next_after: string | null;
  readonly accepted: boolean;
  readonly approvals: readonly {
    readonly id: string;
    readonly act: string;
    readonly break_nos: readonly string[];
  }[];
}

export async function acceptSuggestionsCommand(flags: SuggestionFlags): Promise<void> {
  const { dryRun, json, account, date, maxAmount, limit, fingerprint, ...told } = flags;
  const asked = {
    ...told,
    ...(account === undefined ? {} : { account_id: account }),
    ...(date === undefined ? {} : { bill_date: date }),
    ...(maxAmount === undefined ? {} : { max_at_stake_minor: yuanOption(maxAmount).toString() }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(fingerprint === undefined || dryRun ? {} : { fingerprint }),
  };
  const answer = await apiClient().post('/v1/breaks/suggestions', asked, { timeout: DAY_TIMEOUT_MS });
  const body = bodyOf(answer);
  createOutput(json).result(body, () => listText(body as unknown as Listed));
}

function listText(list: Listed): string {
  const more = list.next_after === null ? [] : [`There are more: --after ${list.next_after}`];
  if (list.suggestions.length === 0) return ['Nothing to accept.', ...leftText(list), ...more].join('\n');
  const yuan = (minor: string): string => formatYuan(BigInt(minor));
  return [
    table(list.suggestions, [
      { head: 'break', align: 'right', cell: (one) => one.break_no },
      { head: 'kind', cell: (one) => one.kind },
      { head: 'suggestion', cell: (one) => [one.act, one.code ?? one.until ?? ''].join(' ').trim() },
      { head: 'refund', cell: (one) => one.refund_no ?? '' },
      { head: 'at stake', align: 'right', cell: (one) => yuan(one.at_stake_minor) },
      { head: 'why', cell: (one) => one.why },
    ]),
    '',
    ...list.sums.map(
      ({ act, code, breaks, at_stake_minor: minor }) =>
        `${[act, code ?? ''].join(' ').trim()}: ${counted(breaks, 'break')}, ${yuan(minor)} CNY at stake`,
    ),
    ...leftText(list),
    '',
    ...(list.accepted ? acceptedText(list) : toAcceptText(list)),
    ...more,
  ].join('\n');
}

function leftText({ left_out: left }: Listed): readonly string[] {
  return left.map(({ break_no: number, why }) => `left out: break ${number}, ${why}`);
}

function acceptedText({ approvals }: Listed): readonly string[] {
  return [
    'Accepted.',
    ...approvals.map(
      ({ id, act, break_nos: breaks }) =>
        `request ${id}: ${act} of ${counted(breaks.length, 'break')}; another person decides it (yuanlu approvals show ${id})`,
    ),
  ];
}

function toAcceptText({ fingerprint, suggestions }: Listed): readonly string[] {
  const proof = suggestions.some(({ act }) => act === 'write_off') ? " --proof '…'" : '';
  return [
    'Nothing was done. To accept this very list, with the same filters:',
    `  yuanlu breaks accept-suggestions … --fingerprint ${fingerprint} --note '…'${proof}`,
  ];
}
