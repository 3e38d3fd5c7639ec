/** A variable that the global set-up provides. Missing it is a broken run, never a reason to skip. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run the tests through vitest's global set-up`);
  return value;
}
