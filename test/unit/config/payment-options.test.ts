import { describe, expect, test } from "vitest";
import { networks } from "../../../src/x402/index.ts";
import { ASSET, PAY_TO } from "../../support/payment.ts";
import { ALICE, BASE_USDC, BOB, EURC, mistakes, parsed, requirementsOf, route } from "./table.ts";

const eurc = { network: "base", asset: EURC, name: "EURC", version: "2", decimals: 6 };
const dai = {
  network: "base",
  asset: BOB,
  name: "DAI",
  decimals: 18,
  dollar: true,
  assetTransferMethod: "permit2",
};
const own = { network: "eip155:7", asset: ALICE, name: "Seven", version: "1", decimals: 18, dollar: true };

/** What the only way to pay for `/a` says. */
const asked = (changes: object) => requirementsOf(parsed({ ...route({}), ...changes }))[0];

describe("the wallet that is paid", () => {
  const [CAROL, DAVE] = [`0x${"3".repeat(40)}`, `0x${"4".repeat(40)}`];
  const entry = (payTo: string) => ({ accepts: [{ network: "base", payTo }] });
  test.each<[string, object, object, string]>([
    ["the table's", {}, {}, PAY_TO],
    ["that of the table's entry rather than the table's", entry(ALICE), {}, ALICE],
    ["the route's rather than the table's", {}, { payTo: BOB }, BOB],
    ["the route's rather than that of the table's entry", entry(ALICE), { payTo: BOB }, BOB],
    ["that of the route's entry rather than every other", entry(ALICE), { payTo: BOB, ...entry(CAROL) }, CAROL],
    ["the route's where its own entry names nobody", entry(ALICE), { payTo: BOB, accepts: ["base"] }, BOB],
    ["that of the table's entry where the route only names the network", entry(ALICE), { accepts: ["base"] }, ALICE],
    ["the table's where only another network's entry names one", entry(ALICE), { accepts: ["polygon"] }, PAY_TO],
    [
      "the table's where only another token's entry names one",
      { ...entry(ALICE), tokens: [eurc] },
      { price: { amount: "5", asset: EURC }, accepts: [{ network: "base", asset: EURC }] },
      PAY_TO,
    ],
    ["in EIP-55 form, from an entry in small letters", {}, entry(PAY_TO.toLowerCase()), PAY_TO],
  ])("is %s", (_, table, of, payTo) => {
    expect(asked({ ...table, ...route(of) })).toMatchObject({ payTo });
  });

  test("may be left out for the table where each of its entries names one", () => {
    const config = parsed({
      payTo: undefined,
      accepts: [
        { network: "base", payTo: ALICE },
        { network: "polygon", payTo: BOB },
      ],
      routes: { "/a": "$1", "/b": { price: "$1", payTo: DAVE }, "/c": { price: "$1", accepts: ["polygon"] } },
    });
    const payees = ["/a", "/b", "/c"].map((url) => requirementsOf(config, url).map(({ payTo }) => payTo));
    expect(payees).toEqual([[ALICE, BOB], [DAVE, DAVE], [BOB]]);
  });

  const nobody = {
    path: 'routes["/a"].payTo',
    remedy: "nobody would be paid; write a wallet's address here or for the whole table",
  };
  const missing = { path: "payTo", remedy: "this key is missing" };
  const checksum = "write 0x and 40 hex digits; mixed case has to fit its checksum";
  test.each<[string, object, readonly object[]]>([
    [
      "a route's own network that no word names one for",
      { payTo: undefined, ...entry(ALICE), ...route({ accepts: ["polygon"] }) },
      [nobody],
    ],
    [
      "one of the table's entries without one",
      { payTo: undefined, accepts: [{ network: "base", payTo: ALICE }, "polygon"] },
      [missing],
    ],
    [
      "no entry at all",
      { payTo: undefined, accepts: [] },
      [missing, { path: "accepts", remedy: 'write at least one network, such as "base"' }],
    ],
    [
      "an entry's that is wrong, once",
      { payTo: undefined, ...entry("0x1"), ...route({ accepts: ["polygon"] }) },
      [{ path: "accepts[0].payTo", remedy: `${checksum} (it says "0x1")` }],
    ],
    [
      "a table's that is wrong, once",
      { payTo: "0x1", ...entry(ALICE), ...route({ accepts: ["polygon"] }) },
      [{ path: "payTo", remedy: `${checksum} (it says "0x1")` }],
    ],
    [
      "a route's that is wrong, once",
      { payTo: undefined, ...entry(ALICE), ...route({ payTo: "0x1", accepts: ["polygon"] }) },
      [{ path: 'routes["/a"].payTo', remedy: `${checksum} (it says "0x1")` }],
    ],
    [
      "the zero address in an entry",
      entry(`0x${"0".repeat(40)}`),
      [
        {
          path: "accepts[0].payTo",
          remedy: `nobody owns the zero address; write your own (it says "0x${"0".repeat(40)}")`,
        },
      ],
    ],
  ])("is a mistake: %s", (_, changes, error) => {
    const told = mistakes(changes);
    expect(told).toHaveLength(error.length);
    expect(told).toEqual(expect.arrayContaining([...error]));
  });
});

describe("a way to pay", () => {
  test.each<[string, object, object]>([
    ["a network by its name", { accepts: ["base"] }, { network: "eip155:8453", asset: BASE_USDC }],
    ["a network by its number", { accepts: ["eip155:8453"] }, { network: "eip155:8453", asset: BASE_USDC }],
    [
      "an object with a network alone",
      { accepts: [{ network: "base" }] },
      { network: "eip155:8453", asset: BASE_USDC },
    ],
    ["an object with a network's number", { accepts: [{ network: "eip155:8453" }] }, { asset: BASE_USDC }],
    ["an object with the scheme", { accepts: [{ network: "base", scheme: "exact" }] }, { scheme: "exact" }],
    [
      "a token that is known, in small letters",
      { accepts: [{ network: "base", asset: BASE_USDC.toLowerCase() }] },
      { asset: BASE_USDC, extra: { name: "USD Coin", version: "2" } },
    ],
    [
      "a token of the operator's own on a known network",
      { tokens: [{ ...eurc, dollar: true }], accepts: [{ network: "base", asset: EURC }] },
      { network: "eip155:8453", asset: EURC, amount: "1000000", extra: { name: "EURC", version: "2" } },
    ],
    [
      "a network of the operator's own, whose first token is meant",
      { tokens: [own, { ...own, asset: BOB, name: "Other" }], accepts: ["eip155:7"] },
      { network: "eip155:7", asset: ALICE, amount: "1000000000000000000", extra: { name: "Seven", version: "1" } },
    ],
    [
      "a second token of a network of the operator's own",
      { tokens: [own, { ...own, asset: BOB, decimals: 0 }], accepts: [{ network: "eip155:7", asset: BOB }] },
      { asset: BOB, amount: "1" },
    ],
    [
      "what a network's name always meant, beside an own token there",
      { tokens: [{ ...eurc, dollar: true }], accepts: ["base"] },
      { asset: BASE_USDC },
    ],
    ["the route's own rather than the table's", route({ accepts: ["polygon"] }), { network: "eip155:137" }],
  ])("is %s", (_, changes, requirements) => {
    expect(asked(changes)).toMatchObject(requirements);
  });

  test("may be two tokens of one network", () => {
    const accepts = ["base", { network: "base", asset: EURC }];
    const offered = requirementsOf(parsed({ tokens: [{ ...eurc, dollar: true }], accepts, ...route({}) }));
    expect(offered.map(({ asset }) => asset)).toEqual([BASE_USDC, EURC]);
  });

  const names = networks.flatMap((network) => network.names).join(", ");
  const optionHint = 'write a network such as "base", or an object with "network"';
  test.each<[string, object, string, string]>([
    ["a number", { accepts: [1] }, "accepts[0]", `${optionHint} (it says 1)`],
    ["a list", { accepts: [["base"]] }, "accepts[0]", optionHint],
    [
      "another scheme",
      { accepts: [{ network: "base", scheme: "upto" }] },
      "accepts[0].scheme",
      'write "exact"; what is paid by use has "upto" as its price (it says "upto")',
    ],
    [
      "a key that is not known",
      { accepts: [{ network: "base", token: "USDC" }] },
      "accepts[0].token",
      "there is no such key; known are network, asset, scheme, assetTransferMethod, payTo",
    ],
    [
      "a token with a wrong checksum",
      { accepts: [{ network: "base", asset: BASE_USDC.replace("fCD", "fcD") }] },
      "accepts[0].asset",
      `write 0x and 40 hex digits; mixed case has to fit its checksum (it says "${BASE_USDC.replace("fCD", "fcD")}")`,
    ],
    [
      "a token that is not known there",
      { accepts: [{ network: "base", asset: ASSET }] },
      "accepts[0].asset",
      `this token is not known on base; describe it in tokens (it says "${ASSET}")`,
    ],
    [
      "a network by its number, without a token",
      { accepts: ["eip155:7"] },
      "accepts[0]",
      `"eip155:7" is not a network that is known here; describe its token in tokens`,
    ],
    [
      "a network of another family, which nothing here can charge on",
      { accepts: ["solana:mainnet"] },
      "accepts[0]",
      `"solana:mainnet" is not a network that is known here; write one of ${names}`,
    ],
    [
      "the name of an object's own member",
      { accepts: ["__proto__"] },
      "accepts[0]",
      `"__proto__" is not a network that is known here; write one of ${names}`,
    ],
    [
      "a token twice, once by the network alone",
      { accepts: ["base", { network: "eip155:8453", asset: BASE_USDC, payTo: ALICE }] },
      "accepts[1]",
      "accepts[0] already names this network and token; keep one",
    ],
    [
      "twice in a route's own list",
      route({ accepts: ["base", "base"] }),
      'routes["/a"].accepts[1]',
      'routes["/a"].accepts[0] already names this network and token; keep one',
    ],
    [
      "no list, in a route with a price that only its own networks can express",
      route({ price: { amount: "1", asset: BASE_USDC }, accepts: "base" }),
      'routes["/a"].accepts',
      'write a list of networks such as ["base"] (it says "base")',
    ],
    [
      "a network that is not known, of a route with a wrong price too, once each",
      route({ accepts: ["mars"] }),
      'routes["/a"].accepts[0]',
      `"mars" is not a network that is known here; write one of ${names}`,
    ],
  ])("is a mistake: %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });

  test("is checked also where the price of its route is wrong", () => {
    const paths = mistakes(route({ price: "1", accepts: ["mars"] })).map(({ path }) => path);
    expect(paths.sort()).toEqual(['routes["/a"].accepts[0]', 'routes["/a"].price']);
  });
});

describe("a token of the operator's own", () => {
  const tokens = (changes: object) => ({ tokens: [{ ...eurc, ...changes }] });
  const known = "this token is known already; remove it here";
  const inTokens = 'is not a network that is known here; write a name, or a CAIP-2 id such as "eip155:8453"';
  const example = '{ "network": "base", "asset": "0x…", "name": "EURC", "version": "2", "decimals": 6 }';
  test.each<[string, object, string, string]>([
    ["no list", { tokens: eurc }, "tokens", "write a list of tokens"],
    [
      "a token that is a name",
      { tokens: ["EURC"] },
      "tokens[0]",
      `write an object such as ${example} (it says "EURC")`,
    ],
    ["no decimals", tokens({ decimals: undefined }), "tokens[0].decimals", "write a number of decimals"],
    ["decimals as a text", tokens({ decimals: "6" }), "tokens[0].decimals", 'write a number of decimals (it says "6")'],
    ["half a decimal", tokens({ decimals: 0.5 }), "tokens[0].decimals", "write a whole number (it says 0.5)"],
    ["decimals below zero", tokens({ decimals: -1 }), "tokens[0].decimals", "write 0 or more (it says -1)"],
    ["too many decimals", tokens({ decimals: 37 }), "tokens[0].decimals", "write at most 36 (it says 37)"],
    [
      "an empty name",
      tokens({ name: "" }),
      "tokens[0].name",
      'write the name in the contract\'s EIP-712 domain (it says "")',
    ],
    [
      "an empty version",
      tokens({ version: "" }),
      "tokens[0].version",
      'write the version in the contract\'s EIP-712 domain (it says "")',
    ],
    ["a version that is a number", tokens({ version: 2 }), "tokens[0].version", "write a text in quotes (it says 2)"],
    ["a dollar that is a text", tokens({ dollar: "yes" }), "tokens[0].dollar", 'write true or false (it says "yes")'],
    [
      "a key that is not known",
      tokens({ symbol: "€" }),
      "tokens[0].symbol",
      "there is no such key; known are network, asset, name, version, decimals, dollar, assetTransferMethod, tokenProgram",
    ],
    [
      "a wrong checksum",
      tokens({ asset: EURC.replace("a3E", "A3E") }),
      "tokens[0].asset",
      `write 0x and 40 hex digits; mixed case has to fit its checksum (it says "${EURC.replace("a3E", "A3E")}")`,
    ],
    ["a token of our own table", tokens({ asset: BASE_USDC }), "tokens[0].asset", `${known} (it says "${BASE_USDC}")`],
    [
      "a token of our own table in small letters",
      tokens({ network: "eip155:8453", asset: BASE_USDC.toLowerCase() }),
      "tokens[0].asset",
      `${known} (it says "${BASE_USDC}")`,
    ],
    ["one token twice", { tokens: [own, own] }, "tokens[1].asset", `${known} (it says "${ALICE}")`],
    ["a network that is not known", tokens({ network: "mars" }), "tokens[0].network", `"mars" ${inTokens}`],
    ["a network of another family", tokens({ network: "solana:x" }), "tokens[0].network", `"solana:x" ${inTokens}`],
    [
      "a network's number with a zero in front",
      tokens({ network: "eip155:07" }),
      "tokens[0].network",
      `"eip155:07" ${inTokens}`,
    ],
    [
      "a wrong entry, once, though a way to pay and a price mean it",
      {
        tokens: [{ ...own, decimals: 99 }],
        accepts: ["base", "eip155:7", { network: "base", asset: EURC }],
        routes: { "/a": { price: { amount: "1", asset: ALICE }, accepts: ["base"] }, "/b": "$1" },
      },
      "tokens[0].decimals",
      "write at most 36 (it says 99)",
    ],
    [
      "a dollar price in a token that is no dollar",
      { ...tokens({}), accepts: ["base", { network: "base", asset: EURC }], ...route({}) },
      'routes["/a"].price',
      'EURC is not said to be a dollar; write atomic units, or "dollar": true in its entry of tokens (it says "$1")',
    ],
    [
      "a dollar price that is too precise for it alone",
      { tokens: [{ ...own, decimals: 2 }], accepts: ["base", "eip155:7"], ...route({ price: "$0.001" }) },
      'routes["/a"].price',
      'Seven has 2 decimals; write at most that many (it says "$0.001")',
    ],
  ])("is a mistake: %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });

  test("may stand in the table unused", () => {
    expect(requirementsOf(parsed({ tokens: [eurc, own], ...route({}) }))).toEqual(requirementsOf(parsed(route({}))));
  });
});

describe("a price in atomic units", () => {
  const atomic = { amount: "1000", asset: ASSET };

  test.each<[string, object]>([
    ["in a route's object", route({ price: atomic })],
    ["alone", { routes: { "/a": atomic } }],
    ["with its token in small letters", { routes: { "/a": { ...atomic, asset: ASSET.toLowerCase() } } }],
    [
      "with the network of the route's own list",
      { accepts: ["base", "polygon"], ...route({ price: atomic, accepts: ["base-sepolia"] }) },
    ],
  ])("is asked as it is %s", (_, changes) => {
    expect(asked(changes)).toMatchObject({ network: "eip155:84532", amount: "1000", asset: ASSET, payTo: PAY_TO });
  });

  test("may be of a token that is no dollar, on a network that is accepted with another", () => {
    const changes = { tokens: [eurc], accepts: ["base"], ...route({ price: { amount: "1", asset: EURC } }) };
    expect(asked(changes)).toMatchObject({ amount: "1", asset: EURC, extra: { name: "EURC", version: "2" } });
  });

  test("may have thirty digits, which no number has", () => {
    const amount = "9".repeat(30);
    const maxUnsettled = `$1${"0".repeat(24)}`;
    expect(asked(route({ price: { ...atomic, amount }, maxUnsettled }))).toMatchObject({ amount });
  });

  const aboveZero = 'write atomic units above zero, such as "1000"';
  const onlyOne = "atomic units need exactly one entry in accepts; give this route an accepts of its own";
  test.each<[string, object, string, string]>([
    ["two networks", { accepts: ["base", "base-sepolia"], routes: { "/a": atomic } }, 'routes["/a"]', onlyOne],
    [
      "two tokens of one network",
      {
        tokens: [{ ...eurc, dollar: true }],
        accepts: ["base", { network: "base", asset: EURC }],
        ...route({ price: { ...atomic, asset: BASE_USDC } }),
      },
      'routes["/a"].price',
      onlyOne,
    ],
    [
      "a token that is not known there",
      { accepts: ["base"], ...route({ price: atomic }) },
      'routes["/a"].price.asset',
      `this token is not known on base; describe it in tokens (it says "${ASSET}")`,
    ],
    [
      "a token with a wrong checksum",
      route({ price: { ...atomic, asset: ASSET.replace("CbD", "cbD") } }),
      'routes["/a"].price.asset',
      `write 0x and 40 hex digits; mixed case has to fit its checksum (it says "${ASSET.replace("CbD", "cbD")}")`,
    ],
    ["no token", { routes: { "/a": { amount: "1" } } }, 'routes["/a"].asset', "this key is missing"],
    ["no amount", { routes: { "/a": { asset: ASSET } } }, 'routes["/a"].amount', "this key is missing"],
    ["zero", route({ price: { ...atomic, amount: "0" } }), 'routes["/a"].price.amount', `${aboveZero} (it says "0")`],
    [
      "a zero in front",
      route({ price: { ...atomic, amount: "01" } }),
      'routes["/a"].price.amount',
      `${aboveZero} (it says "01")`,
    ],
    [
      "a minus",
      route({ price: { ...atomic, amount: "-1" } }),
      'routes["/a"].price.amount',
      `${aboveZero} (it says "-1")`,
    ],
    [
      "a fraction",
      route({ price: { ...atomic, amount: "1.5" } }),
      'routes["/a"].price.amount',
      `${aboveZero} (it says "1.5")`,
    ],
    [
      "thirty-one digits",
      route({ price: { ...atomic, amount: "1".repeat(31) } }),
      'routes["/a"].price.amount',
      `${aboveZero} (it says "${"1".repeat(31)}")`,
    ],
    [
      "a number",
      { routes: { "/a": { ...atomic, amount: 1000 } } },
      'routes["/a"].amount',
      'write atomic units in quotes, such as "1000" (it says 1000)',
    ],
    [
      "a key of a route beside it",
      { routes: { "/a": { ...atomic, description: "Goods" } } },
      'routes["/a"].description',
      'this belongs beside the price: { "price": { … }, "description": … }',
    ],
  ])("is a mistake with %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });

  test("is a mistake with one of its keys alone", () => {
    const remedy = "this key is missing";
    expect(mistakes(route({ price: { amount: "1" } }))).toEqual([{ path: 'routes["/a"].price.asset', remedy }]);
    expect(mistakes({ routes: { "/a": { asset: ASSET } } })).toEqual([{ path: 'routes["/a"].amount', remedy }]);
  });
});

describe("how a token is moved", () => {
  const permitted = { network: "base", assetTransferMethod: "permit2" };
  const methodsOf = (changes: object) =>
    requirementsOf(parsed({ ...route({}), ...changes })).map(({ asset, extra }) => [
      asset,
      extra?.["assetTransferMethod"],
    ]);

  test("is by its own contract where nothing is said, and not declared", () => {
    expect(methodsOf({ accepts: ["base"] })).toEqual([[BASE_USDC, undefined]]);
    expect(methodsOf({ accepts: [{ network: "base", assetTransferMethod: "eip3009" }] })).toEqual([
      [BASE_USDC, undefined],
    ]);
  });

  test("is by Permit2 where an entry says so", () => {
    expect(asked({ accepts: [permitted] })).toMatchObject({
      asset: BASE_USDC,
      amount: "1000000",
      extra: { assetTransferMethod: "permit2", name: "USD Coin", version: "2" },
    });
  });

  test("is by Permit2 where its entry of tokens says so, and names no domain that it does not have", () => {
    const accepts = ["base", { network: "base", asset: BOB }];
    const [, offered] = requirementsOf(parsed({ tokens: [dai], accepts, ...route({}) }));
    expect(offered).toMatchObject({ asset: BOB, amount: "1000000000000000000" });
    expect(offered?.extra).toEqual({ assetTransferMethod: "permit2" });
    const [versioned] = requirementsOf(
      parsed({ tokens: [{ ...dai, version: "1" }], accepts: accepts.slice(1), ...route({}) }),
    );
    expect(versioned?.extra).toEqual({ assetTransferMethod: "permit2", name: "DAI", version: "1" });
  });

  test("may be offered in both ways beside each other, in the order of preference", () => {
    expect(methodsOf({ accepts: [permitted, "base"] })).toEqual([
      [BASE_USDC, "permit2"],
      [BASE_USDC, undefined],
    ]);
  });

  test("may be offered in both ways at a price in atomic units", () => {
    const price = { amount: "7", asset: BASE_USDC };
    expect(methodsOf({ accepts: ["base", permitted], ...route({ price }) })).toEqual([
      [BASE_USDC, undefined],
      [BASE_USDC, "permit2"],
    ]);
    expect(methodsOf({ tokens: [dai], accepts: ["base"], ...route({ price: { amount: "7", asset: BOB } }) })).toEqual([
      [BOB, "permit2"],
    ]);
  });

  test("decides which entry of the table's list says who is paid", () => {
    const accepts = [
      { network: "base", payTo: ALICE },
      { ...permitted, payTo: BOB },
    ];
    const payees = (own: readonly unknown[]) =>
      requirementsOf(parsed({ accepts, ...route({ accepts: own }) })).map(({ payTo }) => payTo);
    expect(payees(["base", permitted])).toEqual([ALICE, BOB]);
    expect(payees([permitted])).toEqual([BOB]);
  });

  test("is not Permit2 for clients of version 1, who know no other than EIP-3009", () => {
    const { challenge } = (() => {
      const [found] = parsed({ accepts: [permitted, "base"], ...route({}) }).routes;
      return found?.access.kind === "paid" ? found.access.offer : expect.fail();
    })();
    expect(challenge.v1).toHaveLength(1);
    expect(challenge.v1.join()).not.toContain("permit2");
  });

  const entry = (changes: object) => ({ tokens: [{ ...dai, ...changes }] });
  const notTaken = "DAI does not take EIP-3009";
  const oneEntry = "atomic units need exactly one entry in accepts; give this route an accepts of its own";
  test.each<[string, object, string, string]>([
    [
      "a way that there is not",
      { accepts: [{ network: "base", assetTransferMethod: "erc7710" }] },
      "accepts[0].assetTransferMethod",
      'write "eip3009" or "permit2" (it says "erc7710")',
    ],
    [
      "a way that there is not, of a token",
      entry({ assetTransferMethod: "approve" }),
      "tokens[0].assetTransferMethod",
      'write "eip3009" or "permit2" (it says "approve")',
    ],
    [
      "a token without a version that does not say that it has no EIP-3009",
      entry({ assetTransferMethod: undefined }),
      "tokens[0].version",
      'write the version in the contract\'s EIP-712 domain, or "assetTransferMethod": "permit2" for a token without EIP-3009',
    ],
    [
      "EIP-3009 for a token that says it has none",
      { ...entry({}), accepts: ["base", { network: "base", asset: BOB, assetTransferMethod: "eip3009" }] },
      "accepts[1].assetTransferMethod",
      `${notTaken}, its entry of tokens says; write "permit2" or remove this (it says "eip3009")`,
    ],
    [
      "EIP-3009 for a token that a price in atomic units brings",
      {
        ...entry({}),
        accepts: [{ network: "base", assetTransferMethod: "eip3009" }],
        ...route({ price: { amount: "7", asset: BOB } }),
      },
      'routes["/a"].price.asset',
      `${notTaken}; write "permit2" in accepts (it says "${BOB}")`,
    ],
    [
      "one way twice, once in its own words",
      { accepts: ["base", { network: "base", assetTransferMethod: "eip3009" }] },
      "accepts[1]",
      "accepts[0] already names this network and token; keep one",
    ],
    [
      "the only way of a token twice",
      {
        ...entry({}),
        accepts: [
          { network: "base", asset: BOB },
          { network: "base", asset: BOB, assetTransferMethod: "permit2" },
        ],
      },
      "accepts[1]",
      "accepts[0] already names this network and token; keep one",
    ],
    [
      "a price in atomic units that makes one way of two",
      { ...entry({}), accepts: ["base", permitted], ...route({ price: { amount: "7", asset: BOB } }) },
      'routes["/a"].price',
      oneEntry,
    ],
    [
      "a price in atomic units with two tokens to pay it in, each in a way of its own",
      {
        ...entry({}),
        accepts: ["base", { network: "base", asset: BOB, assetTransferMethod: "permit2" }],
        ...route({ price: { amount: "7", asset: BASE_USDC } }),
      },
      'routes["/a"].price',
      oneEntry,
    ],
    [
      "a price in atomic units with two networks, each in a way of its own",
      {
        accepts: ["base", { network: "polygon", assetTransferMethod: "permit2" }],
        ...route({ price: { amount: "7", asset: BASE_USDC } }),
      },
      'routes["/a"].price',
      oneEntry,
    ],
    [
      "a price in atomic units with two tokens to pay it in",
      {
        ...entry({}),
        accepts: ["base", { network: "base", asset: BOB }],
        ...route({ price: { amount: "7", asset: BASE_USDC } }),
      },
      'routes["/a"].price',
      oneEntry,
    ],
  ])("is a mistake: %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });
});
