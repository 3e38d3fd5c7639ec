/** The body of the call for abnormal refunds. A card is opened here, checked, and of it only the last four digits are kept. */
import { constants, privateDecrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Way } from './model.ts';
import { invalidRequest, paramError } from './problem.ts';
import { OUT_REFUND_NO, missing, objectOf, parse, text } from './refund-params.ts';

export interface RedirectParams {
  readonly outRefundNo: string;
  readonly place: Omit<Way, 'fromMs' | 'verdict'>;
}

/** The debit cards that the call takes, and how the bank is called in front of a card's tail. */
const BANKS: ReadonlyMap<string, string> = new Map([
  ['CMB_DEBIT', '招商银行'],
  ['COMM_DEBIT', '交通银行'],
  ['ABC_DEBIT', '农业银行'],
  ['CCB_DEBIT', '建设银行'],
  ['ICBC_DEBIT', '工商银行'],
  ['BOC_DEBIT', '中国银行'],
  ['PAB_DEBIT', '平安银行'],
  ['SPDB_DEBIT', '浦发银行'],
  ['CITIC_DEBIT', '中信银行'],
  ['CEB_DEBIT', '光大银行'],
  ['CMBC_DEBIT', '民生银行'],
  ['CIB_DEBIT', '兴业银行'],
  ['GDB_DEBIT', '广发银行'],
  ['PSBC_DEBIT', '邮储银行'],
  ['NBCB_DEBIT', '宁波银行'],
]);

const SEALED_CHARACTERS_MAX = 1024;

/** @param opener The key that the request names. @throws WechatProblem 400 `PARAM_ERROR`, `INVALID_REQUEST` */
export function readRedirectParams(body: Buffer, opener: KeyObject | undefined): RedirectParams {
  const fields = objectOf(parse(body), 'body');
  const outRefundNo = text(fields, 'out_refund_no', OUT_REFUND_NO) ?? missing('out_refund_no');
  const type = text(fields, 'type', /^(USER|MERCHANT)_BANK_CARD$/) ?? missing('type');
  if (type === 'MERCHANT_BANK_CARD') {
    const landsIn = '商户结算银行账户';
    return { outRefundNo, place: { channel: 'OTHER_BANKCARD', landsIn, isToMerchant: true } };
  }
  const bank = BANKS.get(text(fields, 'bank_type', /^[A-Z0-9_]{1,16}$/) ?? missing('bank_type'));
  if (bank === undefined) throw paramError('bank_type', '不支持的银行类型');
  const cardNo = opened(fields, 'bank_account', opener);
  const holder = opened(fields, 'real_name', opener);
  if (!isCardNo(cardNo)) throw invalidRequest('银行卡号有误');
  if (holder.trim() === '') throw invalidRequest('收款用户姓名有误');
  const landsIn = `${bank}借记卡${cardNo.slice(-4)}`;
  return { outRefundNo, place: { channel: 'OTHER_BANKCARD', landsIn, isToMerchant: false } };
}

/** RSA-OAEP with SHA-1, in base64. */
function opened(fields: Readonly<Record<string, unknown>>, name: string, key: KeyObject | undefined): string {
  const sealed = text(fields, name, /^[0-9A-Za-z+/]+={0,2}$/) ?? missing(name);
  if (sealed.length > SEALED_CHARACTERS_MAX) throw paramError(name, '超过 1024 个字符');
  if (key === undefined) throw paramError('Wechatpay-Serial', '平台证书序列号或公钥ID有误', 'header');
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const bytes = privateDecrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(sealed, 'base64'));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw paramError(name, '敏感信息解密失败');
  }
}

/** Digits whose last one is right: every second one doubled, its own digits added up, the sum whole tens. */
function isCardNo(cardNo: string): boolean {
  if (!/^[0-9]{13,19}$/.test(cardNo)) return false;
  const parity = cardNo.length % 2;
  let sum = 0;
  for (let at = 0; at < cardNo.length; at += 1) {
    const digit = Number(cardNo[at]);
    const doubled = digit * 2;
    sum += at % 2 === parity ? Math.floor(doubled / 10) + (doubled % 10) : digit;
  }
  return sum % 10 === 0;
}
