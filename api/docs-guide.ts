/** The part of /docs that is written by hand: a refund in ten minutes, and the rules that hold for every call. */
import { block, prose, table } from './docs-html.ts';

/** Commands of the quick start, in order. A test runs them as they stand on the page. */
const PAY = `curl -s "$YUANLU_SANDBOX_URL/sandbox/payments" -d '{"payment_no":"ORDER-1","amount_minor":"10000"}'`;

const ASK = `curl -s "$YUANLU_API_URL/v1/refunds" \\
  -H "authorization: Bearer $YUANLU_API_KEY" \\
  -H 'content-type: application/json' \\
  -H 'idempotency-key: refund-of-order-1' \\
  -d '{
    "refund_no": "RF-1",
    "payment_no": "ORDER-1",
    "payment": { "account_id": "wx-demo", "captured_minor": "10000", "currency": "CNY" },
    "amount_minor": "2345",
    "currency": "CNY",
    "reason": "商品已退货"
  }'`;

const WAIT = `curl -s "$YUANLU_API_URL/v1/refunds/RF-1?wait=30" -H "authorization: Bearer $YUANLU_API_KEY"`;

const UNTIL = `until curl -s "$YUANLU_API_URL/v1/refunds/RF-1?wait=30" -H "authorization: Bearer $YUANLU_API_KEY" | grep '"state":"settled"'
do sleep 1; done`;

const EVIDENCE = `curl -s "$YUANLU_API_URL/v1/refunds/RF-1/observations" -H "authorization: Bearer $YUANLU_API_KEY"`;

const LEFT = `curl -s "$YUANLU_API_URL/v1/payments/ORDER-1" -H "authorization: Bearer $YUANLU_API_KEY"`;

const RECEIPT = `curl -s "$YUANLU_API_URL/v1/refunds/RF-1/receipt-links" -H "authorization: Bearer $YUANLU_API_KEY" -H 'content-type: application/json' -d '{}'
curl -s "$YUANLU_API_URL/v1/refunds/RF-1/receipt.pdf?lang=en" -H "authorization: Bearer $YUANLU_API_KEY" -o receipt.pdf
curl -s "$YUANLU_API_URL/v1/refunds/RF-1/receipt" -H "authorization: Bearer $YUANLU_API_KEY" -o receipt.json
curl -s "$YUANLU_API_URL/v1/refunds/RF-1/proof-pack" -H "authorization: Bearer $YUANLU_API_KEY" -o proof.zip`;

const QUOTE = `curl -s "$YUANLU_API_URL/v1/quotes" \\
  -H "authorization: Bearer $YUANLU_API_KEY" \\
  -H 'content-type: application/json' \\
  -d '{
    "payment_no": "ORDER-1",
    "currency": "CNY",
    "purchase": { "kind": "single", "value_minor": "10000", "used_minor": "0", "fee_bps": 500 }
  }'`;

const CLIENT = `import { YuanluClient } from 'yuanlu/client';

const yuanlu = new YuanluClient({ baseUrl: process.env.YUANLU_API_URL, apiKey: process.env.YUANLU_API_KEY });
const refund = await yuanlu.createRefund(
  { payment_no: 'ORDER-1', amount_minor: '100', currency: 'CNY' },
  { idempotencyKey: 'second-refund-of-order-1' },
);
const settled = await yuanlu.waitUntil(refund.refund_no, 'settled');`;

const VERIFY = `import { verifyWebhook } from 'yuanlu/client';

const event = await verifyWebhook(request.headers, rawBody, process.env.YUANLU_WEBHOOK_SECRET);
console.log(event.id, event.type, event.data.refund_no, event.data.state);`;

/** Each entry is a section: the name in the address bar, the heading, the content. */
export const GUIDE: readonly (readonly [id: string, heading: string, html: string])[] = [
  [
    'quick-start',
    'A refund in ten minutes',
    [
      p(
        'You need Node.js 20.19 or newer and this repository after `npm ci`. One command starts everything on this machine, with a sandbox in place of the channels, and lets a business day pass in half a minute:',
      ),
      block('npx yuanlu dev --fast'),
      p('In another terminal, in the same folder, take over its addresses and an API key:'),
      block('. .yuanlu/dev-fast/env.sh'),
      p('1. A payer pays 100.00 at the sandbox of WeChat Pay. Amounts are fen, as strings of digits:'),
      block(PAY, 'run'),
      p(
        '2. Ask for a refund of 23.45. The payment is described with its first refund; the channel is asked whether the description is true before anything is sent:',
      ),
      block(ASK, 'run'),
      p(
        'The answer is `201`, with `"state":"requested"`. Send it again: `200`, the same refund, and nothing is sent twice.',
      ),
      block(ASK, 'run'),
      p('3. Wait for news. The answer comes as soon as the refund changes, at the latest after 30 seconds:'),
      block(WAIT, 'run'),
      p(
        '4. Follow it to the end: `processing`, `succeeded` (the channel’s word), `settled` (its statement of the next day agrees). That is about a minute here, and a day and a half in life:',
      ),
      block(UNTIL, 'run'),
      p('5. Look at the evidence, and at what is left of the payment:'),
      block(EVIDENCE, 'run'),
      block(LEFT, 'run'),
      p(
        'Now read the answer of the refund again: `next_step` says what happens next and who does it, `proof` the numbers by which payer, bank and channel find it, `window` when the money should be there. Nothing else is needed to answer the payer.',
      ),
      p('The same from Node, with retries and waiting built in:'),
      block(CLIENT),
    ].join('\n'),
  ],
  [
    'keys',
    'API keys',
    p(
      'Every call under `/v1` carries `authorization: Bearer yl_…`. A key belongs to one merchant and sees nothing of the others; its scopes say what it may do. `yuanlu keys create --merchant <id> --scope refunds:read,refunds:write` makes one and shows it once; `yuanlu keys rotate` exchanges it with an overlap, `yuanlu keys revoke` takes it back within a second. A key made with `--operator lin.mei` is that person’s: only people ask for what needs two of them, and decide it.',
    ),
  ],
  [
    'idempotency',
    'Repeating is safe',
    p(
      '`POST /v1/refunds` needs an `idempotency-key`: one key per refund that you mean to make, at most 128 characters, the same on every repeat. It is remembered for ever, so a repeat after a year gives the same refund. The same key with other content is `409 idempotency_conflict`, the same `refund_no` with other content `409 refund_conflict`; neither changes anything. After a time-out, a cut connection or a `5xx`, repeat with the same key; never make a new key for the same refund.',
    ),
  ],
  [
    'states',
    'Where a refund stands',
    [
      table(
        ['state', 'means', 'what you do'],
        [
          ['requested', 'Recorded, amount reserved, nothing sent yet.', 'Nothing.'],
          [
            'unknown',
            'Sent; no answer that can be trusted.',
            'Nothing. It is asked about by itself. Never refund under another number.',
          ],
          ['processing', 'The channel has taken it.', 'Tell the payer the window.'],
          [
            'succeeded',
            'The channel says that the money has left.',
            'Tell the payer; quote the numbers of `proof`.',
          ],
          ['settled', 'The channel’s statement agrees.', 'Nothing: this is the end.'],
          [
            'needs_action',
            'A person must act; `state_reason` and `next_step` say what.',
            'What `next_step` says.',
          ],
          [
            'failed',
            'The channel said no in plain words; no money moved.',
            'Ask under a new number, if you still want it.',
          ],
          ['returned', 'It bounced after success.', 'A person chooses another way.'],
        ].map((cells) => cells.map(prose)),
      ),
      p('A missed deadline raises `overdue_level` and nothing else: only evidence changes a state.'),
    ].join('\n'),
  ],
  [
    'waiting',
    'Waiting for news',
    p(
      '`GET /v1/refunds/{refund_no}?wait=60` is answered when the refund changes, or after that many seconds with what is. Send the `etag` of your last answer as `if-none-match`: you get `304` while nothing has happened, and what happened between two calls is not missed. Set the time-out of your HTTP client above the wait. Waiting is cheap here; asking every second is not.',
    ),
  ],
  [
    'receipts',
    'What the payer gets',
    [
      p(
        '`POST /v1/refunds/{refund_no}/receipt-links` with `{}` makes a link for the payer, shown once: a page without login that says where the money is, when it arrives, and which number to quote to whom. The same as PDF, as signed JSON, and as a zip of everything that proves it:',
      ),
      block(RECEIPT),
      p('Anybody checks these at `/verify`, or offline with `yuanlu receipt verify FILE --keys KEYS`.'),
    ].join('\n'),
  ],
  [
    'quotes',
    'What the shop owes',
    [
      p(
        '`POST /v1/quotes` works out what comes back of a registered payment: of a thing that is partly used, of a renewal that is stopped, of a bundle or one item of it. Each line has its amount, the rule that it comes from and a sentence for the payer. It moves nothing:',
      ),
      block(QUOTE),
      p(
        'Then ask for the refund with its `quote_id` and exactly its `total_minor`, within two hours; a quote is used once, and not when something was refunded since. What is outside of the shop’s rules waits for two people (`release_refund`): `review` of `GET /v1/quotes/{quote_id}` says why, and for how long.',
      ),
    ].join('\n'),
  ],
  [
    'two-people',
    'What needs two people',
    [
      p(
        'Where no rule can decide, one named person asks (`POST /v1/approvals`) and another decides (`POST /v1/approvals/{id}/decision`) within a day, by the `fingerprint` of what was asked. What is approved is done at once and once, exactly as it was asked, and not when evidence came in since: then it is `approval_outdated`. Nobody decides what they asked for themselves.',
      ),
      table(
        ['act', 'for a refund that', 'and then'],
        [
          ['`release_refund`', 'is over a limit, or its quote outside of the rules', 'It is sent.'],
          [
            '`redirect_refund`',
            'is `abnormal` at WeChat Pay: the card is dead',
            'The channel sends it to another card of the payer’s, or back to the merchant.',
          ],
          [
            '`fallback_route`',
            'is `returned` or `failed`, or whose payer’s account is closed',
            'The payer is paid another way; `POST /v1/refunds/{refund_no}/fallback-payment` says by which number.',
          ],
          ['`record_return`', 'came back, and no statement says so', 'It is `returned`.'],
          [
            '`force_match`',
            'has no line, while a break is about a line of its amount that has no refund',
            'The line is the refund’s, and matching keeps to it. `write_off_break` and `reopen_break` are about breaks alone.',
          ],
          ['`resolve_refund`', 'its channel leaves open for ever', 'It is paid, or not, on your proof.'],
          [
            '`lift_overdue`',
            'is flagged and needs no flag',
            'The flag goes; a higher one comes in its time.',
          ],
        ].map((cells) => cells.map(prose)),
      ),
      p(
        'An abnormal refund has its money at the channel: send it back to the merchant first, then pay it another way. A card is in the two requests that bring it and in the one call that takes it away, encrypted; nobody keeps it, so both people type it.',
      ),
    ].join('\n'),
  ],
  [
    'webhooks',
    'Webhooks',
    [
      p(
        'Instead of waiting you can be told: `POST /v1/webhook-endpoints` with an https address makes an endpoint and shows its secret once. Every change that matters is sent there within about a second, signed as Standard Webhooks 1.0.0 has it. Check it over the bytes that came, keep it, answer 2xx:',
      ),
      block(VERIFY),
      table(
        ['type', 'when'],
        [
          ['`refund.processing`, `refund.succeeded`, `refund.settled`', 'It has gone a step further.'],
          ['`refund.needs_action`', 'A person must act; `reason` says why.'],
          ['`refund.failed`, `refund.returned`', 'It came to nothing, or came back.'],
          ['`refund.overdue`', 'A flag was raised; with `overdue_level` 0 it was lifted.'],
        ].map((cells) => cells.map(prose)),
      ),
      p(
        'An event carries a refund number and where it stands, nothing of the payer. The same event may come twice, always under the same `id`: drop what you have had. Events come in no order: read the refund for its state. What nobody takes is tried again for three days, then listed as `dead` under `/v1/webhook-deliveries`, to be replayed. 410 disables the endpoint.',
      ),
    ].join('\n'),
  ],
  [
    'callbacks',
    'Callbacks of the channels',
    p(
      'Channels send notices to `/callbacks/{channel}/{account}`, the address in `notify_url` or `back_url` of each account. They are verified over their bytes, kept, and acknowledged only then; a notice that was lost is made up for by asking. Let these paths in from outside and nothing else, and leave bodies and headers as they are on the way. You need not listen to the channels yourself: wait, or be told, as above.',
    ),
  ],
  [
    'pages',
    'Lists',
    p(
      'Lists come newest or oldest first as they say, `limit` rows at a time (at most 200). `next_cursor` of a page is the `cursor` of the next one, and null on the last; the `link` header holds the whole address. A page may hold fewer rows than asked for, also none, while `next_cursor` leads on: refunds that only the statements tell apart (`succeeded`, `settled`) are looked through some thousands at a time. A cursor is opaque and stays good. Rows that are added while you read neither repeat nor hide others.',
    ),
  ],
  [
    'retries',
    'When to repeat',
    p(
      'An error says itself whether repeating can help: `retryable`. `429` and `503` carry `retry-after` in seconds; wait that long. Repeat other `5xx` and broken connections after a second, then two, four and so on, with some chance added, always with the same key. Do not repeat a `4xx` that is not retryable: mend it.',
    ),
  ],
];

function p(text: string): string {
  return `<p>${prose(text)}</p>`;
}
