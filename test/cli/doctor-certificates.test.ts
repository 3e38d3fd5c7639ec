/** `yuanlu doctor` about certificates: until when each is valid, and in time which wants to be renewed. */
import { expect, test } from 'vitest';
import { checkCertificates } from '../../cli/commands/doctor-checks.ts';

const NOW = new Date('2026-11-24T02:30:00Z');
const far = { name: 'certificate_files.app', validTo: new Date('2031-01-01T00:00:00Z') };
const near = { name: 'certificate_files.alipay', validTo: new Date('2026-12-24T02:29:59Z') };
const justFar = { name: 'certificate_file', validTo: new Date('2026-12-24T02:30:00Z') };

test('says until when each is valid', async () => {
  expect(await checkCertificates([far, justFar], NOW)).toEqual({
    detail: 'certificate_files.app until 2031-01-01; certificate_file until 2026-12-24',
    mend: null,
  });
});

test('says which to renew within its last thirty days, although it still works', async () => {
  const { mend } = await checkCertificates([far, near], NOW);

  expect(mend).toBe('Renew with the channel within 30 days: certificate_files.alipay');
});
