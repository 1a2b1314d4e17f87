import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "../../../src/config/index.ts";
import { respond } from "../../../src/outcome/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { explain } from "../../../tools/explanation.ts";
import { plainForm } from "../../../tools/path-flaw.ts";
import { PAY_TO } from "../../support/payment.ts";
import { openGate } from "../gateway/gate.ts";

const table = {
  upstream: "https://legacy.example.com/base",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
};

function compile(routes: object, changes: object = {}): Config {
  const config = parseConfig({ ...table, routes, ...changes }, [transferChecked]);
  return config.ok ? config.value : expect.fail(JSON.stringify(config.error));
}

const asked = (request: string, routes: object, changes: object = {}) => {
  const [method = "", path = ""] = request.split(" ");
  return explain(compile(routes, changes), method, path.startsWith("/") ? `https://api.example.com${path}` : path);
};

/** Each key that covers the place, with what is said of it. */
const notes = async (...args: Parameters<typeof asked>): Promise<readonly string[]> =>
  (await asked(...args)).candidates.map(({ route, note }) => `${route.key}: ${note}`);

describe("what is for sale", () => {
  test("is told with the key that sells it", async () => {
    expect((await asked("GET /a", { "/a": "$1" })).why).toEqual(['It is for sale: "/a".']);
  });

  test("is told of what Permit2 moves, too, though no facilitator was asked what it can do", async () => {
    const accepts = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
    expect((await asked("GET /a", { "/a": { price: "$1", accepts } })).why).toEqual(['It is for sale: "/a".']);
  });

  test.each([
    [
      "by upto",
      { price: { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] } },
      "facilitatorAddress",
    ],
    [
      "on Solana",
      { price: "$1", accepts: ["solana-devnet"], payTo: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4" },
      "feePayer",
    ],
  ])("is told with its challenge where a facilitator has to say for whom buyers sign: %s", async (_, route, key) => {
    const { why, challenge } = await asked("POST /a", { "/a": route });
    expect(why[0]).toBe('It is for sale: "/a".');
    expect(JSON.parse(atob(challenge ?? "")).accepts[0].extra[key]).toBe("(as your facilitator says)");
  });

  test("is told with the account that the table names for them", async () => {
    const facilitators = [{ url: "https://x402.org/facilitator", facilitatorAddress: PAY_TO }];
    const price = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
    const { challenge } = await asked("POST /a", { "/a": { price } }, { facilitators });
    expect(JSON.parse(atob(challenge ?? "")).accepts[0].extra.facilitatorAddress).toBe(PAY_TO);
  });

  test("is told with what a running gate's challenge has beside, which hangs on its key and on its facilitator", async () => {
    const accepts = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
    const computed = { by: { query: "size" }, table: { big: "$0.02", no: "closed" } };
    const upto = { price: { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] } };
    const gas = ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"];
    for (const [request, route, added] of [
      ["GET /a", "$1", []],
      ["GET /a", { price: "$1", accepts }, gas],
      ["POST /a", upto, gas],
      ["GET /a?size=big", computed, ["price-quote"]],
      ["GET /a?size=big", { price: computed, accepts }, [...gas, "price-quote"]],
      ["GET /a?size=no", { price: computed, accepts }, []],
    ] as const) {
      expect((await asked(request, { "/a": route })).added, JSON.stringify(route)).toEqual(added);
    }
  });

  test("is told with all that the challenge of a running gate has, by name, and with the rest word for word", async () => {
    const accepts = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
    const routes = { "/a": { price: { by: { query: "size" }, table: { big: "$0.02" } }, accepts } };
    const extensions = ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"];
    const gate = openGate({ ...table, routes }, { supported: () => ({ kinds: [], extensions }) });
    // It asks its facilitator behind the first answer.
    await gate.ask("/a?size=big");
    const outcome = await gate.ask("/a?size=big");
    const running = respond(outcome, "*", { requestId: "", origin: null }).headers.get("payment-required");
    const read = (challenge: string | null) => JSON.parse(atob(challenge ?? "e30="));
    const { added, challenge } = await asked("GET /a?size=big", routes);
    const [has, said] = [read(running), read(challenge)];
    expect(added).toEqual([...extensions, "price-quote"]);
    for (const name of added) {
      expect(has.extensions).toHaveProperty(name);
      delete has.extensions[name];
    }
    expect(has).toEqual(said);
  });

  test("is told to be had in parts where the route takes ranges", async () => {
    expect((await asked("GET /a", { "/a": { price: "$1", ranges: true } })).why).toEqual([
      'It is for sale: "/a".',
      "Range and If-* pass to your API: a part costs the whole price, and a 304 nothing.",
    ]);
  });
});

test("a price that follows use is told with its rates, also as an entry of one that follows the request", async () => {
  const price = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }], min: "$0.0001" };
  const told = "up to $0.05: usage.units at $1/1K, at least $0.0001";
  const config = compile({ "/a": price, "/b": { by: { query: "m" }, table: { x: price } } });
  const whyOf = async (path: string) => (await explain(config, "GET", `https://api.example.com${path}`)).why;
  expect(await whyOf("/a")).toEqual(['It is for sale: "/a".', `A call costs ${told}.`]);
  expect((await whyOf("/b?m=x")).at(-1)).toBe(`  x: ${told}  <- this request`);
});

describe("a price that follows the request", () => {
  const byBody = { by: { body: "/size" }, table: { big: "$0.02", no: "closed", none: "free" }, otherwise: "$0.05" };
  const prices = ["  big: $0.02", "  no: closed", "  none: free", "  (anything else): $0.05"];
  const depends = "Its price depends on /size of the body:";
  const marked = (entry: string): readonly string[] =>
    prices.map((line) => (line === `  ${entry}` ? `${line}  <- this request` : line));
  const sent = (body: string, type = "application/json") => ({
    headers: new Headers({ "content-type": type, "content-length": String(body.length) }),
    body,
  });
  const of = (body: string, type?: string) =>
    explain(compile({ "/a": byBody }), "POST", "https://api.example.com/a", sent(body, type));

  test("is told with what it costs, and with all that it could", async () => {
    const { status, why, upstream, challenge } = await of('{"size":"big"}');
    expect([status, why]).toEqual([402, ['It is for sale: "/a".', depends, ...marked("big: $0.02")]]);
    expect(JSON.parse(atob(challenge ?? ""))).toMatchObject({ accepts: [{ amount: "20000" }] });
    expect(upstream).toBe("https://legacy.example.com/base/a");
  });

  test("is told with the entry of what no other names, or of what is left out", async () => {
    expect((await of('{"size":"huge"}')).why.slice(2)).toEqual(marked("(anything else): $0.05"));
    expect((await of("{}")).why.slice(2)).toEqual(marked("(anything else): $0.05"));
    const bytes = compile({ "/a": { by: "bodyBytes", table: { "1": "$1", "9": "$2" } } });
    const { why } = await explain(bytes, "POST", "https://api.example.com/a", sent("four"));
    expect(why.slice(2)).toEqual(["  up to 1 bytes: $1", "  up to 9 bytes: $2  <- this request"]);
  });

  test("of MCP is told to be free for a greeting that no entry names", async () => {
    const table = compile({ "/a": { by: "mcp", table: { "tools/call x": "$1" } } });
    const body = '{"jsonrpc":"2.0","id":1,"method":"initialize"}';
    const { status, why } = await explain(table, "POST", "https://api.example.com/a", sent(body));
    expect([status, why]).toEqual([
      200,
      [
        'It is free, as "/a" says of what is asked.',
        "Its price depends on the method or tool that is called:",
        "  tools/call x: $1",
        "  initialize, tools/list, ping, notifications/…, GET, DELETE: free  <- this request",
      ],
    ]);
  });

  test("is told to be free where that is so", async () => {
    const { status, why, upstream } = await of('{"size":"none"}');
    const prices = marked("none: free");
    expect([status, why]).toEqual([200, ['It is free, as "/a" says of what is asked.', depends, ...prices]]);
    expect(upstream).toBe("https://legacy.example.com/base/a");
  });

  test.each<[string, string | undefined, number, string]>([
    ['{"size":"no"}', undefined, 403, "This is not sold here."],
    [
      '{"size":"a","size":"b"}',
      undefined,
      400,
      "The price depends on /size of the body, and its name stands there twice.",
    ],
    [
      "size",
      "text/plain",
      415,
      "The price depends on the body: send JSON in UTF-8 as application/json, and do not compress it.",
    ],
  ])("is told why there is none for %s", async (body, type, status, sentence) => {
    const explanation = await of(body, type);
    expect(explanation).toMatchObject({ status, upstream: null, challenge: null });
    const entries = status === 403 ? marked("no: closed") : prices;
    expect(explanation.why).toEqual([`"/a": ${sentence}`, depends, ...entries]);
  });

  test("is read from headers and the query, too", async () => {
    const routes = { "/a": { by: { header: "x-tier" }, table: { gold: "$1" } } };
    const gold = { headers: new Headers({ "x-tier": "gold" }), body: null };
    expect((await explain(compile(routes), "GET", "https://api.example.com/a", gold)).status).toBe(402);
    expect((await asked("GET /a", routes)).why[0]).toContain("nothing is sold for what it is here");
  });

  test("that the API would name is told to be the fallback, because the API is not asked", async () => {
    const { why, challenge, upstream } = await asked("GET /a", {
      "/a": { quote: "/quote", max: "$2", fallback: "$1" },
    });
    expect(why).toEqual([
      'It is for sale: "/a".',
      "Its price is what /quote of your API says, which is not asked here:",
      "  (at most): $2",
      "  (without a quote): $1",
    ]);
    expect(JSON.parse(atob(challenge ?? ""))).toMatchObject({ accepts: [{ amount: "1000000" }] });
    expect(upstream).toBe("https://legacy.example.com/base/a");
    const closed = await asked("GET /a", { "/a": { quote: "/quote", max: "$2" } });
    expect(closed).toMatchObject({ status: 503, outcome: "quote_unavailable", upstream: null });
  });

  test("is a barrier like any other", async () => {
    const [first] = (await asked("GET /a", { "POST /a": byBody, "/*": "free" })).candidates;
    expect(first?.note).toBe("has no GET, and lets nothing past: it is priced");
  });

  test("that is only observed is told so", async () => {
    const { why, upstream } = await asked("GET /a?m=x", {
      "/a": { price: { by: { query: "m" }, table: { x: "$1" } }, mode: "observe" },
    });
    expect(why[0]).toContain("only observes");
    expect(upstream).toBe("https://legacy.example.com/base/a?m=x");
  });
});

describe("the winner and why the others lose", () => {
  test("by host", async () => {
    expect(await notes("GET /a", { "/a": "$1", "api.example.com/*": "$2" })).toEqual([
      "api.example.com/*: wins",
      '/a: names no host, and "api.example.com/*" does',
    ]);
  });

  test("by a literal, by length, by a star, by the method", async () => {
    const routes = { "/:x/b": "$1", "/a/b": "$2", "GET /a/b": "$3", "/a/*": "$4", "/*": "free", "/a/b/*": "$5" };
    expect(await notes("GET /a/b", routes)).toEqual([
      "GET /a/b: wins",
      '/a/b: names no method, and "GET /a/b" does',
      '/a/b/*: covers what lies below; "GET /a/b" is this path',
      '/a/*: ends before "GET /a/b" does',
      '/:x/b: takes any segment where "GET /a/b" says "a"',
      '/*: ends before "GET /a/b" does',
    ]);
  });

  test("below a path, what is written for that comes first", async () => {
    expect(await notes("GET /a/b", { "/a": "$1", "/a/*": "free" })).toEqual([
      "/a/*: wins",
      '/a: is the path above; "/a/*" lies below',
    ]);
  });

  test("keys in another letter case than a request's do not cover it, where that counts", async () => {
    const routes = {
      "/r/AB": { price: "$1", caseSensitive: true },
      "/r/ab": { price: "free", caseSensitive: true },
      "/*": "free",
    };
    expect(await notes("GET /r/ab", routes)).toEqual(["/r/ab: wins", '/*: ends before "/r/ab" does']);
    const refused = await asked("GET /r/Ab", routes);
    expect(refused).toMatchObject({ status: 400, flaw: "letter_case", upstream: null, candidates: [] });
    expect(refused.why[0]).toBe(
      "The path is refused: a key with caseSensitive has a name of it in another letter case (letter_case).",
    );
  });

  test("a spelling that a key lets through is forwarded as it is, and elsewhere no key is said to cover it", async () => {
    const routes = { "/f/*": { price: "free", allowEncodedSlash: true }, "/g/*": "free" };
    expect(await asked("GET /f/a%2fb", routes)).toMatchObject({
      status: 200,
      upstream: "https://legacy.example.com/base/f/a%2Fb",
    });
    expect(await asked("GET /g/a%2fb", routes)).toMatchObject({
      status: 400,
      flaw: "encoded_delimiter",
      upstream: null,
      candidates: [],
    });
  });

  test("a barrier lets nothing past, a free place without the method does", async () => {
    const barrier = await asked("GET /a", { "POST /a": "$1", "/*": "free" });
    expect(barrier).toMatchObject({ status: 405, allow: "POST", upstream: null });
    expect(barrier.candidates.map(({ note }) => note)).toEqual([
      "has no GET, and lets nothing past: it is priced",
      'is not looked at: "POST /a" comes first and lets nothing past',
    ]);
    expect(await notes("GET /a", { "POST /a": "free", "/*": "$1" })).toEqual([
      "POST /a: has no GET; a free place lets the request on",
      "/*: wins",
    ]);
  });
});

describe("what is said of a request that is", () => {
  test("free", async () => {
    const { status, outcome, upstream, why } = await asked("HEAD /a/?x=1", { "GET /a": "free" });
    expect({ status, outcome, upstream }).toEqual({
      status: 200,
      outcome: "passed",
      upstream: "https://legacy.example.com/base/a/?x=1",
    });
    expect(why).toEqual(['It is free: "GET /a".']);
  });

  test("for sale", async () => {
    const { status, outcome, upstream, challenge } = await asked("GET /%61", { "/a": "$1" });
    expect({ status, outcome, upstream }).toEqual({
      status: 402,
      outcome: "payment_required",
      upstream: "https://legacy.example.com/base/a",
    });
    expect(JSON.parse(atob(challenge ?? ""))).toMatchObject({ resource: { url: "https://api.example.com/a" } });
  });

  test("asked of the host that the client asked", async () => {
    const changes = { upstream: { url: "https://legacy.example.com", host: "client" } };
    const { upstream } = await asked("GET /a", { "/a": "$1" }, changes);
    expect(upstream).toBe("https://api.example.com/a");
  });

  test("only observed", async () => {
    const { status, upstream, why } = await asked("GET /a", { "/a": { price: "$1", mode: "observe" } });
    expect([status, upstream]).toEqual([200, "https://legacy.example.com/base/a"]);
    expect(why[0]).toContain("only observes");
  });

  test.each<[string, string, object, object, number, string]>([
    ["closed", "GET /a", { "/a": "closed" }, {}, 404, 'It is closed: "/a".'],
    ["named by nothing", "GET /b", { "/a": "$1" }, {}, 404, 'No key covers it, and "unmatched" says closed.'],
    [
      "named for another method",
      "GET /a/b",
      { "POST /*": "free", "/b": "$1" },
      {},
      405,
      "GET is not one of the methods of this place: POST.",
    ],
    ["of no method", "TRACE /a", { "/a": "$1" }, {}, 405, "TRACE passes nowhere, because no key can name it."],
    [
      "for the gate itself",
      "GET /_Gate/x",
      { "/*": "free" },
      { prefix: "/_gate/" },
      404,
      "It lies below /_gate/, which is Faregate's own; nothing of yours can be there.",
    ],
    [
      "for another host",
      "GET https://other.example/a",
      { "/a": "$1" },
      { hosts: ["https://api.example.com", "b.example:81"] },
      421,
      '"hosts" does not list this one; it lists api.example.com, b.example:81.',
    ],
    ["for no host", "GET https://a@b/a", { "/a": "$1" }, {}, 400, "The gate refuses it: invalid_host."],
    [
      "too long to be named",
      `GET /a/${"x".repeat(1100)}`,
      { "/a": "$1" },
      {},
      414,
      "The URL without its query is longer than 1024 bytes, and the challenge has to name it.",
    ],
  ])("%s", async (_, request, routes, changes, status, why) => {
    const explanation = await asked(request, routes, changes);
    expect(explanation).toMatchObject({ status, upstream: null, challenge: null, why: [why] });
  });

  test("written in a form that servers read in different ways", async () => {
    const { status, flaw, why } = await asked("GET /a/%2e%2e/b", { "/*": "$1" });
    expect([status, flaw]).toEqual([400, "dot_at_segment_end"]);
    expect(why).toEqual([
      "The path is refused: a segment ends in a dot, which some servers resolve or drop (dot_at_segment_end).",
      "Its plain form, if that is what is meant: /b",
    ]);
  });

  test("answered by the gate itself", async () => {
    const { status, why, upstream } = await asked("GET /.faregate/keys", {}, { unmatched: "free" });
    expect({ status, why, upstream }).toEqual({
      status: 200,
      why: ["It is Faregate's own: the gate answers it itself."],
      upstream: null,
    });
  });

  test("let through because nothing is said of it", async () => {
    const { status, why } = await asked("GET /b", { "/a": "$1" }, { unmatched: "free" });
    expect([status, why]).toEqual([200, ['No key covers it, and "unmatched" says free.']]);
  });
});

test.each([
  ["//a//b", "/a/b"],
  ["/a/../b/./c", "/b/c"],
  ["/..", "/"],
  ["/a\\b", "/a/b"],
  ["/a%2fb", "/a/b"],
  ["/a;x=1/b;y", "/a/b"],
  ["/a%20/b.", "/a/b"],
  ["/caf\u00e9", "/caf%C3%A9"],
  ["/%EF%BD%81", "/a"],
  ["/a%00b", "/ab"],
  ["/%ff", null],
  ["/%zz", null],
  ["/%252e", null],
])("the plain form of %s is %s", (raw, plain) => {
  expect(plainForm(raw)).toBe(plain);
});
