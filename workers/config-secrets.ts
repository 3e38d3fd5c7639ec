/** Values that stand in files: how container platforms hand secrets to a process, away from its environment. */
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with `NAME` filled in from the file that `NAME_FILE` names. A variable that is set to nothing counts as
 * not set: Compose and shells make such ones. What is wrong is added to `errors`.
 */
export function withSecretsFromFiles(
  env: Environment,
  names: readonly string[],
  errors: string[],
): Record<string, string | undefined> {
  const filled: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== ''),
  );
  for (const name of names) {
    const path = filled[`${name}_FILE`];
    if (path === undefined) continue;
    if (filled[name] !== undefined) errors.push(`${name} and ${name}_FILE: give one of the two`);
    const value = readSecret(path);
    if (typeof value === 'string') filled[name] = value;
    else errors.push(`${name}_FILE: ${value.why}`);
  }
  return filled;
}

/** Line breaks and blanks around a secret are the editor's, not the secret's. */
function readSecret(path: string): string | { readonly why: string } {
  try {
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? { why: `${path} is empty` } : value;
  } catch {
    return { why: `cannot read ${path}` };
  }
}
