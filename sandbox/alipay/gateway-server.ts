/** The signed side: what answers under /gateway.do like Alipay does, and the address under which bills lie. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loseAnswer } from '../lost-answer.ts';
import { keepBodiesAsBytes } from '../listening.ts';
import type { Bills } from './bills.ts';
import type { SandboxMerchant } from './model.ts';
import { AlipayProblem, invalid, problemNode } from './problem.ts';
import type { Answer, RefundCalls } from './refund-calls.ts';
import type { GatewayCall } from './request.ts';
import { callChecker } from './request.ts';
import { signatureOf } from './signing.ts';
import type { Charset } from './text-codec.ts';
import { encode } from './text-codec.ts';
import type { World } from './world.ts';

const BODY_BYTES_MAX = 256 * 1024;

export interface GatewayParts {
  readonly world: World;
  readonly calls: RefundCalls;
  readonly bills: Bills;
}

type Product = (merchant: SandboxMerchant, content: GatewayCall['content']) => Answer;

/** Registers the routes in a scope of their own: forms stay bytes, since their charset is one of their fields. */
export async function registerGateway(
  app: FastifyInstance,
  { world, calls, bills }: GatewayParts,
): Promise<void> {
  keepBodiesAsBytes(app, BODY_BYTES_MAX);
  const check = callChecker([...world.merchants.values()], world.keys);
  const products: Readonly<Record<string, Product>> = {
    'alipay.trade.refund': (merchant, content) => calls.refund(merchant, content),
    'alipay.trade.fastpay.refund.query': (merchant, content) => calls.query(merchant, content),
    'alipay.trade.query': (merchant, content) => calls.trade(merchant, content),
    'alipay.data.dataservice.bill.downloadurl.query': (merchant, content) => ({
      node: bills.offer(merchant, content),
    }),
    'alipay.open.app.alipaycert.download': (_merchant, content) => ({
      node: certificateNode(world, content['alipay_cert_sn']),
    }),
  };

  app.route({
    method: ['GET', 'POST'],
    url: '/gateway.do',
    handler: async (request, reply) => {
      world.agenda.look();
      const form = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const call = check({ query: queryOf(request), form }, world.clock.wallNow());
      if (!Object.hasOwn(products, call.method)) throw invalid('method', `不存在的方法名：${call.method}`);
      return send(world, reply, call, answerOf(products[call.method], call));
    },
  });
  app.get('/downloadBillFile.resource', async (request, reply) => {
    const file = bills.take(request.query as Readonly<Record<string, string | undefined>>);
    if (file === undefined) return reply.status(404).type('text/html;charset=utf-8').send('下载链接已失效');
    return reply.type('application/octet-stream').send(file);
  });
  app.setErrorHandler(sendGatewayError);
}

/** Alipay's certificate under a serial, as the base64 of its PEM text. @throws AlipayProblem */
function certificateNode({ signers }: World, sn: unknown): Record<string, unknown> {
  const pem = typeof sn === 'string' ? signers.certificate(sn) : undefined;
  if (pem === undefined) throw new AlipayProblem('40004', 'isv.cert-not-exist', '证书不存在');
  return { code: '10000', msg: 'Success', alipay_cert_content: Buffer.from(pem).toString('base64') };
}

/** A refusal by the product is signed like any answer. */
function answerOf(product: Product | undefined, { merchant, content }: GatewayCall): Answer {
  if (product === undefined) throw new Error('a method without a product');
  try {
    return product(merchant, content);
  } catch (error) {
    if (error instanceof AlipayProblem && !error.isOfGateway) return { node: problemNode(error) };
    throw error;
  }
}

async function send(
  world: World,
  reply: FastifyReply,
  { merchant, method, charset }: GatewayCall,
  answer: Answer,
): Promise<FastifyReply> {
  const { keys, key } = world.signers.of(merchant.keyMode);
  const node = textOfNode(answer.node);
  const signedBytes = encode(answer.spoilt === 'wrong_signature' ? `${node} ` : node, charset);
  const members = [
    `"${method.replaceAll('.', '_')}_response":${node}`,
    ...(merchant.keyMode === 'certificate' ? [`"alipay_cert_sn":"${keys.certificateSn}"`] : []),
    ...(answer.spoilt === 'unsigned' ? [] : [`"sign":"${signatureOf(signedBytes, key)}"`]),
  ];
  const body = `{${members.join(',')}}`;
  const type = typeOf(charset);
  if (answer.lost !== undefined) return loseAnswer(reply, { type, body }, answer.lost);
  if (answer.slowMs !== undefined) await sleep(answer.slowMs, undefined, { ref: false });
  reply.header('trace_id', newTraceId()).type(type);
  if (answer.httpStatus !== undefined)
    return reply.status(answer.httpStatus).send('<html><body>Bad Gateway</body></html>');
  return reply.send(encode(body, charset));
}

/** Slashes are escaped, as the real gateway writes them: whoever writes the node anew verifies other bytes. */
function textOfNode(node: Record<string, unknown>): string {
  return JSON.stringify(node).replaceAll('/', String.raw`\/`);
}

function typeOf(charset: Charset): string {
  return `text/html;charset=${charset}`;
}

/** What the gateway itself turns down comes unsigned, under a node of its own, and with 200 like everything. */
export function sendGatewayError(
  error: unknown,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = error instanceof AlipayProblem ? error : problemOf(error);
  return reply
    .status(200)
    .header('trace_id', newTraceId())
    .type(typeOf('utf-8'))
    .send(`{"error_response":${textOfNode(problemNode(problem))}}`);
}

function problemOf(error: unknown): AlipayProblem {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (status !== 500) return invalid('parameter', '请求无法解析');
  return new AlipayProblem(
    '20000',
    'isp.unknow-error',
    error instanceof Error ? error.message : 'unknown',
    true,
  );
}

function queryOf(request: FastifyRequest): string {
  const target = request.raw.url ?? '';
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at + 1);
}

function newTraceId(): string {
  return randomBytes(15).toString('hex');
}
