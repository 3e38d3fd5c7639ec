/**
 * Texts that a payer can send: to the channel, and to the market regulator (12315) with what its rules ask of a complaint.
 * What only the payer knows is left open. Facts, no threats.
 */
import type { Receipt } from '../domain/receipt/receipt.ts';

/** The rule on complaints and what it asks for. Data: its successor may have other numbers. */
const REGULATION = {
  name: '市场监督管理投诉举报处理暂行办法',
  articles: '第九条、第十条',
  decidesWithin: '七个工作日',
} as const;

const OPEN = '________';

/** File name and text. */
export function complaintTexts(receipt: Receipt): readonly (readonly [name: string, text: string])[] {
  return [
    ['complaint-12315.zh-CN.txt', regulatorText(receipt)],
    ['complaint-channel.zh-CN.txt', channelText(receipt)],
  ];
}

function regulatorText(receipt: Receipt): string {
  const { merchant, refund } = receipt;
  return lines([
    '投诉材料（可粘贴至 12315 平台或随信寄送）',
    `依据《${REGULATION.name}》${REGULATION.articles}，投诉应写明以下各项。市场监管部门一般在${REGULATION.decidesWithin}内决定是否受理。`,
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
    `请求被投诉人退还款项人民币 ${refund.amount} 元（${refund.amount_in_words}）。`,
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

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
