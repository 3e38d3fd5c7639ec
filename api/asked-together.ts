/**
 * Questions that come while others are on their way are asked together, in one statement: under many callers the database is
 * asked seldom and much, with few callers each question goes at once. An answer is never older than its question.
 */

/** One is answered while the next is worked on. */
const ON_THEIR_WAY_MAX = 2;
const TOGETHER_MAX = 100;

interface Waiting<Answer> {
  readonly key: string;
  readonly resolve: (answer: Answer | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @param ask answers several keys at once; what it leaves out is answered null
 * @returns asks one key; rejects with what `ask` throws
 */
export function askedTogether<Answer>(
  ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
): (key: string) => Promise<Answer | null> {
  const waiting: Waiting<Answer>[] = [];
  let onTheirWay = 0;

  const send = async (): Promise<void> => {
    const some = waiting.splice(0, TOGETHER_MAX);
    onTheirWay += 1;
    try {
      const answers = await ask([...new Set(some.map(({ key }) => key))]);
      for (const { key, resolve } of some) resolve(answers.get(key) ?? null);
    } catch (error) {
      for (const { reject } of some) reject(error);
    } finally {
      onTheirWay -= 1;
      if (waiting.length > 0) void send();
    }
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (onTheirWay < ON_THEIR_WAY_MAX) void send();
    });
}
