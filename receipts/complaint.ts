/**
 * Texts that a payer can send: to the channel, and to the market regulator (12315) with what its rules ask of a complaint.
 * What only the payer knows is left open. Facts, no threats.
 */
import type { Receipt } from '../domain/receipt/receipt.ts';
import type { Words } from '../domain/receipt/words.ts';

/** The rule on complaints and what it asks for. Data: its successor may have other numbers. */
const REGULATION = {
  name: {
    zh: '市场监督管理投诉举报处理暂行办法',
    en: 'Interim Measures for Handling Complaints and Reports in Market Regulation',
  },
  articles: { zh: '第九条、第十条', en: 'Arts. 9 and 10' },
  decidesWithin: { zh: '七个工作日', en: 'seven working days' },
} as const satisfies Readonly<Record<string, Words>>;

const OPEN = '________';

/** File name and text. The authority reads Chinese: the English one is for a payer who does not, to know what is sent. */
export function complaintTexts(receipt: Receipt): readonly (readonly [name: string, text: string])[] {
  return [
    ['complaint-12315.en.txt', regulatorTextInEnglish(receipt)],
    ['complaint-12315.zh-CN.txt', regulatorText(receipt)],
    ['complaint-channel.en.txt', channelTextInEnglish(receipt)],
    ['complaint-channel.zh-CN.txt', channelText(receipt)],
  ];
}

function regulatorText(receipt: Receipt): string {
  const { merchant, refund } = receipt;
  return lines([
    '投诉材料（可粘贴至 12315 平台或随信寄送）',
    `依据《${REGULATION.name.zh}》${REGULATION.articles.zh}，投诉应写明以下各项。市场监管部门一般在${REGULATION.decidesWithin.zh}内决定是否受理。`,
    '',
    '一、投诉人（由您填写）',
    `姓名：${OPEN}`,
    `电话：${OPEN}`,
    `通讯地址：${OPEN}`,
    '',
    '二、被投诉人',
    `名称：${merchant.legal_name ?? merchant.name}`,
    `统一社会信用代码：${merchant.credit_code ?? OPEN}`,
    `地址：${merchant.address ?? OPEN}`,
    `电话：${merchant.phone ?? OPEN}`,
    '',
    '三、投诉请求',
    `${isSaidToBePaid(receipt) ? '被投诉人或渠道称已付款。请求查明款项去向；如确未收到，' : ''}请求被投诉人退还款项人民币 ${refund.amount} 元（${refund.amount_in_words}）。`,
    '',
    '四、消费者权益争议事实',
    ...facts(receipt),
    '',
    '五、证据',
    `退款进度凭证（receipt.zh-CN.pdf、receipt.json，已签名，可核验）；渠道答复（channel-answers.json）；账单记录（statement-lines.csv）。`,
    '',
    `投诉人签名：${OPEN}    日期：${OPEN}`,
    '委托他人代为投诉的，还需附授权委托书和受托人身份证明。',
  ]);
}

/** Whoever has the money does not ask for it again; whoever was told so and has not, asks where it is. */
function isSaidToBePaid({ state }: Receipt): boolean {
  return ['at_bank', 'paid_out', 'arrived', 'paid_otherwise'].includes(state.phase);
}

function channelText(receipt: Receipt): string {
  const { channel, refund } = receipt;
  return lines([
    `致${channel.title.zh}客服`,
    '',
    `请协助查询一笔原路退款，金额人民币 ${refund.amount} 元（${refund.amount_in_words}）。`,
    ...facts(receipt),
    '',
    '请告知：1. 款项目前在何处；2. 是否已提交至发卡银行，提交时间；3. 银行可查询的流水号或参考号；4. 预计入账时间。',
    '',
    `付款人姓名：${OPEN}`,
    `联系电话：${OPEN}`,
  ]);
}

function facts(receipt: Receipt): readonly string[] {
  const { payment, refund, channel, promise, steps, numbers, state } = receipt;
  return [
    `1. ${payment.paid === null ? '' : `${payment.paid.words.zh}，`}通过${channel.title.zh}支付 ${payment.amount} 元，订单号 ${payment.payment_no}。`,
    ...steps
      .filter(({ time }) => time !== null)
      .map((step, index) => `${String(index + 2)}. ${step.time?.words.zh ?? ''}，${step.title.zh}。`),
    `目前状态：${state.headline.zh}（数据截至 ${receipt.as_of.words.zh}，北京时间）。`,
    ...(promise === null ? [] : [`预计到账日：${promise.words.zh}${state.late ? '，现已超过' : ''}。`]),
    `退款单号：${refund.refund_no}。`,
    ...numbers.flatMap(({ name, value }) => (value === null ? [] : [`${name.zh}：${value}。`])),
  ];
}

function regulatorTextInEnglish(receipt: Receipt): string {
  const { merchant, refund } = receipt;
  return lines([
    'Complaint to the market regulator (12315)',
    'A reading copy: file complaint-12315.zh-CN.txt, since the authority works in Chinese.',
    `Under the ${REGULATION.name.en} (${REGULATION.name.zh}), ${REGULATION.articles.en}, a complaint names the following. The authority generally decides within ${REGULATION.decidesWithin.en} whether it takes it on.`,
    '',
    '1. Who complains (to be filled in by you)',
    `Name: ${OPEN}`,
    `Telephone: ${OPEN}`,
    `Postal address: ${OPEN}`,
    '',
    '2. Whom it is about',
    `Name: ${merchant.legal_name ?? merchant.name}`,
    `Unified social credit code: ${merchant.credit_code ?? OPEN}`,
    `Address: ${merchant.address ?? OPEN}`,
    `Telephone: ${merchant.phone ?? OPEN}`,
    '',
    '3. What is asked for',
    `${isSaidToBePaid(receipt) ? 'The merchant or the channel says that it was paid. That it is found out where the money is; if it has not come, that' : 'That'} the merchant refunds ${refund.amount} ${refund.currency}.`,
    '',
    '4. The facts of the dispute',
    ...factsInEnglish(receipt),
    '',
    '5. Evidence',
    'The receipt of the refund (receipt.en.pdf, receipt.json; signed, can be checked); the answers of the channel (channel-answers.json); the lines of its statements (statement-lines.csv).',
    '',
    `Signature: ${OPEN}    Date: ${OPEN}`,
    'Whoever complains for somebody else adds a written authority and proof of their own identity.',
  ]);
}

function channelTextInEnglish(receipt: Receipt): string {
  const { channel, refund } = receipt;
  return lines([
    `To the support of ${channel.title.en}`,
    '',
    `Please look up a refund of ${refund.amount} ${refund.currency} to the account that was paid from.`,
    ...factsInEnglish(receipt),
    '',
    'Please tell: 1. where the money is now; 2. whether it was passed to the issuing bank, and when; 3. the serial or reference number by which the bank finds it; 4. when it should be credited.',
    '',
    `Name of the payer: ${OPEN}`,
    `Telephone: ${OPEN}`,
  ]);
}

function factsInEnglish(receipt: Receipt): readonly string[] {
  const { payment, refund, channel, promise, steps, numbers, state } = receipt;
  const paid = payment.paid === null ? '' : `${payment.paid.words.en}: `;
  return [
    `1. ${paid}${payment.amount} ${refund.currency} paid with ${channel.title.en}, order number ${payment.payment_no}.`,
    ...steps
      .filter(({ time }) => time !== null)
      .map((step, index) => `${String(index + 2)}. ${step.time?.words.en ?? ''}: ${step.title.en}.`),
    `State: ${state.headline.en} (data as of ${receipt.as_of.words.en}, Beijing time).`,
    ...(promise === null
      ? []
      : [`Expected to arrive by ${promise.words.en}${state.late ? ', which has passed' : ''}.`]),
    `Refund number: ${refund.refund_no}.`,
    ...numbers.flatMap(({ name, value }) => (value === null ? [] : [`${name.en}: ${value}.`])),
  ];
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
