/** What a proof pack holds and how to check it, for whoever was given one. */
import type { SignedReceipt } from './signed-receipt.ts';

export function packReadme({ receipt, receiptNo }: SignedReceipt, publicUrl: string): string {
  const keysUrl = `${publicUrl}/.well-known/yuanlu-receipt-keys.json`;
  return `退款证明包 ${receiptNo}
退款单号 ${receipt.refund.refund_no}，数据截至 ${receipt.as_of.words.zh}（北京时间）

内容
  receipt.zh-CN.pdf, receipt.en.pdf   退款进度凭证（中文、英文）
  receipt.json                        同一内容，带 Ed25519 签名
  evidence.json                       全部证据的时间线和账单记录
  channel-answers.json                渠道答复（个人信息已脱敏）
  statement-lines.csv                 渠道账单中的相关行，含文件 SHA-256 和行号
  complaint-channel.zh-CN.txt         给渠道客服的查询文本
  complaint-12315.zh-CN.txt           向市场监管部门投诉的文本，空格处由您填写
  complaint-*.en.txt                  以上两份的英文对照，供参考
  public-keys.json                    签发时的公钥
  MANIFEST.sha256                     以上文件的 SHA-256
  MANIFEST.sig                        对 MANIFEST.sha256 的 Ed25519 签名

如何核验
  1. 取得签发方的公钥，存为 keys.json：${keysUrl}
     （public-keys.json 是签发时的副本，请与之对比；不要只信包内的公钥）
  2. 整包离线核验：yuanlu receipt verify 本包.zip --keys keys.json
     签名、每个文件和三份凭证一并核对；被改动、缺少、多出的文件会逐一列出
  3. 单个文件：yuanlu receipt verify receipt.json --keys keys.json，PDF 同样
  4. 没有 yuanlu 时，文件完整：sha256sum -c MANIFEST.sha256
  5. 也可以在线核验整包、receipt.json 或 PDF：${publicUrl}/verify
  签名的是 receipt.json 中 receipt 的规范 JSON（RFC 8785），前加一行 "yuanlu receipt 1"；
  MANIFEST.sig 签名的是 MANIFEST.sha256 的全部字节，前加一行 "yuanlu manifest 1"。

------------------------------------------------------------------------

Proof pack ${receiptNo}
Refund ${receipt.refund.refund_no}, data as of ${receipt.as_of.words.en} (Beijing)

What is in it
  receipt.zh-CN.pdf, receipt.en.pdf   the receipt, in Chinese and in English
  receipt.json                        the same, under an Ed25519 signature
  evidence.json                       all evidence in order of time, and the lines of statements
  channel-answers.json                what the channel said, personal data masked
  statement-lines.csv                 the lines of the channel's statements, with file SHA-256 and line number
  complaint-channel.{zh-CN,en}.txt    a text for the channel's support
  complaint-12315.zh-CN.txt           a complaint to the market regulator; the blanks are yours
  complaint-12315.en.txt              the same to read; what is filed is the Chinese one
  public-keys.json                    the public keys when it was made
  MANIFEST.sha256                     SHA-256 of these files
  MANIFEST.sig                        an Ed25519 signature over MANIFEST.sha256

How to check it
  1. Get the issuer's keys, as keys.json: ${keysUrl}
     (public-keys.json is a copy of when the pack was made: compare the two, and do not believe the pack's alone)
  2. The whole pack, offline:           yuanlu receipt verify PACK.zip --keys keys.json
     It checks the signature, every file and the three receipts, and names each file that was changed, is missing or was added
  3. One file:                          yuanlu receipt verify receipt.json --keys keys.json, and PDFs the same way
  4. Without yuanlu, the files only:    sha256sum -c MANIFEST.sha256
  5. Online, the pack or a file of it:  ${publicUrl}/verify
  What is signed is the canonical JSON (RFC 8785) of "receipt" in receipt.json, after a line "yuanlu receipt 1"; and in
  MANIFEST.sig all bytes of MANIFEST.sha256, after a line "yuanlu manifest 1".

${receipt.notes.not_invoice.zh}
${receipt.notes.not_invoice.en}
`;
}
