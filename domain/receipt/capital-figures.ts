/**
 * Amounts in capital figures (大写), as they stand on Chinese vouchers: figures that cannot be made larger with a stroke. The
 * rules are those of the banks' bills: 整 after 元 or 角, nothing after 分; one 零 for any row of empty places between
 * two figures.
 */
import { AppError } from '../errors.ts';
import { MINOR_MAX } from '../money.ts';

const FIGURES = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'] as const;
const PLACES = ['', '拾', '佰', '仟'] as const;

const WAN = 10_000n;
const YI = 100_000_000n;

/**
 * The amount of fen in words, such as `壹佰贰拾捌元零伍分`.
 * @throws AppError `amount_invalid` below zero and above what any amount here can be
 */
export function capitalFigures(minor: bigint): string {
  if (minor < 0n || minor > MINOR_MAX) throw new AppError('amount_invalid', { amount: minor.toString() });
  const yuan = minor / 100n;
  const jiao = Number((minor / 10n) % 10n);
  const fen = Number(minor % 10n);
  const whole = yuan === 0n ? '' : `${wholeYuan(yuan)}元`;
  if (jiao === 0 && fen === 0) return `${whole === '' ? '零元' : whole}整`;
  const tenths = jiao === 0 ? '' : `${figure(jiao)}角`;
  const hundredths = fen === 0 ? '整' : `${figure(fen)}分`;
  // A gap between two figures is named: none before the first, and none after 元 that is followed by 角.
  const gap = whole !== '' && jiao === 0 ? '零' : '';
  return `${whole}${gap}${tenths}${hundredths}`;
}

function wholeYuan(value: bigint): string {
  if (value >= YI) return joined(value, YI, '亿');
  if (value >= WAN) return joined(value, WAN, '万');
  return upToThousands(Number(value));
}

/** What stands before the unit, the unit, and the rest, with 零 between them when the rest does not fill its places. */
function joined(value: bigint, unit: bigint, name: string): string {
  const rest = value % unit;
  const gap = rest !== 0n && rest < unit / 10n ? '零' : '';
  return `${wholeYuan(value / unit)}${name}${gap}${rest === 0n ? '' : wholeYuan(rest)}`;
}

/** 1 to 9999. */
function upToThousands(value: number): string {
  let text = '';
  let gap = false;
  for (let place = PLACES.length - 1; place >= 0; place -= 1) {
    const digit = Math.floor(value / 10 ** place) % 10;
    if (digit === 0) gap = text !== '';
    else {
      text += `${gap ? '零' : ''}${figure(digit)}${PLACES[place] ?? ''}`;
      gap = false;
    }
  }
  return text;
}

function figure(digit: number): string {
  return FIGURES[digit] ?? '';
}
