/**
 * The one catalogue of errors: a stable code, what it means, whether trying again can help, and what the operator
 * does. HTTP problems, CLI messages, Temporal failures and `docs/errors.md` are all made from it (a test compares).
 */

export interface ErrorEntry {
  /** HTTP status when it reaches the API. */
  readonly status: number;
  /** One plain sentence: what is the case. */
  readonly title: string;
  /** True when the same request may succeed later without anybody changing it. */
  readonly retryable: boolean;
  /** What the reader should do. */
  readonly remedy: string;
}

export const ERRORS = {
  // --- requests -------------------------------------------------------------------------------------------------
  request_invalid: {
    status: 422,
    title: 'The request does not have the documented shape.',
    retryable: false,
    remedy: 'Correct the fields named in `errors` and send it again.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is larger than this address accepts.',
    retryable: false,
    remedy: 'Send a smaller body.',
  },
  media_type_unsupported: {
    status: 415,
    title: 'The body is not JSON.',
    retryable: false,
    remedy: 'Send `content-type: application/json`.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address.',
    retryable: false,
    remedy: 'Check the address against /openapi.json.',
  },
  unauthorized: {
    status: 401,
    title: 'The API key is missing or unknown.',
    retryable: false,
    remedy: 'Send `authorization: Bearer <key>` with a key of this merchant.',
  },
  forbidden: {
    status: 403,
    title: 'The API key may not do this.',
    retryable: false,
    remedy: 'Use a key with the scope that the documentation names.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests in a short time.',
    retryable: true,
    remedy: 'Wait for the time given in `retry-after`.',
  },
  idempotency_key_missing: {
    status: 400,
    title: 'A refund request needs an Idempotency-Key header.',
    retryable: false,
    remedy: 'Send one key per refund you mean to make, and the same key on every repeat.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'This Idempotency-Key was used before with other content.',
    retryable: false,
    remedy: 'Repeat the first content, or use a new key for a new refund.',
  },
  amount_invalid: {
    status: 422,
    title: 'The amount is not a whole positive number of minor units that every channel can carry.',
    retryable: false,
    remedy: 'Send digits of fen as a string, for example "2345" for 23.45 CNY.',
  },
  currency_mismatch: {
    status: 422,
    title: 'The refund has another currency than the payment.',
    retryable: false,
    remedy: 'Refund in the currency of the payment.',
  },
  date_invalid: {
    status: 422,
    title: 'The date or the time of day is not a real one, or not written the documented way.',
    retryable: false,
    remedy: 'Write days as yyyy-mm-dd and times as HH:mm:ss, Beijing time.',
  },
  refund_no_invalid: {
    status: 422,
    title: 'The refund number has characters or a length that the channel refuses.',
    retryable: false,
    remedy: 'WeChat Pay: 1 to 64 bytes of digits, letters and `_-|*@`.',
  },
  redirect_invalid: {
    status: 422,
    title: 'A refund cannot be sent on to this card or bank.',
    retryable: false,
    remedy:
      'Nothing was sent. Correct what `field` names; only debit cards of the banks that the channel lists.',
  },
  refund_conflict: {
    status: 409,
    title: 'This refund number was used before with other content.',
    retryable: false,
    remedy: 'The first refund is untouched. Use a new number for a new refund.',
  },
  refund_exceeds_payment: {
    status: 422,
    title: 'The refund is larger than what is left of the payment.',
    retryable: false,
    remedy: 'Ask for at most the captured amount less the refunds that have not failed.',
  },
  refund_too_late: {
    status: 422,
    title: 'The payment is too old for the channel to refund it.',
    retryable: false,
    remedy: 'Pay the payer by another route that your policy allows.',
  },
  refund_parts_exhausted: {
    status: 422,
    title: 'The payment already has as many partial refunds as the channel allows.',
    retryable: false,
    remedy: 'Pay the payer by another route that your policy allows.',
  },
  precondition_failed: {
    status: 412,
    title: 'What the request depends on is not as its sender saw it.',
    retryable: false,
    remedy: 'Read it again, decide again, and send the new `etag` as `if-match`.',
  },
  api_key_unknown: {
    status: 404,
    title: 'No API key has this id.',
    retryable: false,
    remedy: 'Check it against `yuanlu keys list --all`. Keys of the accounts file are changed in that file.',
  },
  api_key_spent: {
    status: 409,
    title: 'The API key was exchanged or revoked, or has expired.',
    retryable: false,
    remedy: 'Rotate the key that took its place, or make a new one with `yuanlu keys create`.',
  },
  merchant_unknown: {
    status: 422,
    title: 'No merchant has this id.',
    retryable: false,
    remedy: 'Use the id of a merchant of the accounts file, and start a process with that file once.',
  },
  refund_unknown: {
    status: 404,
    title: 'No refund has this number.',
    retryable: false,
    remedy: 'Check the number and the merchant of the API key.',
  },
  payment_unknown: {
    status: 422,
    title: 'No payment has this number, and the request does not describe it.',
    retryable: false,
    remedy: 'Register the payment first, or send `payment` with the refund.',
  },
  payment_conflict: {
    status: 409,
    title: 'This payment number was registered before with other content.',
    retryable: false,
    remedy: 'The first registration is untouched. Check which one is right.',
  },
  account_unknown: {
    status: 422,
    title: 'No channel account of this merchant has this id.',
    retryable: false,
    remedy: 'Use an account id from the accounts file.',
  },
  route_not_original: {
    status: 422,
    title: 'The refund names another route than the one that took the payment.',
    retryable: false,
    remedy: 'Leave the route out: the payment says where the money goes back to.',
  },
  // --- quotes ---------------------------------------------------------------------------------------------------
  quote_use_exceeds_purchase: {
    status: 422,
    title: 'More is said to be used than was bought, or the period was over when the payer stopped.',
    retryable: false,
    remedy: 'Compare the facts of use with the order; what is used up is not quoted.',
  },
  quote_period_invalid: {
    status: 422,
    title: 'The period ends before it begins.',
    retryable: false,
    remedy: 'Send its first and its last day, both included.',
  },
  quote_fee_too_high: {
    status: 422,
    title: 'The handling fee is above what the policy allows.',
    retryable: false,
    remedy: 'Send the fee that was shown at the purchase, at most 10 % (1000).',
  },
  quote_item_unknown: {
    status: 422,
    title: 'The item that is to come back is not one of the bundle.',
    retryable: false,
    remedy: 'Name one of `items`, or leave it out for the whole bundle.',
  },
  quote_item_foreign: {
    status: 422,
    title: 'An item of the bundle belongs to another payment.',
    retryable: false,
    remedy: 'Send the items of the order that was paid by this payment; an item number is one item for ever.',
  },
  quote_item_returned: {
    status: 409,
    title: 'The item was given back before.',
    retryable: false,
    remedy: 'Look at the refunds of the payment: an item comes back once.',
  },
  quote_unknown: {
    status: 422,
    title: 'No quote has this number.',
    retryable: false,
    remedy: 'Check it and the merchant of the API key; `POST /v1/quotes` makes one.',
  },
  quote_payment_differs: {
    status: 422,
    title: 'The quote is for another payment.',
    retryable: false,
    remedy: 'Cite a quote for the payment of the refund.',
  },
  quote_amount_differs: {
    status: 422,
    title: 'The refund has another amount than the quote that it cites.',
    retryable: false,
    remedy: 'Ask for exactly the total of the quote, or leave the quote out.',
  },
  quote_expired: {
    status: 409,
    title: 'The quote has expired: use may have gone on since.',
    retryable: false,
    remedy: 'Ask for another quote and cite that one.',
  },
  quote_used: {
    status: 409,
    title: 'Another refund cites this quote.',
    retryable: false,
    remedy: 'Look at that refund. A quote is used once, also where its refund failed: ask for another one.',
  },
  quote_outdated: {
    status: 409,
    title: 'What was refunded of the payment has changed since it was quoted.',
    retryable: false,
    remedy: 'Ask for another quote and cite that one.',
  },
  // --- four eyes ------------------------------------------------------------------------------------------------
  operator_needed: {
    status: 403,
    title: 'The API key names no person, and this is for a named one.',
    retryable: false,
    remedy: 'Use the key of a person: one with an `operator`.',
  },
  approval_unknown: {
    status: 404,
    title: 'No request for approval has this id.',
    retryable: false,
    remedy: 'Check the id and the merchant of the API key; `yuanlu approvals list` shows all.',
  },
  approval_not_applicable: {
    status: 409,
    title: 'This cannot be done with the refund or the break as it stands.',
    retryable: false,
    remedy:
      'Look at the state and the timeline of the refund, or at the break: the evidence leaves nothing of this kind to decide, or speaks against it.',
  },
  approval_own: {
    status: 403,
    title: 'Nobody decides what they asked for themselves.',
    retryable: false,
    remedy: 'Another person decides it, with a key of their own.',
  },
  approval_decided: {
    status: 409,
    title: 'The request was decided before.',
    retryable: false,
    remedy: 'Look at the decision; ask again where it is needed again.',
  },
  approval_expired: {
    status: 409,
    title: 'The request waited for more than a day.',
    retryable: false,
    remedy: 'Ask for it again: what was true then may not be now.',
  },
  approval_differs: {
    status: 409,
    title: 'The fingerprint is not that of the request.',
    retryable: false,
    remedy: 'Read the request again and decide what it says.',
  },
  approval_outdated: {
    status: 409,
    title: 'New evidence came in after it was asked for.',
    retryable: false,
    remedy: 'Look at the new evidence; ask again if it still is for people to decide.',
  },
  approval_card_needed: {
    status: 422,
    title: 'Whoever approves this types the card as well: it was not kept.',
    retryable: false,
    remedy: 'Send the number and the holder with the decision, from the same source as the one who asked.',
  },
  approval_card_differs: {
    status: 409,
    title: 'The card is not the one that was asked for.',
    retryable: false,
    remedy:
      'Compare the card with whoever asked; reject the request and ask again when it was mistyped there.',
  },
  fallback_not_approved: {
    status: 409,
    title: 'The refund is not one that two people let be paid another way, or that was recorded already.',
    retryable: false,
    remedy: 'Ask for it first (`yuanlu approvals fallback`); what was paid is recorded once.',
  },
  // --- receipts ------------------------------------------------------------------------------------------------
  receipt_link_unknown: {
    status: 404,
    title: 'The refund has no open receipt link with this id.',
    retryable: false,
    remedy: 'List the links of the refund; a link that was taken back cannot be taken back again.',
  },
  receipts_not_set_up: {
    status: 501,
    title: 'This installation makes no receipts: it has no keys to sign them with.',
    retryable: false,
    remedy: 'Run `yuanlu receipt new-keys FILE`, then set YUANLU_RECEIPT_KEYS_FILE and YUANLU_PUBLIC_URL.',
  },
  papers_queue_full: {
    status: 503,
    title: 'More papers were asked for at once than can be made.',
    retryable: true,
    remedy: 'Ask again after `retry-after` seconds; the signed receipt itself is there at any time.',
  },
  paper_timed_out: {
    status: 503,
    title: 'The paper was not made in the time that one may take.',
    retryable: true,
    remedy: 'Ask again after `retry-after` seconds; the signed receipt itself is there at any time.',
  },
  // --- webhooks ------------------------------------------------------------------------------------------------
  webhooks_not_set_up: {
    status: 501,
    title: 'This installation sends no webhooks: it has no key to keep their secrets under.',
    retryable: false,
    remedy:
      'Put 32 random bytes as base64 into a file (`openssl rand -base64 32`), then set YUANLU_WEBHOOK_KEYS_FILE.',
  },
  webhook_endpoint_unknown: {
    status: 404,
    title: 'The merchant has no webhook endpoint with this id.',
    retryable: false,
    remedy: 'List the endpoints; an id belongs to one merchant.',
  },
  webhook_endpoint_disabled: {
    status: 409,
    title: 'The webhook endpoint is disabled: nothing is sent there.',
    retryable: false,
    remedy: 'Enable it, or make another one.',
  },
  webhook_endpoints_exhausted: {
    status: 409,
    title: 'The merchant has as many enabled webhook endpoints as it can have.',
    retryable: false,
    remedy: 'Disable one that nobody needs any more.',
  },
  webhook_url_refused: {
    status: 422,
    title: 'The address is not one that webhooks are sent to.',
    retryable: false,
    remedy: 'Use an https address of a host in the internet, without a user, a password or a fragment.',
  },
  webhook_delivery_unknown: {
    status: 404,
    title: 'The merchant has no webhook delivery with this id.',
    retryable: false,
    remedy: 'List the deliveries; an id belongs to one merchant.',
  },
  webhook_delivered: {
    status: 409,
    title: 'The delivery was taken: there is nothing to send again.',
    retryable: false,
    remedy: 'Ask the API where the refund stands; an event says no more than that.',
  },
  webhook_undelivered: {
    status: 502,
    title: 'The webhook endpoint did not take the event.',
    retryable: true,
    remedy: 'It is sent again by itself for three days; look at what the endpoint answers.',
  },
  // --- answers of channels that are not believed ------------------------------------------------------------------
  answer_unsigned: {
    status: 502,
    title: "The channel's answer carries no signature.",
    retryable: true,
    remedy:
      'It decides nothing and is kept as it came. The same is asked again; look at what stands between.',
  },
  answer_stale: {
    status: 502,
    title: "The channel's answer was signed too long ago or in the future.",
    retryable: true,
    remedy: 'It decides nothing and is kept as it came. Check the host clock.',
  },
  answer_key_unknown: {
    status: 502,
    title: "The channel's answer names a key that this account does not know.",
    retryable: true,
    remedy: 'It decides nothing and is kept as it came. Add the key or certificate to the account.',
  },
  answer_signature_invalid: {
    status: 502,
    title: "The signature of the channel's answer is not valid.",
    retryable: true,
    remedy:
      'It decides nothing and is kept as it came. Look at what stands between; `yuanlu doctor` asks once more.',
  },
  answer_certificate_expired: {
    status: 502,
    title: "The certificate that signed the channel's answer, or one above it, is not valid now.",
    retryable: true,
    remedy:
      'It decides nothing and is kept as it came. Check the host clock, then `yuanlu doctor` for the dates.',
  },
  answer_certificate_unchained: {
    status: 502,
    title: "The certificate that signed the channel's answer was not issued under a root of this account.",
    retryable: true,
    remedy: 'It decides nothing and is kept as it came. Add an authority only if the channel publishes it.',
  },
  answer_certificate_owner_differs: {
    status: 502,
    title: "The certificate that signed the channel's answer is made out to somebody else than the channel.",
    retryable: true,
    remedy: 'It decides nothing and is kept as it came. Ask the channel whose certificate it is.',
  },
  // --- callbacks ------------------------------------------------------------------------------------------------
  callback_account_unknown: {
    status: 404,
    title: 'No channel account has this callback address.',
    retryable: false,
    remedy: 'Check the notify_url that the account sends.',
  },
  callback_unsigned: {
    status: 401,
    title: 'A signature header is missing or malformed.',
    retryable: false,
    remedy: 'Nothing was applied. Real notices carry all signature headers.',
  },
  callback_stale: {
    status: 401,
    title: 'The notice was signed too long ago or in the future.',
    retryable: false,
    remedy: 'Nothing was applied. Check the host clock if real notices are refused.',
  },
  callback_key_unknown: {
    status: 401,
    title: 'The notice names a key that this account does not know.',
    retryable: true,
    remedy: 'Add the key or certificate to the account; the channel sends the notice again.',
  },
  callback_signature_invalid: {
    status: 401,
    title: 'The signature of the notice is not valid.',
    retryable: false,
    remedy: 'Nothing was applied. The channel repeats real notices; probes need no action.',
  },
  callback_certificate_expired: {
    status: 401,
    title: 'The certificate that signed the notice, or one above it, is not valid now.',
    retryable: false,
    remedy:
      'Nothing was applied; the notice is kept. Check the host clock, then `yuanlu doctor` for the dates.',
  },
  callback_certificate_unchained: {
    status: 401,
    title: 'The certificate that signed the notice was not issued under a root of this account.',
    retryable: false,
    remedy: 'Nothing was applied; the notice is kept. Add an authority only if the channel publishes it.',
  },
  callback_certificate_owner_differs: {
    status: 401,
    title: 'The certificate that signed the notice is made out to somebody else than the channel.',
    retryable: false,
    remedy: 'Nothing was applied; the notice is kept. Ask the channel whose certificate it is.',
  },
  callback_undecipherable: {
    status: 400,
    title: 'The notice could not be decrypted or does not have the documented shape.',
    retryable: false,
    remedy: 'It is kept as it came. Check the keys of the account; at WeChat Pay, its APIv3 key.',
  },
  callback_account_differs: {
    status: 400,
    title: 'The notice is genuine and meant for another merchant or application.',
    retryable: false,
    remedy: 'Nothing was applied. Check which account the address belongs to that the channel was given.',
  },
  callback_contradicts_books: {
    status: 409,
    title: 'The notice is genuine, and names amounts or an order of the payment that contradict the books.',
    retryable: false,
    remedy: 'It is kept and settles nothing; the refund waits for a person. Clear it up with the channel.',
  },
  callback_replayed: {
    status: 401,
    title: 'The same signed notice came in again with another content.',
    retryable: false,
    remedy: 'Nothing was applied.',
  },
  // --- channel --------------------------------------------------------------------------------------------------
  channel_unreachable: {
    status: 502,
    title: 'The channel did not give an answer that can be trusted.',
    retryable: true,
    remedy: 'It is asked again by itself with the same number.',
  },
  channel_busy: {
    status: 503,
    title: 'The channel asks to be called less often.',
    retryable: true,
    remedy: 'It is asked again by itself later.',
  },
  channel_waiting: {
    status: 503,
    title: 'The channel has not decided yet.',
    retryable: true,
    remedy: 'It is asked again by itself later.',
  },
  channel_config: {
    status: 500,
    title: 'The channel refuses our credentials or rights.',
    retryable: false,
    remedy: 'Run `yuanlu doctor` and mend the account.',
  },
  refund_not_overdue: {
    status: 404,
    title: 'The refund is not overdue.',
    retryable: false,
    remedy: 'Look at the refund itself: it is in time, or evidence has lifted its flag.',
  },
  // --- statements -----------------------------------------------------------------------------------------------
  statement_not_ready: {
    status: 503,
    title: 'The channel has not made this statement yet.',
    retryable: true,
    remedy: 'It is asked for again by itself.',
  },
  statement_unrecognised: {
    status: 422,
    title: 'The file is not a statement of this channel.',
    retryable: false,
    remedy:
      "Look at the file: an error page, another channel's file, or a column with another name is the usual cause.",
  },
  statement_truncated: {
    status: 422,
    title: 'The file ends before it should.',
    retryable: true,
    remedy: 'Download it again; nothing of it was loaded.',
  },
  statement_corrupt: {
    status: 422,
    title: 'The packed file is damaged.',
    retryable: true,
    remedy: 'Download it again; nothing of it was loaded.',
  },
  statement_summary_missing: {
    status: 422,
    title: 'The statement has no summary row.',
    retryable: true,
    remedy: 'Download it again; nothing of it was loaded.',
  },
  statement_totals_differ: {
    status: 422,
    title: 'The summary row disagrees with the lines.',
    retryable: false,
    remedy: 'Compare both totals in the message; ask the channel for a corrected file.',
  },
  statement_encoding_invalid: {
    status: 422,
    title: "The file has bytes that are not in the channel's encoding.",
    retryable: false,
    remedy: 'Look at the byte offset in the file.',
  },
  statement_too_large: {
    status: 422,
    title: 'The file, a line of it, or what it unpacks to is over the cap.',
    retryable: false,
    remedy: 'Raise the cap only if the channel says that the file is right.',
  },
  statement_hash_differs: {
    status: 422,
    title: 'The downloaded file does not have the hash that the channel gave.',
    retryable: true,
    remedy: 'It is downloaded again; nothing of it was loaded.',
  },
  statement_account_differs: {
    status: 422,
    title: 'The statement belongs to another merchant, another day or another fund account.',
    retryable: false,
    remedy: 'Import it for the account and day that it names.',
  },
  statement_host_refused: {
    status: 422,
    title: 'The channel pointed to a download address that is not on the allow-list.',
    retryable: false,
    remedy: 'Add the host to the account only if the channel documents it.',
  },
  statement_unknown: {
    status: 404,
    title: 'No statement has this number.',
    retryable: false,
    remedy: 'Check it against `yuanlu statements list`.',
  },
  file_missing: {
    status: 500,
    title: 'A kept file is no longer where it was kept.',
    retryable: false,
    remedy: 'Bring the directory or the bucket back, or the file from a copy; work on it goes on by itself.',
  },
  // --- rows of a statement that are set aside: the rest of it is loaded ---------------------------------------------
  line_amount_invalid: {
    status: 422,
    title: 'An amount of the row cannot be read, or is negative where none may be.',
    retryable: false,
    remedy: 'Look at the kept row; ask the channel for a corrected file.',
  },
  line_columns_differ: {
    status: 422,
    title: 'The row has more or fewer columns than its header, or does not begin as rows do.',
    retryable: false,
    remedy: 'Look at the kept row; ask the channel for a corrected file.',
  },
  line_length_wrong: {
    status: 422,
    title: 'The record does not have the length that the format sets.',
    retryable: false,
    remedy: 'Look at the kept row; ask the channel for a corrected file.',
  },
  line_time_invalid: {
    status: 422,
    title: 'The row has no time written the documented way.',
    retryable: false,
    remedy: 'Look at the kept row; ask the channel for a corrected file.',
  },
  line_encoding_invalid: {
    status: 422,
    title: "The row has bytes that are not in the channel's encoding.",
    retryable: false,
    remedy: 'Look at the byte offset in the kept file.',
  },
  line_kind_unknown: {
    status: 422,
    title: 'The row is of a kind that is not documented, or that this statement cannot have.',
    retryable: false,
    remedy: 'Look at the kept row; the channel may have added a kind.',
  },
  line_currency_unsupported: {
    status: 422,
    title: 'The row has another currency than the statement may have.',
    retryable: false,
    remedy: 'Settle it by hand: refunds of this currency are not kept here.',
  },
  line_number_invalid: {
    status: 422,
    title: 'A number that names the merchant or a transaction is missing or is no text.',
    retryable: false,
    remedy: 'Look at the kept row; ask the channel for a corrected file.',
  },
  line_sums_differ: {
    status: 422,
    title: 'Amount, fee and settlement of the row do not add up.',
    retryable: false,
    remedy: 'Ask the channel which of the three is right.',
  },
  line_not_matched: {
    status: 422,
    title: 'The row belongs to a file that came with the statement and has nothing to match.',
    retryable: false,
    remedy: 'Nothing to do; it is kept for whoever has to look into it.',
  },
  calendar_notice_invalid: {
    status: 422,
    title: 'The holiday notice cannot be taken into the calendar.',
    retryable: false,
    remedy: 'Mend every line of the message; docs/calendar.md has an example.',
  },
  calendar_year_known: {
    status: 409,
    title: 'The calendar knows this year already.',
    retryable: false,
    remedy: 'Compare with `yuanlu calendar show`; if the notice was changed, import it with --replace.',
  },
  calendar_revision_low: {
    status: 409,
    title: 'The calendar has this revision of the year, or a higher one, with other days.',
    retryable: false,
    remedy: 'Give the notice the next revision.',
  },
  break_rules_invalid: {
    status: 422,
    title: 'The rules of breaks cannot be taken.',
    retryable: false,
    remedy: 'Mend every line of the message; docs/breaks.md has an example.',
  },
  break_rules_revision_low: {
    status: 409,
    title: 'This revision of the rules of breaks is there, or a higher one.',
    retryable: false,
    remedy: 'Compare with `yuanlu breaks rules show`, and give yours the next revision.',
  },
  path_unusable: {
    status: 422,
    title: 'A file or folder that was named cannot be used.',
    retryable: false,
    remedy: 'Check the path and the rights on it.',
  },
  refund_list_invalid: {
    status: 422,
    title: 'The refund list cannot be read.',
    retryable: false,
    remedy: 'Give a UTF-8 CSV with refund_no, channel, amount_minor, currency and requested_at.',
  },
  break_unknown: {
    status: 404,
    title: 'No break has this number.',
    retryable: false,
    remedy: 'Check it against `yuanlu breaks list`.',
  },
  break_closed: {
    status: 409,
    title: 'The break is closed.',
    retryable: false,
    remedy:
      'Look at what ended it (`yuanlu breaks explain`); how people ended it, two people take back (`reopen_break`).',
  },
  break_needs_two_people: {
    status: 409,
    title: 'More money is at stake than one person may decide about.',
    retryable: false,
    remedy: 'Ask for `write_off_break` or `force_match`, which another person decides.',
  },
  day_not_closable: {
    status: 409,
    title: 'Something stands in the way of closing this day.',
    retryable: false,
    remedy:
      'See `yuanlu close check`: bring each point to its end, or accept it by its number with a reason.',
  },
  month_not_archivable: {
    status: 409,
    title: 'Something of this month is still open.',
    retryable: false,
    remedy: 'Bring each point to its end: `yuanlu close check`, `yuanlu breaks list`, `yuanlu refunds get`.',
  },
  day_closed: {
    status: 409,
    title: 'This day is closed.',
    retryable: false,
    remedy: 'See `yuanlu close show`. Two people can reopen it, with a reason.',
  },
  day_not_closed: {
    status: 404,
    title: 'This day is not closed.',
    retryable: false,
    remedy: 'See `yuanlu close check` for what is missing.',
  },
  day_differs: {
    status: 409,
    title: 'The books no longer give what was closed, and nothing that is written down explains it.',
    retryable: false,
    remedy:
      'Check the exported file of the day with `yuanlu close verify`, and find out who changed the database.',
  },
  refund_in_no_closed_day: {
    status: 404,
    title: 'No closed day has this refund in a line, match or break.',
    retryable: false,
    remedy: 'Close the day of its statement line first; `yuanlu refunds get` shows the line.',
  },
  // --- running it -----------------------------------------------------------------------------------------------
  config_invalid: {
    status: 500,
    title: 'The configuration is missing something or contradicts itself.',
    retryable: false,
    remedy: 'Mend every line of the message; `yuanlu doctor` checks again.',
  },
  database_unavailable: {
    status: 503,
    title: 'Postgres cannot be reached.',
    retryable: true,
    remedy: 'Repeat with the same key after `retry-after` seconds.',
  },
  api_unavailable: {
    status: 503,
    title: 'The HTTP API cannot be reached.',
    retryable: true,
    remedy: 'Check YUANLU_API_URL, and that `yuanlu api` or `yuanlu dev` runs there.',
  },
  file_store_unavailable: {
    status: 503,
    title:
      'The store of statement files cannot be reached, has no room left, or does not do what it is asked.',
    retryable: true,
    remedy: 'It is asked again by itself. `yuanlu doctor` says whether it can be written and read.',
  },
  temporal_unavailable: {
    status: 503,
    title: 'Temporal cannot be reached.',
    retryable: true,
    remedy: 'Repeat with the same key after `retry-after` seconds. What was recorded goes on by itself.',
  },
  schema_outdated: {
    status: 503,
    title: 'The database schema is not the one this version needs.',
    retryable: false,
    remedy: 'Run `yuanlu migrate`.',
  },
  engine_unavailable: {
    status: 500,
    title: 'No Postgres or Temporal server could be had.',
    retryable: false,
    remedy: 'Set YUANLU_DATABASE_URL and TEMPORAL_ADDRESS to servers of your own.',
  },
  invariant_broken: {
    status: 500,
    title: 'Something that must always hold did not hold.',
    retryable: false,
    remedy: 'Stop and report it with the details: this is a bug.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** A fault with a code of the catalogue. `details` are facts for the reader; never secrets, card numbers or openids. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(`${code}: ${ERRORS[code].title}${describe(details)}`, options);
    this.code = code;
    this.details = details;
  }
}

/** Why a row of a statement is set aside. */
export type LineFaultCode = Extract<ErrorCode, `line_${string}`>;

/** Whether the error is about a statement: what is in it, or where it comes from. */
export function isStatementFault(error: unknown): error is AppError {
  return error instanceof AppError && error.code.startsWith('statement_');
}

function describe(details: Readonly<Record<string, unknown>>): string {
  const facts = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}

/** Fails loudly when a union gained a member that a switch does not handle. */
export function assertNever(value: never): never {
  throw new AppError('invariant_broken', { unhandled: JSON.stringify(value) });
}

/** States what must hold at this point. @throws AppError `invariant_broken` with the sentence given. */
export function invariant(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new AppError('invariant_broken', { sentence });
}
