// What every key of `pricing.json` is called and means: the words of `docs/pricing.md` and of the descriptions in
// `pricing.schema.json`. They stand here and not beside the schema, so that the Worker does not carry them. The type
// refuses a key of the schema without words, and words without a key.

import type { Part, shapes } from "./shape.ts";

export interface Words {
  /** The type, in words. */
  readonly type: string;
  /** What holds where the key is left out and the schema names no value. */
  readonly otherwise?: string;
  /** Sentences, in Markdown. */
  readonly means: string;
  /** A value that can stand there. */
  readonly example: unknown;
}

export const words: { readonly [P in Part]: { readonly [K in keyof (typeof shapes)[P]]: Words } } = {
  table: {
    $schema: {
      type: "text",
      otherwise: "none",
      means: "For editors, which then complete and check the file while you type. The gate does not read it.",
      example: "./pricing.schema.json",
    },
    upstream: {
      type: "URL, name from `upstreams`, or [upstream](#an-upstream)",
      means: "The API behind the gate. A path in the URL is put before every path that is forwarded.",
      example: "https://api.example.com/v2",
    },
    upstreams: {
      type: "object: a name to a URL or an [upstream](#an-upstream)",
      means: "More APIs, by names of letters, digits, `_` and `-`. A route takes one by its name.",
      example: { reports: "https://reports.example.com" },
    },
    payTo: {
      type: "address",
      otherwise: "every entry of `accepts` needs its own",
      means:
        "The wallet that is paid. In mixed case it has to fit its checksum; on Solana it is a public key in base58. See [who is paid](#who-is-paid).",
      example: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    },
    accepts: {
      type: "list of networks or [ways to pay](#an-entry-of-accepts)",
      means:
        "How you take payment, in order of preference. A network is written by its name or its CAIP-2 id, and means its own dollar token.",
      example: ["base", { network: "polygon", payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C" }],
    },
    tokens: {
      type: "list of [tokens](#a-token)",
      means: "Tokens and networks that are not built in. They never change what a network's name alone means.",
      example: [
        {
          network: "base",
          asset: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42",
          name: "EURC",
          version: "2",
          decimals: 6,
        },
      ],
    },
    facilitators: {
      type: "list of one to five URLs or [facilitators](#a-facilitator)",
      means: "Who verifies and settles payments, the preferred one first.",
      example: ["https://x402.org/facilitator"],
    },
    routes: {
      type: "object: a key to a [price](#prices) or a [route](#a-route)",
      means: "What each place costs. See [routes](#routes) for how keys are written and which of them wins.",
      example: { "GET /v1/quotes/:symbol": "$0.001", "/admin/*": "closed" },
    },
    unmatched: {
      type: '`"closed"` or `"free"`',
      means: "What happens where no key covers the path: 404, or the upstream's own answer.",
      example: "free",
    },
    hosts: {
      type: "list of hosts or origins",
      otherwise: "every host is served",
      means:
        "The public hosts, with a port where they have one that is not the scheme's own. A request for another host is 421. An origin also says which scheme `resource.url` has.",
      example: ["api.example.com", "https://pay.example.com"],
    },
    cors: {
      type: '`"*"` or list of origins',
      means:
        "Which web pages' scripts may call priced routes and read the answers. Free routes keep your API's own word.",
      example: ["https://app.example.com"],
    },
    mode: {
      type: '`"enforce"` or `"observe"`',
      means: "Whether priced routes ask for payment. See [observe mode](#observe-mode).",
      example: "observe",
    },
    settle: {
      type: '`"after"`, `"before"` or `"async"`',
      means: "When money moves. See [when money moves](#when-money-moves).",
      example: "before",
    },
    maxUnsettled: {
      type: "dollars",
      otherwise:
        '`$100`, or ten times the price where that is more; with `"async"` it has to be written, and for a [price that follows use](#a-price-that-follows-use) it should be',
      means:
        "How much of one payer, on one network and in one token, may be claimed and not yet settled. One that would exceed it is 429. Counted in whole tokens, whatever a token is worth.",
      example: "$5",
    },
    maxUnsettledTotal: {
      type: "dollars",
      means:
        'How much all payers together may have been served and not yet settled by routes that settle `"async"`; what was served and never paid is in it until an hour behind the end of its authorization. Who would exceed it is asked to pay first.',
      example: "$200",
    },
    verifyAbove: {
      type: "dollars; `$0` for every price",
      otherwise: "the facilitator's word is believed",
      means:
        "A settlement of more is looked for on the chain, for up to ten seconds, before anything is delivered. Needs an [`rpc`](#what-the-chain-says) for each network: the table's, or that of an [account of your own](#an-account-of-your-own) among the route's facilitators. Counted in whole tokens, as `maxUnsettled` is.",
      example: "$1",
    },
    maxInFlight: {
      type: "whole number, 1 to 1000",
      means:
        "How many payments of one payer on one network may be under way at once; a stream that is charged by its use is until that is known. One more is 429.",
      example: 20,
    },
    maxUncharged: {
      type: "whole number, 1 to 1000",
      means:
        "How many calls of one payer may, within an hour, have made your API work without a charge: because it answered what is not for sale, or because the payment was rejected or came to nothing behind it. One more is 429.",
      example: 20,
    },
    creditDays: {
      type: "whole number, 1 to 90",
      means: "For how long a buyer who paid and got nothing can have it delivered. After that the credit expires.",
      example: 30,
    },
    debtDays: {
      type: "whole number, 1 to 365",
      means:
        "For how long a payer who was served and never paid is asked to pay first. After that the debt is written off.",
      example: 90,
    },
    rpc: {
      type: "object: a network to a URL or a list of URLs",
      means:
        "Who tells what the chain says of a payment whose settlement nobody confirmed; the first that answers counts. `{{NAME}}` stands for the secret of that name. See [what the chain says](#what-the-chain-says).",
      example: { base: ["https://rpc.example.com/{{RPC_KEY}}", "https://mainnet.base.org"] },
    },
    chargeOn: {
      type: 'list of `"2xx"` and statuses',
      means:
        'The statuses of your API that are sold; no other is charged. `"2xx"` is 200 to 299 but 206, which has to be named or comes with `ranges`. Redirects and 402 cannot be sold.',
      example: ["2xx", 404],
    },
    maxTimeoutSeconds: {
      type: "whole seconds, at most 86400",
      means:
        "How long a buyer's signature is asked to be valid. It has to outlast verifying, your API and settling by 10 seconds, and by 25 where it is settled behind the answer (`async`, and what follows use).",
      example: 120,
    },
    bufferBytesMax: {
      type: "bytes, at most 8388608",
      means:
        "Bodies whose declared length is at most this are read whole before anything is done with them: a request's then counts in what its payment is bound to, an answer's is complete before it is charged. A longer request is 413 where the price follows its body or its use.",
      example: 65536,
    },
    bodyBytesMax: {
      type: "bytes, at most 500000000",
      otherwise: "no limit but the platform's",
      means: "The longest body of a request; a longer one is 413 and not charged.",
      example: 10000000,
    },
    extensions: {
      type: "object: a name to an object",
      means:
        "x402 extensions that challenges advertise, word for word. Those that promise something of the gate or its facilitators, such as `payment-identifier`, cannot be written.",
      example: { bazaar: { info: { output: { type: "json" } } } },
    },
    paymentIdentifier: {
      type: '`"optional"`, `"required"` or `"off"`',
      means:
        "Whether challenges advertise x402's `payment-identifier`, by which a client names its call. See [calls that are repeated](#calls-that-are-repeated).",
      example: "required",
    },
    contractWallets: {
      type: "`true` or `false`",
      means:
        "Whether a signature as long as an account's (65 bytes) may also be a smart-contract wallet's, which the facilitator judges. One of another length may be in any case.",
      example: true,
    },
    prefix: {
      type: "path of one segment",
      means: "Where Faregate's own endpoints live. Nothing below it reaches an upstream, and no route can name it.",
      example: "/_gate/",
    },
  },
  route: {
    price: {
      type: '`"free"`, `"closed"`, dollars, [atomic units](#a-price-in-atomic-units), [one that follows the request](#prices-that-follow-the-request), or [one that follows use](#a-price-that-follows-use)',
      means: "What a call costs. See [prices](#prices).",
      example: "$0.25",
    },
    description: {
      type: "text of at most 300 characters",
      otherwise: "none",
      means: "What is sold, for the buyer; it stands in the challenge.",
      example: "A full report",
    },
    mimeType: {
      type: "media type",
      otherwise: "none",
      means: "The type of the answer that is sold; it stands in the challenge.",
      example: "application/pdf",
    },
    exact: {
      type: "`true` or `false`",
      means: "Leaves out what lies below a priced or closed path. See [what covers what](#what-covers-what).",
      example: true,
    },
    accepts: {
      type: "as the table's",
      otherwise: "the table's",
      means: "Takes the place of the whole list of the table.",
      example: ["base"],
    },
    payTo: {
      type: "address",
      otherwise: "the table's",
      means: "The wallet that this route pays. See [who is paid](#who-is-paid).",
      example: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    },
    upstream: {
      type: "URL, name from `upstreams`, or [upstream](#an-upstream)",
      otherwise: "the table's",
      means: "The API behind this route. The whole path is forwarded to it, as with the table's.",
      example: "https://reports.example.com",
    },
    facilitators: {
      type: "as the table's",
      otherwise: "the table's",
      means: "Who verifies and settles this route's payments.",
      example: [{ url: "https://x402.org/facilitator", settleTimeoutSeconds: 30 }],
    },
    settle: {
      type: '`"after"`, `"before"` or `"async"`',
      otherwise: "the table's",
      means: "When this route's money moves. See [when money moves](#when-money-moves).",
      example: "before",
    },
    maxUnsettled: {
      type: "dollars",
      otherwise: "the table's",
      means: "How much of one payer may be open when this route is bought, that of other routes counted in.",
      example: "$5",
    },
    verifyAbove: {
      type: "as the table's",
      otherwise: "the table's",
      means: "From which price on this route's settlements are looked for on the chain.",
      example: "$0",
    },
    chargeOn: {
      type: "as the table's",
      otherwise: "the table's",
      means: "The statuses that are sold here.",
      example: ["2xx", 404],
    },
    ranges: {
      type: "`true` or `false`",
      otherwise: "neither `Range` nor `If-*` passes",
      means:
        "Lets clients ask for a part, or for nothing where they have it already. A part costs the whole price. See [parts and conditions](#parts-and-conditions).",
      example: true,
    },
    maxTimeoutSeconds: {
      type: "whole seconds, at most 86400",
      otherwise: "the table's",
      means: "How long a buyer's signature is asked to be valid for this route.",
      example: 120,
    },
    bodyBytesMax: {
      type: "bytes, at most 500000000",
      otherwise: "the table's",
      means: "The longest body of a request to this route.",
      example: 1000,
    },
    extensions: {
      type: "as the table's",
      otherwise: "the table's",
      means: "Takes the place of all extensions of the table.",
      example: { bazaar: { info: { output: { type: "json" } } } },
    },
    paymentIdentifier: {
      type: '`"optional"`, `"required"` or `"off"`',
      otherwise: "the table's",
      means: "Whether this route's challenge advertises `payment-identifier`.",
      example: "required",
    },
    contractWallets: {
      type: "`true` or `false`",
      otherwise: "the table's",
      means: "Whether a signature as long as an account's may also be a smart-contract wallet's here.",
      example: true,
    },
    websocket: {
      type: "`true` or `false`",
      otherwise: "a handshake is refused (426)",
      means:
        "Lets a WebSocket be opened here, at the price of a call, paid before it is opened. See [WebSockets](#websockets).",
      example: true,
    },
    mode: {
      type: '`"enforce"` or `"observe"`',
      otherwise: "the table's",
      means: "Whether this route asks for payment.",
      example: "observe",
    },
    allowEncodedSlash: {
      type: "`true` or `false`",
      otherwise: "such a path is refused",
      means: "Lets `%2f` through in what lies below this key. See [spellings](#spellings-that-a-route-lets-through).",
      example: true,
    },
    allowSemicolon: {
      type: "`true` or `false`",
      otherwise: "such a path is refused",
      means:
        "Lets `;` and `%3b` through in what lies below this key, behind a name. See [spellings](#spellings-that-a-route-lets-through).",
      example: true,
    },
    allowDoubleSlash: {
      type: "`true` or `false`",
      otherwise: "such a path is refused",
      means: "Lets `//` through in what lies below this key. See [spellings](#spellings-that-a-route-lets-through).",
      example: true,
    },
    caseSensitive: {
      type: "`true` or `false`",
      otherwise: "letter case does not matter",
      means:
        "Takes the names of this key in its own letter case alone; any other is refused. See [letter case](#letter-case).",
      example: true,
    },
  },
  upstream: {
    url: {
      type: "http or https URL, without query, fragment or user",
      means: "Where the API is. A path in it is put before every path that is forwarded.",
      example: "https://api.example.com/v2",
    },
    timeoutSeconds: {
      type: "seconds, 1 to 600",
      means: "How long the API may take until the headers of its answer (and its body, where that is read whole).",
      example: 10,
    },
    headers: {
      type: "object: a header's name to its value",
      means:
        "Set on every request, over what the client sent. `{{NAME}}` stands for the secret of that name. Headers that the gate sets or removes itself cannot be written.",
      example: { authorization: "Bearer {{API_KEY}}" },
    },
    service: {
      type: "name",
      otherwise: "the API is reached over the network",
      means: "A service binding of `wrangler.toml` to fetch through.",
      example: "LEGACY",
    },
    host: {
      type: '`"upstream"`, `"client"` or the name of a host',
      means: "Which host the API is asked for. See [the host that your API sees](#the-host-that-your-api-sees).",
      example: "client",
    },
    sign: {
      type: "[signing key](#a-signing-key), or a list of them",
      otherwise: "requests are not signed",
      means:
        "Signs every request to the API, so that it can know that it came through the gate. Of a list the first one signs. See [docs/origin-lock.md](origin-lock.md).",
      example: { keyId: "k1", algorithm: "ed25519", key: "{{SIGNING_KEY}}" },
    },
  },
  signingKey: {
    keyId: {
      type: "1 to 64 letters, digits, `-`, `.`, `_`, `:` and `~`",
      means: "What the API finds the key by: `keyid` of the signature, `kid` of the published key.",
      example: "k1",
    },
    algorithm: {
      type: '`"ed25519"` or `"hmac-sha256"`',
      means: "How requests are signed. With `ed25519` the API needs a public key only, which the gate publishes.",
      example: "ed25519",
    },
    key: {
      type: "`{{NAME}}`",
      means:
        "The secret that holds the key: for `ed25519` PKCS#8 in base64 or a JWK, for `hmac-sha256` base64 of at least 32 random bytes.",
      example: "{{SIGNING_KEY}}",
    },
  },
  facilitator: {
    url: {
      type: "https URL; http only for this machine",
      otherwise: "where `direct` stands",
      means: "The facilitator's base: `/verify`, `/settle` and `/supported` are below it.",
      example: "https://x402.org/facilitator",
    },
    direct: {
      type: "[account of your own](#an-account-of-your-own)",
      otherwise: "where `url` stands",
      means: "The gate verifies and settles itself, and an account of yours pays the gas.",
      example: { key: "{{RELAYER_KEY}}", network: "base", rpc: "https://rpc.example.com/{{RPC_KEY}}" },
    },
    verifyTimeoutSeconds: {
      type: "seconds, 1 to 60",
      means: "How long verifying may take. After that the client gets 503 and is not charged.",
      example: 3,
    },
    settleTimeoutSeconds: {
      type: "seconds, 1 to 120",
      means: "How long settling may take. After that nobody knows yet, and the client is told so with 503.",
      example: 30,
    },
    auth: {
      type: "[auth](#who-may-ask-a-facilitator)",
      otherwise: "it is told nothing",
      means: "How the facilitator is told who asks, for one that serves its customers alone.",
      example: { bearer: "{{FACILITATOR_KEY}}" },
    },
    feePayer: {
      type: "public key of Solana",
      otherwise: "what it says itself",
      means:
        "The account that it pays the gas with on Solana, so that the gate knows it from its first request on. See [Solana](#solana).",
      example: "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd",
    },
    facilitatorAddress: {
      type: "address",
      otherwise: "what it says itself",
      means:
        "The account that it settles with by `upto`, so that prices that follow [use](#a-price-that-follows-use) are offered from the gate's first request on, also while it does not answer.",
      example: "0x1234567890AbcdEF1234567890aBcdef12345678",
    },
  },
  direct: {
    key: {
      type: "`{{NAME}}`",
      means: "The secret that holds the account's private key, 32 bytes in hexadecimal.",
      example: "{{RELAYER_KEY}}",
    },
    network: {
      type: "network",
      otherwise: "the table's, where `accepts` has one only",
      means: "Where it settles.",
      example: "base",
    },
    rpc: {
      type: "RPC URL or list of them",
      otherwise: "the table's `rpc` for the network",
      means:
        "Who is asked, and given the transactions, in order of preference. They have to take batches of ten calls. Where the table's `rpc` does not name the network, they also say what became of payments there.",
      example: ["https://rpc.example.com/{{RPC_KEY}}", "https://other.example.com"],
    },
    confirmations: {
      type: "whole number, 1 to 100",
      means: "In how many blocks a transaction has to be seen, its own and what is built on it.",
      example: 3,
    },
    maxFeeGwei: {
      type: "number of gwei, above zero",
      means: "The most that is offered for a unit of gas. While gas is dearer nothing is settled so.",
      example: 5,
    },
  },
  auth: {
    bearer: {
      type: "`{{NAME}}`",
      otherwise: "none",
      means: "The secret that is sent as `Authorization: Bearer`.",
      example: "{{FACILITATOR_KEY}}",
    },
    headers: {
      type: "object: a header's name to its value",
      otherwise: "none",
      means:
        "Sent with every call. `{{NAME}}` stands for the secret of that name. `Content-Type`, and what an upstream's `headers` cannot set, cannot be written.",
      example: { "x-api-key": "{{FACILITATOR_KEY}}" },
    },
    cdp: {
      type: "[CDP key](#a-key-of-coinbase-cdp)",
      otherwise: "none",
      means: "An API key of Coinbase CDP, which signs a token for each call.",
      example: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" },
    },
  },
  cdp: {
    keyId: {
      type: "text, in which `{{NAME}}` stands for the secret of that name",
      means: "The key's id: a UUID, or `organizations/…/apiKeys/…`.",
      example: "{{CDP_KEY_ID}}",
    },
    secret: {
      type: "`{{NAME}}`",
      means:
        "The secret that holds the private key as Coinbase hands it out: base64 of 64 bytes (Ed25519), or a PEM file of an EC key (ES256).",
      example: "{{CDP_KEY_SECRET}}",
    },
  },
  option: {
    network: {
      type: "name or CAIP-2 id",
      means: "The network, built in or of `tokens`.",
      example: "base",
    },
    asset: {
      type: "address",
      otherwise: "the network's own dollar token",
      means: "The token's contract, built in or of `tokens`.",
      example: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    },
    scheme: {
      type: '`"exact"`',
      means:
        "How money moves: exactly the price. A price that follows [use](#a-price-that-follows-use) is paid by `upto`, and no entry says so.",
      example: "exact",
    },
    assetTransferMethod: {
      type: '`"eip3009"` or `"permit2"`',
      otherwise: "the token's own",
      means:
        "Who moves the token for the buyer's signature: its own contract, or Permit2. See [EIP-3009 and Permit2](#eip-3009-and-permit2).",
      example: "permit2",
    },
    payTo: {
      type: "address",
      otherwise: "the route's or the table's",
      means: "The wallet that is paid in this way. See [who is paid](#who-is-paid).",
      example: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    },
  },
  token: {
    network: {
      type: "name or CAIP-2 id",
      means: "The network, also one that is not built in.",
      example: "eip155:8453",
    },
    asset: {
      type: "address",
      means:
        "The token's contract. It takes EIP-3009 (`transferWithAuthorization`), or `assetTransferMethod` says that it does not. On Solana the mint.",
      example: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42",
    },
    name: {
      type: "text",
      means: "The name in the contract's EIP-712 domain; on Solana what people call it.",
      example: "EURC",
    },
    version: {
      type: "text",
      otherwise: "none; then `assetTransferMethod` has to be `permit2`, but on Solana",
      means: "The version in the contract's EIP-712 domain.",
      example: "2",
    },
    decimals: { type: "whole number, 0 to 36", means: "How many decimals the token has.", example: 6 },
    dollar: {
      type: "`true` or `false`",
      means: "Whether one of it is taken for a dollar, so that prices in dollars can be asked in it.",
      example: true,
    },
    assetTransferMethod: {
      type: '`"eip3009"` or `"permit2"`',
      means:
        "How it is moved where an entry of `accepts` does not say; what says `permit2` here is moved in no other way. Not for tokens on Solana.",
      example: "permit2",
    },
    tokenProgram: {
      type: '`"spl-token"` or `"token-2022"`',
      otherwise: "on Solana `spl-token`, elsewhere none",
      means: "The program that keeps it. Only tokens on Solana have one.",
      example: "token-2022",
    },
  },
  atomic: {
    amount: {
      type: "text of digits",
      means: 'Atomic units of the token, above zero: `"1000"` is 0.001 of a token with six decimals.',
      example: "1000",
    },
    asset: {
      type: "address",
      means: "The token's contract, built in or of `tokens`.",
      example: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42",
    },
  },
  metered: {
    upto: {
      type: "dollars",
      means: "What a call costs at most, and what the buyer authorizes.",
      example: "$0.05",
    },
    meter: {
      type: "list of rates",
      means: "What is charged for what.",
      example: [{ usd: "0.60", per: "1M", of: "usage.completion_tokens" }],
    },
    fixed: {
      type: "dollars",
      otherwise: "nothing",
      means: "What each call costs beside its use.",
      example: "$0.001",
    },
    min: {
      type: "dollars",
      otherwise: "nothing",
      means: "What a call costs at least.",
      example: "$0.0001",
    },
    includeUsage: {
      type: "`true` or `false`",
      means: "Whether a request for a stream is made to ask for its use, as OpenAI's endpoints take it.",
      example: true,
    },
    receiptComment: {
      type: "`true` or `false`",
      means: "Whether a stream of events ends with its receipt, in a comment.",
      example: true,
    },
    onMissingUsage: {
      type: '`"minimum"`, `"maximum"` or `"nothing"`, or an object with one for each reason, `left` and `otherwise`',
      means:
        "What a call costs whose use cannot be read: because its buyer left before that was known, or for any other reason. `minimum` is the larger of `min` and `fixed`. What costs nothing for that reason counts in `maxUncharged`.",
      example: { left: "maximum", otherwise: "nothing" },
    },
  },
  rate: {
    usd: {
      type: "dollars without a sign, in quotes",
      means: "What so much costs.",
      example: "0.60",
    },
    per: {
      type: 'text such as `"1M"`',
      means: "How much costs that.",
      example: "1M",
    },
    of: {
      type: 'member, list of members, `{ "header": "…" }` or `{ "measured": "…" }`',
      means:
        'Where the use stands: a member of the JSON answer, with dots or as a JSON pointer (of several the first that is there), a header of your API\'s, or what the gate measures: the `"bytes"` of the body or the `"seconds"` from asking your API to its answer\'s end.',
      example: ["usage.output_tokens", "/usage/completion_tokens"],
    },
    optional: {
      type: "`true` or `false`",
      means: "Whether an answer without it has used none of it, and is not one whose use is missing.",
      example: true,
    },
  },
  computed: {
    by: {
      type: '[selector](#what-a-price-can-follow), `"bodyBytes"`, `"jsonrpc"` or `"mcp"`',
      means: "What of a request decides, one thing. See [what a price can follow](#what-a-price-can-follow).",
      example: { query: "model" },
    },
    table: {
      type: "object: a value to a price",
      means:
        'What each value costs: dollars, atomic units, [what follows use](#a-price-that-follows-use), `"free"` or `"closed"` (403).',
      example: { small: "$0.01", large: "$0.02", tiny: "free" },
    },
    missing: {
      type: "price",
      otherwise: "what `otherwise` says",
      means: "What a request costs that says nothing of it, so that your API takes its own default.",
      example: "$0.02",
    },
    otherwise: {
      type: "price",
      otherwise: "such a request is refused (400)",
      means: "What everything costs that no entry names.",
      example: "closed",
    },
  },
  selector: {
    query: {
      type: "name of a parameter",
      otherwise: "none",
      means: "A parameter of the query, in this letter case.",
      example: "model",
    },
    header: {
      type: "name of a header",
      otherwise: "none",
      means: "A header of the request. Those that the gate sets or removes itself cannot be written.",
      example: "x-tier",
    },
    body: {
      type: "JSON pointer of at most eight levels",
      otherwise: "none",
      means:
        "A member of a JSON body ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)): a text, a number, true or false.",
      example: "/options/size",
    },
  },
  quoted: {
    quote: {
      type: "path",
      means: "Where your API is asked for a price, below the URL of `upstream`. No key has to name it.",
      example: "/internal/quote",
    },
    max: {
      type: "dollars",
      means: "The most that a quote may say. One that says more is none.",
      example: "$2",
    },
    sendBody: {
      type: "`true` or `false`",
      means: "Whether the price depends on the body: it is read before anything is asked, and your API is told it.",
      example: true,
    },
    timeoutSeconds: {
      type: "seconds, 0.1 to 30",
      means: "How long your API may take to name a price.",
      example: 0.5,
    },
    cacheSeconds: {
      type: "seconds, at most 86400",
      means: "For how long an isolate takes the same price for the same call without asking again.",
      example: 60,
    },
    fallback: {
      type: '`"closed"` or dollars',
      means:
        "What a call costs whose price is not to be had. `closed` is 503. Buyers may see to that: let it be no less than most calls cost.",
      example: "$0.05",
    },
  },
};
