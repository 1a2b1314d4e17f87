import { describe, expect, test } from "vitest";
import { buildTerms, chooseTerms, type Terms } from "../../../src/schemes/terms.ts";
import { type Accepted, networks } from "../../../src/x402/index.ts";
import { ASSET, PAY_TO } from "../../support/payment.ts";

const STRANGER = "0x1111111111111111111111111111111111111111";

const asked = { scheme: "exact", amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 } as const;
const offered: readonly Terms[] = networks.flatMap(({ network, token }) => {
  const price = { ...asked, network, token, assetTransferMethod: "eip3009" } as const;
  return buildTerms(price, false, "authorization") ?? [];
});
/** The same, moved by Permit2. */
const byPermit2: readonly Terms[] = networks.flatMap(({ network, token }) => {
  const price = { ...asked, network, token, assetTransferMethod: "permit2" } as const;
  return buildTerms(price, false, "authorization") ?? [];
});
/** The same as the most that may be asked. */
const metered: readonly Terms[] = networks.flatMap(({ network, token }) => {
  const price = { ...asked, scheme: "upto", network, token, assetTransferMethod: "permit2" } as const;
  return buildTerms(price, false, "authorization") ?? [];
});
const [mainnet, testnet] = offered;
/** The same, to be settled first. */
const upfront: readonly Terms[] = networks.flatMap(({ network, token }) => {
  const price = { ...asked, network, token, assetTransferMethod: "eip3009" } as const;
  return buildTerms(price, false, "upfront") ?? [];
});

const accepted: Accepted = {
  scheme: "exact",
  network: "eip155:84532",
  amount: "10000",
  asset: ASSET,
  payTo: PAY_TO,
  extra: { name: "USDC", version: "2" },
};
const choose = (changes: object) => chooseTerms(offered, { ...accepted, ...changes });
const chosen = (terms: Terms | undefined) => ({ ok: true, value: { terms, objection: null } });
const refused = (error: string) => ({ ok: false, error });

test("no scheme of ours works on a network of another family", () => {
  const [{ token } = expect.fail()] = networks;
  const price = { ...asked, token, assetTransferMethod: "eip3009" } as const;
  for (const network of ["solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "eip1559:1"] as const) {
    for (const flow of ["authorization", "upfront"] as const) {
      expect(buildTerms({ ...price, network }, false, flow)).toBeNull();
    }
  }
});

test("a flow is declared on the wire where it is not the usual one, and nothing else differs", () => {
  const [usual, first] = [testnet?.requirements, upfront[1]?.requirements];
  expect(usual?.extra).toEqual({ name: "USDC", version: "2" });
  expect(first).toEqual({ ...usual, extra: { name: "USDC", version: "2", paymentFlow: "upfront" } });
});

describe("where both flows are offered, a payment", () => {
  const both = [...offered, ...upfront];
  const inFlow = (extra: Accepted["extra"]) => chooseTerms(both, { ...accepted, ...(extra && { extra }) });

  test.each<[string, Accepted["extra"], Terms | undefined]>([
    ["that names none is settled as usual", undefined, testnet],
    ["that names the usual one is settled as usual", { paymentFlow: "authorization" }, testnet],
    ["that names the other is settled first", { paymentFlow: "upfront" }, upfront[1]],
  ])("%s", (_, extra, terms) => {
    expect(inFlow(extra)).toEqual(chosen(terms));
  });

  test("of version 1, which can name none, is settled as usual", () => {
    const v1: Accepted = { scheme: "exact", network: "eip155:84532" };
    expect(chooseTerms(both, v1)).toEqual(chosen(testnet));
    expect(chooseTerms(upfront, v1)).toEqual(chosen(upfront[1]));
  });

  test("that was signed for the one is not taken for the other", () => {
    expect(chooseTerms(upfront, accepted)).toEqual(refused("invalid_payment_requirements"));
    expect(chooseTerms(offered, { ...accepted, extra: { paymentFlow: "escrow" } })).toEqual(
      refused("invalid_payment_requirements"),
    );
  });
});

describe.each([
  ["first", [...offered, ...byPermit2]],
  ["last", [...byPermit2, ...offered]],
] as const)("where a token is offered in both ways, EIP-3009 %s, a payment", (_, both) => {
  const choiceOf = (changes: object) => chooseTerms(both, { ...accepted, ...changes });

  test.each<[string, object, Terms | undefined]>([
    ["that names none is by EIP-3009", { extra: { name: "USDC" } }, testnet],
    ["that has no extra is by EIP-3009", { extra: undefined }, testnet],
    ["that names EIP-3009 is by it", { extra: { assetTransferMethod: "eip3009" } }, testnet],
    ["that names Permit2 is by it", { extra: { assetTransferMethod: "permit2" } }, byPermit2[1]],
  ])("%s", (_, changes, terms) => {
    expect(choiceOf(changes)).toEqual(chosen(terms));
  });

  test("of another way is none", () => {
    expect(choiceOf({ extra: { assetTransferMethod: "erc7710" } })).toEqual(refused("invalid_payment_requirements"));
  });

  test("of version 1, which knows no other, is by EIP-3009", () => {
    expect(chooseTerms(both, { scheme: "exact", network: "eip155:84532" })).toEqual(chosen(testnet));
  });
});

test("where only Permit2 is offered, a payment that does not name it is none", () => {
  const named = { ...accepted, extra: { assetTransferMethod: "permit2" } };
  expect(chooseTerms(byPermit2, named)).toEqual(chosen(byPermit2[1]));
  expect(chooseTerms(byPermit2, accepted)).toEqual(refused("invalid_payment_requirements"));
  const v1: Accepted = { scheme: "exact", network: "eip155:84532" };
  expect(chooseTerms(byPermit2, v1)).toEqual(refused("invalid_payment_requirements"));
});

describe.each([
  ["first", [...offered, ...byPermit2, ...metered]],
  ["last", [...metered, ...byPermit2, ...offered]],
] as const)("where a token is offered by both schemes, exact %s, a payment", (_, both) => {
  const choiceOf = (changes: object) => chooseTerms(both, { ...accepted, ...changes });

  test.each<[string, object, Terms | undefined]>([
    ["by exact is by exact", {}, testnet],
    ["by exact with Permit2 is that", { extra: { assetTransferMethod: "permit2" } }, byPermit2[1]],
    ["by upto is by upto", { scheme: "upto", extra: { assetTransferMethod: "permit2" } }, metered[1]],
    ["by upto that names no transfer method is by upto: it has but one", { scheme: "upto" }, metered[1]],
    ["by upto without extra is by upto", { scheme: "upto", extra: null }, metered[1]],
  ])("%s", (_, changes, terms) => {
    expect(choiceOf(changes)).toEqual(chosen(terms));
  });

  test.each(["eip3009", "erc7710", ""])("by upto and %j is none", (assetTransferMethod) => {
    expect(choiceOf({ scheme: "upto", extra: { assetTransferMethod } })).toEqual(
      refused("invalid_payment_requirements"),
    );
  });

  test("by upto in another flow is none", () => {
    expect(choiceOf({ scheme: "upto", extra: { paymentFlow: "upfront" } })).toEqual(
      refused("invalid_payment_requirements"),
    );
  });

  test("of version 1, which knows no upto, is by exact or none", () => {
    const v1 = { network: "eip155:84532" };
    expect(chooseTerms(both, { ...v1, scheme: "exact" })).toEqual(chosen(testnet));
    expect(chooseTerms(both, { ...v1, scheme: "upto" })).toEqual(refused("invalid_scheme"));
  });
});

test("upto knows no other way than Permit2, and no other flow than the usual one", () => {
  const [{ network, token } = expect.fail()] = networks;
  const price = { ...asked, scheme: "upto", network, token } as const;
  expect(buildTerms({ ...price, assetTransferMethod: "permit2" }, false, "authorization")).not.toBeNull();
  expect(buildTerms({ ...price, assetTransferMethod: "permit2" }, false, "upfront")).toBeNull();
  expect(buildTerms({ ...price, assetTransferMethod: "eip3009" }, false, "authorization")).toBeNull();
});

describe("a payment means the entry", () => {
  test.each<[string, object]>([
    ["that it repeats", {}],
    ["that it repeats with the asset in lower case", { asset: ASSET.toLowerCase() }],
    ["that it repeats with the payee in lower case", { payTo: PAY_TO.toLowerCase() }],
    ["that it repeats without extra", { extra: undefined }],
    ["that it repeats with extra as null", { extra: null }],
    ["that it repeats with more keys in extra", { extra: { name: "USDC", version: "2", more: { a: [1] } } }],
    ["that it repeats with its transfer method spelt out", { extra: { assetTransferMethod: "eip3009" } }],
    ["that it repeats with its payment flow spelt out", { extra: { paymentFlow: "authorization" } }],
    ["that it repeats with both as null", { extra: { assetTransferMethod: null, paymentFlow: null } }],
    ["that it repeats with another time limit", { maxTimeoutSeconds: 1 }],
  ])("%s", (_, changes) => {
    expect(choose(changes)).toEqual(chosen(testnet));
  });

  test("on the network that it names, wherever that stands in the list", () => {
    const { network, asset } = mainnet?.requirements ?? expect.fail();
    expect(choose({ network, asset })).toEqual(chosen(mainnet));
  });
});

describe("a payment means no entry", () => {
  test.each<[string, object, string]>([
    ["with another scheme", { scheme: "upto" }, "invalid_scheme"],
    ["with a scheme in upper case", { scheme: "EXACT" }, "invalid_scheme"],
    ["with another network", { network: "eip155:999999" }, "invalid_network"],
    ["with a network's name of version 1", { network: "base-sepolia" }, "invalid_network"],
    ["with another token", { asset: STRANGER }, "invalid_payment_requirements"],
    ["with the token of another network", { asset: mainnet?.requirements.asset }, "invalid_payment_requirements"],
    ["with another transfer method", { extra: { assetTransferMethod: "permit2" } }, "invalid_payment_requirements"],
    ["with an empty transfer method", { extra: { assetTransferMethod: "" } }, "invalid_payment_requirements"],
    ["with a transfer method that is no text", { extra: { assetTransferMethod: 1 } }, "invalid_payment_requirements"],
    ["with another payment flow", { extra: { paymentFlow: "upfront" } }, "invalid_payment_requirements"],
    ["with an empty payment flow", { extra: { paymentFlow: "" } }, "invalid_payment_requirements"],
  ])("%s", (_, changes, reason) => {
    expect(choose(changes)).toEqual(refused(reason));
  });

  test("where nothing is offered", () => {
    expect(chooseTerms([], accepted)).toEqual(refused("invalid_scheme"));
  });
});

describe("a payment means the entry, but objects to it,", () => {
  test.each<[string, object]>([
    ["with less", { amount: "9999" }],
    ["with more", { amount: "10001" }],
    ["with the amount in another spelling", { amount: "010000" }],
    ["with another payee", { payTo: STRANGER }],
  ])("%s: it may be an older payment", (_, changes) => {
    expect(choose(changes)).toEqual({
      ok: true,
      value: { terms: testnet, objection: "invalid_payment_requirements" },
    });
  });
});
