/** Every row of every outcome table stands in the channel's documents and means over the wire what they say, and no other. */
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../documented-codes.ts';
import { make, wordOf } from './stand.ts';
import { atEveryChannel } from './stands.ts';

describe('the outcome tables', () => {
  atEveryChannel((stand) => {
    describe.each(stand.tables)(
      '$name',
      ({ rows, documented, call, says, shows = (means: string) => means }) => {
        test('has a row for each documented code with the documented meaning, and no row beside them', () => {
          expect(rowsOf(rows)).toEqual(documented);
        });

        test.each(Object.entries(documented))('%s is %s', async (code, means) => {
          stand.answer(says(code));

          expect(wordOf(await make(call, stand.channel(), stand.order))).toBe(shows(means));
        });

        test.each(['constructor', '__proto__', 'toString', 'NEVER_SEEN', 'ZZ'])(
          'I7: a code that nobody knows (%s) is neither done nor refused',
          async (code) => {
            stand.answer(says(code));

            expect(wordOf(await make(call, stand.channel(), stand.order))).toMatch(
              /^(unknown|held blocked|reported processing)$/,
            );
          },
        );
      },
    );
  });
});
