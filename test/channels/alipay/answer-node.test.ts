import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerParts, topLevelMembers } from '../../../channels/alipay/answer-node.ts';

const METHOD = 'alipay.trade.refund';

describe('cutting the signed node out of a raw answer', () => {
  test('keeps every character: escapes, spacing, order', () => {
    const node =
      '{ "code" : "10000",\n\t"url":"http:\\/\\/a","msg":"\\u6210\\u529f}" ,"deep":{"a":[1,{"b":"]"}]} }';

    const parts = answerParts(`{"alipay_trade_refund_response" : ${node} , "sign":"abc=="}`, METHOD);

    expect(parts).toEqual({ node, isGatewayError: false, sign: 'abc==', certSn: null });
  });

  test('is not misled by a "sign" inside the node or by what stands between node and signature', () => {
    const node = '{"sign":"inner","text":"\\"},\\"sign\\":\\"x"}';

    const parts = answerParts(
      `{"alipay_cert_sn":"c1","alipay_trade_refund_response":${node},"other":[{"sign":1}],"sign":"outer"}`,
      METHOD,
    );

    expect(parts).toMatchObject({ node, sign: 'outer', certSn: 'c1' });
  });

  test('finds the gateway’s own error', () => {
    expect(answerParts('{"error_response":{"code":"40002"}}', METHOD)).toEqual({
      node: '{"code":"40002"}',
      isGatewayError: true,
      sign: null,
      certSn: null,
    });
  });

  test.each([
    ['', 'nothing'],
    ['[]', 'a list'],
    ['null', 'null'],
    ['{"alipay_trade_refund_response":"text"}', 'a node that is text'],
    ['{"alipay_trade_refund_response":[1]}', 'a node that is a list'],
    ['{"alipay_trade_refund_response":{},"error_response":{}}', 'two nodes'],
    ['{"alipay_trade_refund_response":{},"alipay_trade_refund_response":{}}', 'the same node twice'],
    ['{"alipay_trade_refund_response":{}', 'an end too early'],
    ['{"alipay_trade_refund_response":{}} x', 'text after the end'],
  ])('%s is no answer: %s', (raw) => {
    expect(answerParts(raw, METHOD)).toBeNull();
  });

  test('whatever JSON object it is, each member is cut out as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 3), (object, indent) => {
        const raw = JSON.stringify(object, null, indent);

        const members = topLevelMembers(raw);

        expect([...(members ?? [])].map(([name]) => name)).toEqual(Object.keys(JSON.parse(raw) as object));
        for (const [name, text] of members ?? []) {
          expect(raw).toContain(text);
          expect(JSON.parse(text)).toEqual((JSON.parse(raw) as Record<string, unknown>)[name]);
        }
      }),
    );
  });
});
