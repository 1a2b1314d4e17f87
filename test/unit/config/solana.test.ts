// A table that accepts Solana.

import { describe, expect, test } from "vitest";
import { type Config, type Mistake, parseConfig } from "../../../src/config/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { PAY_TO as EVM_PAY_TO } from "../../support/payment.ts";
import { DEVNET, FEE_PAYER, PAY_TO, TOKEN_2022, USDC } from "../../support/solana-payment.ts";
import { ALICE, BASE_USDC, paidOf, requirementsOf, table as usual } from "./table.ts";

const MAINNET = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
const MAINNET_USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const PYUSD = "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo";
const BOB = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

const table = { ...usual, payTo: PAY_TO, accepts: ["solana"], routes: { "/a": "$1" } };
const parse = (changes: object, rows = [transferChecked]) => parseConfig({ ...table, ...changes }, rows);
const parsed = (changes: object = {}): Config => {
  const config = parse(changes);
  return config.ok ? config.value : expect.fail(JSON.stringify(config.error));
};
const mistakes = (changes: object, rows = [transferChecked]): readonly Mistake[] => {
  const config = parse(changes, rows);
  return config.ok ? [] : config.error;
};
const payees = (changes: object, url = "/a"): readonly (readonly [string, string])[] =>
  requirementsOf(parsed(changes), url).map(({ network, payTo }) => [network, payTo] as const);

describe("Solana", () => {
  test.each([
    ["solana", MAINNET, MAINNET_USDC],
    [MAINNET, MAINNET, MAINNET_USDC],
    ["solana-devnet", DEVNET, USDC],
    [DEVNET, DEVNET, USDC],
  ])("is accepted as %s", (name, network, asset) => {
    const [requirements] = requirementsOf(parsed({ accepts: [name] }));
    expect(requirements).toMatchObject({ network, asset, amount: "1000000", payTo: PAY_TO, extra: {} });
  });

  test("of its other networks needs a token", () => {
    const testnet = "solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z";
    const remedy = "describe its token in tokens";
    expect(mistakes({ accepts: [testnet] })).toEqual([{ path: "accepts[0]", remedy: expect.stringContaining(remedy) }]);
    const tokens = [{ network: testnet, asset: USDC, name: "USDC", decimals: 6, dollar: true }];
    expect(requirementsOf(parsed({ accepts: [testnet], tokens }))[0]).toMatchObject({ network: testnet, asset: USDC });
  });

  test("is told to be missing where the bundle was built without it, once", () => {
    const remedy = expect.stringContaining("this bundle was built without what checks payments on Solana");
    expect(mistakes({ routes: { "/a": "$1", "/b": "$2" } }, [])).toEqual([{ path: "accepts", remedy }]);
    const routes = { "/a": { price: "$1", accepts: ["solana"] }, "/b": "$1" };
    const own = { payTo: undefined, accepts: [{ network: "base", payTo: EVM_PAY_TO }], routes };
    expect(mistakes({ ...own, routes: { "/b": "$1" } }, [])).toEqual([]);
    const told = mistakes({ ...own, accepts: ["base"], payTo: EVM_PAY_TO }, []).map(({ path }) => path);
    expect(told).toContain('routes["/a"].accepts');
  });
});

describe("who is paid", () => {
  const both = ["base", { network: "solana", payTo: PAY_TO }];

  test("is the nearest that is an address there", () => {
    const config = {
      payTo: EVM_PAY_TO,
      accepts: both,
      routes: {
        "/a": "$1",
        "/evm": { price: "$1", payTo: ALICE },
        "/solana": { price: "$1", payTo: BOB },
        "/own": { price: "$1", payTo: ALICE, accepts: ["base", { network: "solana", payTo: BOB }] },
        "/listed": { price: "$1", accepts: ["solana"] },
      },
    };
    const of = (base: string, solana: string) => [
      ["eip155:8453", base],
      [MAINNET, solana],
    ];
    expect(payees(config)).toEqual(of(EVM_PAY_TO, PAY_TO));
    expect(payees(config, "/evm")).toEqual(of(ALICE ?? "", PAY_TO));
    expect(payees(config, "/solana")).toEqual(of(EVM_PAY_TO, BOB));
    expect(payees(config, "/own")).toEqual(of(ALICE ?? "", BOB));
    expect(payees(config, "/listed")).toEqual([[MAINNET, PAY_TO]]);
  });

  test("may be said by the entries alone", () => {
    const accepts = [
      { network: "base", payTo: EVM_PAY_TO },
      { network: "solana", payTo: PAY_TO },
    ];
    expect(payees({ payTo: undefined, accepts })).toHaveLength(2);
  });

  test.each<[string, object, string, string]>([
    [
      "an EVM address alone",
      { payTo: EVM_PAY_TO, routes: { "/a": "$1", "/b": "$2" } },
      "accepts",
      `nobody would be paid on solana, where ${EVM_PAY_TO} is no address; write { "network": "solana", "payTo": "…" } with your wallet's address there`,
    ],
    [
      "a public key alone",
      { accepts: ["solana", "base"] },
      "accepts",
      `nobody would be paid on base, where ${PAY_TO} is no address; write { "network": "base", "payTo": "…" } with your wallet's address there`,
    ],
    [
      "an EVM address for what a route accepts by itself",
      { payTo: EVM_PAY_TO, accepts: ["base"], routes: { "/a": { price: "$1", accepts: ["solana"] } } },
      'routes["/a"].accepts',
      `nobody would be paid on solana, where ${EVM_PAY_TO} is no address; write { "network": "solana", "payTo": "…" } with your wallet's address there`,
    ],
    [
      "an EVM address in an entry",
      { accepts: [{ network: "solana", payTo: EVM_PAY_TO }] },
      "accepts[0].payTo",
      `write a public key in base58, as addresses on Solana are (it says "${EVM_PAY_TO}")`,
    ],
    [
      "a public key in the entry of another network",
      { accepts: ["solana", { network: "base", payTo: PAY_TO }] },
      "accepts[1].payTo",
      `write 0x and 40 hex digits (it says "${PAY_TO}")`,
    ],
    [
      "a key that is cut off",
      { payTo: PAY_TO.slice(3) },
      "payTo",
      `write all of a public key of Solana: 32 bytes in base58 (it says "${PAY_TO.slice(3)}")`,
    ],
    [
      "the system program",
      { payTo: "1".repeat(32) },
      "payTo",
      `nobody owns the zero address; write your own (it says "${"1".repeat(32)}")`,
    ],
  ])("is a mistake: %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });
});

describe("a token on Solana", () => {
  const token = { network: "solana", asset: PYUSD, name: "PYUSD", decimals: 6, dollar: true };
  const accepts = [{ network: "solana", asset: PYUSD }];

  test.each([
    [undefined, "spl-token"],
    ["spl-token", "spl-token"],
    ["token-2022", "token-2022"],
  ])("that says %s is kept by %s", (tokenProgram, kept) => {
    const [terms] = paidOf(parsed({ accepts, tokens: [{ ...token, ...(tokenProgram && { tokenProgram }) }] })).offer
      .terms;
    expect(terms?.token).toEqual({
      asset: PYUSD,
      name: "PYUSD",
      decimals: 6,
      dollar: true,
      version: "",
      assetTransferMethod: "transferChecked",
      tokenProgram: kept,
    });
  });

  test("is priced in atomic units too", () => {
    const routes = { "/a": { amount: "5", asset: PYUSD } };
    expect(requirementsOf(parsed({ tokens: [token], routes }))[0]).toMatchObject({ amount: "5", asset: PYUSD });
  });

  test.each<[string, object, string, string]>([
    ["a contract", { asset: BASE_USDC }, "tokens[0].version", "write the version in the contract's EIP-712 domain"],
    [
      "a contract with its version",
      { asset: BASE_USDC, version: "2" },
      "tokens[0].asset",
      "write a public key in base58, as addresses on Solana are",
    ],
    ["a version", { version: "1" }, "tokens[0].version", "a token on solana has none; remove this"],
    [
      "another way to move it",
      { assetTransferMethod: "permit2" },
      "tokens[0].assetTransferMethod",
      "a token on solana has none; remove this",
    ],
    [
      "a program that is unknown",
      { tokenProgram: TOKEN_2022 },
      "tokens[0].tokenProgram",
      'write "spl-token" or "token-2022"',
    ],
    ["a mint elsewhere", { network: "base" }, "tokens[0].asset", "write 0x and 40 hex digits"],
    [
      "a program elsewhere",
      { network: "base", asset: BASE_USDC, version: "2", tokenProgram: "spl-token" },
      "tokens[0].tokenProgram",
      "a token on base has none; remove this",
    ],
    ["what is built in", { asset: MAINNET_USDC }, "tokens[0].asset", "this token is known already; remove it here"],
  ])("is a mistake with %s", (_, changes, path, remedy) => {
    const [first, ...others] = mistakes({ tokens: [{ ...token, ...changes }] });
    expect(first).toEqual({ path, remedy: expect.stringContaining(remedy) });
    expect(others).toEqual([]);
  });

  test.each(["eip3009", "permit2"])("is not moved by %s", (assetTransferMethod) => {
    expect(mistakes({ accepts: [{ network: "solana", assetTransferMethod }] })).toEqual([
      {
        path: "accepts[0].assetTransferMethod",
        remedy: `tokens on Solana move in one way; remove this (it says "${assetTransferMethod}")`,
      },
    ]);
  });
});

describe("a facilitator's fee payer", () => {
  const facilitators = [{ url: "https://f.example", feePayer: FEE_PAYER }];

  test("is kept as it is written", () => {
    expect(parsed({ facilitators }).facilitators[0]).toMatchObject({ kind: "http", feePayer: FEE_PAYER });
    expect(parsed().facilitators[0]).toMatchObject({ feePayer: null });
  });

  test("is named in the challenge that a gate begins with only when it is known", () => {
    const { challenge, variant } = paidOf(parsed()).offer;
    expect([challenge.isEmpty, challenge.tail.includes("feePayer")]).toEqual([true, false]);
    const known = variant?.({ settler: () => FEE_PAYER, extends: () => null });
    expect(known?.challenge.isEmpty).toBe(false);
    expect(known?.challenge.tail).toContain(`"extra":{"feePayer":"${FEE_PAYER}"}`);
    expect(known?.variant).toBeNull();
  });

  test("changes nothing where Solana is not accepted", () => {
    expect(paidOf(parsed({ payTo: EVM_PAY_TO, accepts: ["base"] })).offer.variant).toBeNull();
  });

  test.each<[string, object, string, string]>([
    [
      "that is no key",
      { url: "https://f.example", feePayer: EVM_PAY_TO },
      "facilitators[0].feePayer",
      "32 bytes in base58",
    ],
    [
      "of the gate's own account",
      { direct: { key: "{{K}}", network: "base", rpc: "https://r.example" }, feePayer: FEE_PAYER },
      "facilitators[0]",
      "what settles here takes neither upto nor Solana; remove feePayer",
    ],
    [
      "that is the gate's own account",
      { direct: { key: "{{K}}", network: "solana", rpc: "https://r.example" } },
      "facilitators[0].direct.network",
      "only a service settles on Solana; write the URL of one",
    ],
  ])("is a mistake %s", (_, facilitator, path, remedy) => {
    expect(mistakes({ facilitators: [facilitator] })).toEqual([{ path, remedy: expect.stringContaining(remedy) }]);
  });
});

describe("a payment on Solana does not last:", () => {
  const upstream = (timeoutSeconds: number) => ({ url: "https://legacy.example.com", timeoutSeconds });
  const remedy = (seconds: number) =>
    `a payment on Solana lives for a minute: write "before", or let verifying and the upstream take 40 seconds, not ${seconds}`;

  test("verifying and the upstream may take forty seconds", () => {
    expect(mistakes({ upstream: upstream(35) })).toEqual([]);
    expect(mistakes({ upstream: upstream(36), routes: { "/a": "$1", "/b": "$2" } })).toEqual([
      { path: "settle", remedy: remedy(41) },
    ]);
  });

  test.each<[string, object, number]>([
    ["its own upstream", { upstream: upstream(60) }, 65],
    ["more facilitators", { facilitators: ["https://a.example", "https://b.example", "https://c.example"] }, 45],
  ])("a route with %s is told at its place", (_, changes, seconds) => {
    const routes = { "/a": { price: "$1", ...changes }, "/b": "$1" };
    expect(mistakes({ routes })).toEqual([{ path: 'routes["/a"].settle', remedy: remedy(seconds) }]);
  });

  test("what settles first may take its time, and what is paid elsewhere", () => {
    const slow = { price: "$1", upstream: upstream(200) };
    expect(mistakes({ routes: { "/a": { ...slow, settle: "before" } } })).toEqual([]);
    expect(mistakes({ routes: { "/a": { ...slow, websocket: true } } })).toEqual([]);
    const elsewhere = { ...slow, accepts: ["base"], payTo: EVM_PAY_TO };
    expect(mistakes({ routes: { "/a": elsewhere, "/b": "$1" } })).toEqual([]);
  });

  test("an account of the gate's own takes none of it: it is not asked", () => {
    const direct = { key: "{{K}}", network: "base", rpc: "https://r.example" };
    const facilitators = [{ direct }, "https://a.example", "https://b.example"];
    expect(mistakes({ facilitators })).toEqual([]);
  });

  test("but verifying has to end in time", () => {
    const facilitators = [{ url: "https://f.example", verifyTimeoutSeconds: 41 }];
    const [mistake] = mistakes({ facilitators, settle: "before" });
    expect(mistake).toEqual({
      path: "settle",
      remedy:
        "a payment on Solana lives for a minute: shorten verifyTimeoutSeconds, all facilitators may take 40 seconds, not 41",
    });
  });
});
