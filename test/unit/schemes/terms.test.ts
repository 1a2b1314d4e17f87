import { describe, expect, test } from "vitest";
import { buildTerms, chooseTerms, type Terms } from "../../../src/schemes/terms.ts";
import { type Accepted, networks } from "../../../src/x402/index.ts";
import { ASSET, PAY_TO } from "../../support/payment.ts";

const STRANGER = "0x1111111111111111111111111111111111111111";

const offered: readonly Terms[] = networks.flatMap(({ network, token }) => {
  const terms = buildTerms({ network, token, amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 }, false);
  return terms ? [terms] : [];
});
const [mainnet, testnet] = offered;

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
  const price = { token, amount: 1n, payTo: PAY_TO, maxTimeoutSeconds: 300 };
  expect(buildTerms({ ...price, network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp" }, false)).toBeNull();
  expect(buildTerms({ ...price, network: "eip1559:1" }, false)).toBeNull();
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
