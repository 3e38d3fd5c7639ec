/** What UnionPay answers: two characters that decide, and words with a number of seven digits by which its support works. */
import { ChannelRefusal } from '../control/refusal.ts';

/** Where no document names the seven digits of a code, they are made up: a 9, zeros, the code. */
const WORDS: Readonly<Record<string, readonly [words: string, detail?: string]>> = {
  '00': ['成功', '0000000'],
  A6: ['有缺陷的成功'],
  '01': ['交易失败，详情请咨询95516'],
  '02': ['系统未开放或暂时关闭，请稍后再试'],
  '03': ['交易通讯超时，请发起查询交易'],
  '04': ['交易状态未明，请查询对账结果'],
  '05': ['交易已受理，请稍后查询交易结果'],
  '06': ['系统繁忙，请稍后再试'],
  '10': ['报文格式错误'],
  '11': ['验证签名失败'],
  '12': ['重复交易', '2010002'],
  '13': ['报文交易要素缺失'],
  '30': ['交易未通过，请尝试使用其他银联卡支付或联系95516'],
  '31': ['商户状态不正确'],
  '32': ['无此交易权限'],
  '33': ['交易金额超限'],
  '34': ['查无此交易', '2600000'],
  '35': ['原交易不存在或状态不正确', '2040004'],
  '36': ['与原交易信息不符', '2050004'],
  '37': ['已超过最大查询次数或操作过于频繁'],
  '38': ['银联风险受限'],
  '39': ['交易不在受理时间范围内'],
  '45': ['原交易已被成功退货或已被成功撤销', '2004003'],
  '46': ['交易已被冲正'],
  '60': ['交易失败，详情请咨询您的发卡行'],
  '61': ['输入的卡号无效，请确认后输入'],
  '62': ['交易失败，发卡银行不支持该商户，请更换其他银行卡'],
  '63': ['卡状态不正确'],
  '68': ['交易失败，该银行卡未开通此业务'],
  '73': ['支付卡已超过有效期'],
  '78': ['发卡行交易权限受限，详情请咨询您的发卡行'],
  '98': ['文件不存在'],
  '99': ['通用错误'],
};

/** Codes that can be planned as an answer or an end: all that are known but success. */
export const FAILURE_CODES: readonly string[] = Object.keys(WORDS).filter((code) => code !== '00');

export function wordsOf(code: string, about = ''): string {
  const [words, detail = `9000${code.padStart(3, '0')}`] = WORDS[code] ?? ['未知应答码'];
  return `${words}${about === '' ? '' : `:${about}`}[${detail}]`;
}

/** A rule of the gateway says no. */
export class GatewayRefusal extends ChannelRefusal {
  override readonly name = 'GatewayRefusal';
  override readonly status = 422;
  override readonly code: string;

  /** @param about what the words do not say: the field that is meant */
  constructor(code: string, about?: string) {
    super(wordsOf(code, about));
    this.code = code;
  }
}
