/** When UnionPay took a refund is UnionPay's word, never the time at which we asked for it. */
import { describe, expect, test } from 'vitest';
import { acceptedAtOf } from '../../../channels/unionpay/accepted-at.ts';

const ASKED = new Date('2026-11-24T10:30:00+08:00');
const QUERY_ID = '052611241041127863998';

describe('the time at which UnionPay took a refund', () => {
  test('is that of its trace', () => {
    expect(acceptedAtOf({ traceTime: '1205235959', queryId: QUERY_ID }, ASKED)).toEqual(
      new Date('2026-12-05T23:59:59+08:00'),
    );
  });

  test('is that of its number where it names no trace', () => {
    expect(acceptedAtOf({ queryId: QUERY_ID }, ASKED)).toEqual(new Date('2026-11-24T10:41:12+08:00'));
  });

  test('is read from numbers of 2015 as well, which begin with the whole year', () => {
    expect(acceptedAtOf({ queryId: '201501051450467846491' }, ASKED)).toEqual(
      new Date('2015-01-05T14:50:46+08:00'),
    );
  });

  test('is in the next year where the trace is of January and the request of December', () => {
    expect(acceptedAtOf({ traceTime: '0101000007' }, new Date('2026-12-31T23:59:58+08:00'))).toEqual(
      new Date('2027-01-01T00:00:07+08:00'),
    );
  });

  test.each([
    ['nothing', {}],
    ['a time that there is not', { traceTime: '1332256199' }],
    ['a number of another make', { queryId: '12345' }],
    ['a number with a time that there is not', { queryId: '052613411041127863998' }],
  ])('is not known from %s', (_, fields) => {
    expect(acceptedAtOf(fields, ASKED)).toBeNull();
  });
});
