/** Vectors published by Alipay's own SDK, where they are at hand (YUANLU_VECTORS). */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answerParts } from '../../../channels/alipay/answer-node.ts';
import { certificateSn, rootCertificateSn } from '../../../channels/alipay/certificates.ts';
import { GATEWAY_OUTCOMES } from '../../../channels/alipay/outcome.ts';
import { isNoticeSignedBy, isSignedBy } from '../../../channels/alipay/signing.ts';
import { topLevelMembers } from '../../../channels/alipay/answer-node.ts';
import { certificatesOf } from '../../../channels/certificate-chain.ts';

const folder = process.env['YUANLU_VECTORS'];

const vector = z.object({
  id: z.string(),
  kind: z.string(),
  certificate: z.string().optional(),
  params: z.record(z.string(), z.string()).optional(),
  public_key: z.string().optional(),
  body: z.string().optional(),
  response_node: z.string().optional(),
  expect: z.object({
    sn: z.string().optional(),
    valid: z.boolean().optional(),
    signed_text: z.string().optional(),
    alipay_cert_sn: z.string().optional(),
    code: z.string().optional(),
  }),
});

if (folder !== undefined) {
  const file = (name: string): string => readFileSync(join(folder, 'alipay', name), 'utf8');
  const { vectors } = z.object({ vectors: z.array(vector) }).parse(JSON.parse(file('vectors.json')));

  describe('the published vectors', () => {
    test('are there', () => {
      expect(vectors.length).toBeGreaterThan(10);
    });

    test.each(vectors.map((one) => [one.id, one] as const))('%s', (_id, one) => {
      check(one, file);
    });
  });
} else {
  test('the published vectors are looked for where YUANLU_VECTORS points', () => {
    expect(folder).toBeUndefined();
  });
}

function check(one: z.infer<typeof vector>, file: (name: string) => string): void {
  const key = one.public_key === undefined ? null : createPublicKey(file(one.public_key));
  const raw = one.body ?? '';
  switch (one.kind) {
    case 'certificate_sn': {
      const [certificate] = certificatesOf(file(one.certificate ?? ''));
      expect(certificate === undefined ? null : certificateSn(certificate)).toBe(one.expect.sn);
      return;
    }
    case 'root_certificate_sn':
      expect(rootCertificateSn(file(one.certificate ?? ''))).toBe(one.expect.sn);
      return;
    case 'callback_form_verify_rsa2':
      expect(key !== null && isNoticeSignedBy(one.params ?? {}, key)).toBe(one.expect.valid);
      return;
    case 'gateway_response_verify_rsa2':
    case 'gateway_response_extract_signed_text': {
      const node = topLevelMembers(raw)?.get(one.response_node ?? '') ?? '';
      const parts = answerParts(raw, (one.response_node ?? '').replace(/_response$/, ''));
      expect(node).toBe(one.expect.signed_text);
      expect(parts?.node).toBe(one.expect.signed_text);
      if (one.expect.alipay_cert_sn !== undefined) expect(parts?.certSn).toBe(one.expect.alipay_cert_sn);
      if (one.expect.valid !== undefined && key !== null)
        expect(isSignedBy(node, parts?.sign ?? '', key)).toBe(one.expect.valid);
      return;
    }
    case 'gateway_error_node':
      expect(answerParts(raw, 'alipay.trade.refund')).toMatchObject({ isGatewayError: true, sign: null });
      expect(GATEWAY_OUTCOMES).toHaveProperty(one.expect.code ?? '');
      return;
    default:
      throw new Error(`a kind of vector without a check: ${one.kind}`);
  }
}
