/** Reads the `engines.node` ranges of npm packages, as far as packages write them. */

type Version = readonly [major: number, minor: number, patch: number];

/**
 * Whether a range such as `>=20.19`, `^20.12 || ^22 || >=24` or `18.x` takes the version.
 * @throws Error for a range in a form that this does not know, so that nothing passes unread.
 */
export function takesVersion(range: string, version: Version): boolean {
  return range.split('||').some((part) => {
    const comparators = part
      .trim()
      .replaceAll(/(>=|<=|>|<|\^|~|=)\s+/g, '$1')
      .split(/\s+/);
    return comparators.every((comparator) => comparatorTakes(comparator, version));
  });
}

function comparatorTakes(comparator: string, version: Version): boolean {
  if (comparator === '' || comparator === '*') return true;
  const parts = /^(>=|<=|>|<|\^|~|=)?v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?(?:-[0-9a-z.]+)?$/.exec(comparator);
  if (parts === null) throw new Error(`engines range not understood: ${comparator}`);
  const [, operator = '=', major = '0', minor, patch] = parts;
  const bound: Version = [Number(major), number(minor), number(patch)];
  const order = compare(version, bound);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '^':
      return order >= 0 && version[0] === bound[0];
    case '~':
      return order >= 0 && version[0] === bound[0] && (minor === undefined || version[1] === bound[1]);
    default:
      return (
        version[0] === bound[0] &&
        (isAny(minor) || version[1] === bound[1]) &&
        (isAny(patch) || version[2] === bound[2])
      );
  }
}

function isAny(part: string | undefined): boolean {
  return part === undefined || part === 'x';
}

function number(part: string | undefined): number {
  return isAny(part) ? 0 : Number(part);
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
