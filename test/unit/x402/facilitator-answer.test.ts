import { describe, expect, test } from "vitest";
import {
  isPending,
  readAbilities,
  readSettlement,
  readSettlementAgain,
  readVerdict,
  type Settlement,
} from "../../../src/x402/facilitator-answer.ts";
import { NETWORK } from "../../support/payment.ts";
import { transactionNameOf } from "../../support/solana-payment.ts";

const payer = "0xC0ffee254729296a45a3885639AC7E10F9d54979";
const stranger = `0x${"11".repeat(20)}`;
const expected = { payer, network: NETWORK };
const transaction = `0x${"0123456789abcdef".repeat(4)}`;

describe("a verify answer", () => {
  test.each<[string, number, object]>([
    ["names our payer", 200, { isValid: true, payer }],
    ["names our payer in lower case", 200, { isValid: true, payer: payer.toLowerCase() }],
    ["names nobody", 200, { isValid: true }],
    ["names null", 200, { isValid: true, payer: null }],
    ["is another success than 200", 202, { isValid: true, payer }],
  ])("is valid when it %s", (_, status, json) => {
    expect(readVerdict({ status, json }, expected)).toEqual({ kind: "valid" });
  });

  test.each<[string, number, object, string]>([
    ["it says so", 200, { isValid: false, invalidReason: "insufficient_funds" }, "insufficient_funds"],
    ["it says so with 400", 400, { isValid: false, invalidReason: "invalid_scheme" }, "invalid_scheme"],
    ["it says so with 500", 500, { isValid: false, invalidReason: "invalid_scheme" }, "invalid_scheme"],
    ["its reason is missing", 200, { isValid: false }, "unspecified"],
    ["its reason is no text", 200, { isValid: false, invalidReason: { a: 1 } }, "unspecified"],
    ["its reason is empty", 200, { isValid: false, invalidReason: "" }, "unspecified"],
    ["its reason is a sentence", 200, { isValid: false, invalidReason: "no money left" }, "unspecified"],
    ["its reason would break a header", 200, { isValid: false, invalidReason: "a\r\nset-cookie:b" }, "unspecified"],
    ["its reason ends in a line feed", 200, { isValid: false, invalidReason: "a\n" }, "unspecified"],
    ["its reason is a page", 200, { isValid: false, invalidReason: "a".repeat(101) }, "unspecified"],
    ["its reason is one letter", 200, { isValid: false, invalidReason: "a" }, "a"],
    ["its reason is as long as one may be", 200, { isValid: false, invalidReason: "a".repeat(100) }, "a".repeat(100)],
  ])("is invalid when %s", (_, status, json, reason) => {
    expect(readVerdict({ status, json }, expected)).toEqual({ kind: "invalid", reason });
  });

  test.each<[string, number, unknown, string]>([
    ["it is no JSON", 200, undefined, "verify answered 200 without isValid"],
    ["it is null", 200, null, "verify answered 200 without isValid"],
    ["it is a list", 200, [true], "verify answered 200 without isValid"],
    ["it lacks isValid", 500, { error: "oops" }, "verify answered 500 without isValid"],
    ["its isValid is a text", 200, { isValid: "true" }, "verify answered 200 without isValid"],
    ["its isValid is a number", 200, { isValid: 1 }, "verify answered 200 without isValid"],
    ["it is valid with 500", 500, { isValid: true, payer }, "verify answered 500 with isValid: true"],
    ["it is valid with 400", 400, { isValid: true, payer }, "verify answered 400 with isValid: true"],
    ["it is valid with 300", 300, { isValid: true, payer }, "verify answered 300 with isValid: true"],
    ["it is valid with 302", 302, { isValid: true, payer }, "verify answered 302 with isValid: true"],
    ["it is valid with 199", 199, { isValid: true, payer }, "verify answered 199 with isValid: true"],
    ["it is about another payer", 200, { isValid: true, payer: stranger }, "verify answered for another payer"],
    ["its payer is empty", 200, { isValid: true, payer: "" }, "verify answered for another payer"],
    ["its payer is no text", 200, { isValid: true, payer: 1 }, "verify answered for another payer"],
    [
      "it is in trouble itself",
      200,
      { isValid: false, invalidReason: "unexpected_verify_error" },
      "unexpected_verify_error",
    ],
  ])("counts as none when %s", (_, status, json, detail) => {
    expect(readVerdict({ status, json }, expected)).toEqual({ kind: "unavailable", detail });
  });
});

describe("a supported answer", () => {
  const kind = { x402Version: 2, scheme: "exact", network: NETWORK };

  test("is the lists of its kinds and extensions", () => {
    const kinds = [kind, { ...kind, x402Version: 1, network: "base-sepolia" }];
    const extensions = ["bazaar", "eip2612GasSponsoring"];
    const json = { kinds, extensions, signers: {} };
    expect(readAbilities({ status: 200, json })).toEqual(json);
  });

  test("lists who signs, by network or family", () => {
    const signers = { "solana:*": ["one", 2, "three"], "eip155:*": "four" };
    const read = { kinds: [], extensions: [], signers: { "solana:*": ["one", "three"], "eip155:*": [] } };
    expect(readAbilities({ status: 200, json: { kinds: [], signers } })).toEqual(read);
    for (const none of [undefined, null, ["one"], "one"]) {
      expect(readAbilities({ status: 200, json: { kinds: [], signers: none } })?.signers).toEqual({});
    }
  });

  test.each<[string, unknown, readonly string[]]>([
    ["are left out", undefined, []],
    ["are null", null, []],
    ["are an object", { bazaar: true }, []],
    ["are a text", "bazaar", []],
    ["have an entry that is no text", [1, null, "bazaar", {}], ["bazaar"]],
  ])("has the extensions that it names, where they %s", (_, extensions, read) => {
    expect(readAbilities({ status: 200, json: { kinds: [kind], extensions } })?.extensions).toEqual(read);
  });

  test.each<[string, unknown]>([
    ["is null", null],
    ["is a text", "exact"],
    ["is a list", [kind]],
    ["has no version", { ...kind, x402Version: undefined }],
    ["has a version that is a text", { ...kind, x402Version: "2" }],
    ["has no scheme", { ...kind, scheme: undefined }],
    ["has a network that is null", { ...kind, network: null }],
  ])("leaves an entry out that %s", (_, entry) => {
    expect(readAbilities({ status: 200, json: { kinds: [entry, kind] } })?.kinds).toEqual([kind]);
  });

  test.each<[string, unknown]>([
    ["it is no JSON", undefined],
    ["it is null", null],
    ["it is a list", [kind]],
    ["it has no kinds", {}],
    ["its kinds are an object", { kinds: { exact: kind } }],
  ])("counts as none when %s", (_, json) => {
    expect(readAbilities({ status: 200, json })).toBeNull();
  });
});

const success = { success: true, payer, network: NETWORK, transaction };
const failure = { success: false, errorReason: "insufficient_funds", transaction: "", network: NETWORK };
const settled: Settlement = { kind: "settled", transaction };
const unknown = (detail: string, named: string | null = null): Settlement => ({
  kind: "unknown",
  detail,
  transaction: named,
});

type Case = [title: string, status: number, json: unknown, settlement: Settlement];

const successes: readonly Case[] = [
  ["is complete", 200, success, settled],
  ["names our payer in lower case", 200, { ...success, payer: payer.toLowerCase() }, settled],
  ["leaves the payer out", 200, { ...success, payer: undefined }, settled],
  ["writes the hash in upper case", 200, { ...success, transaction: `0x${"0123456789ABCDEF".repeat(4)}` }, settled],
  ["tells more than we asked", 201, { ...success, amount: "10000", extensions: {}, extra: {} }, settled],
];

const rejections: readonly Case[] = [
  ["has an empty hash", 200, failure, { kind: "rejected", reason: "insufficient_funds" }],
  ["has no hash", 200, { ...failure, transaction: undefined }, { kind: "rejected", reason: "insufficient_funds" }],
  ["has null for a hash", 200, { ...failure, transaction: null }, { kind: "rejected", reason: "insufficient_funds" }],
  ["comes with 402", 402, failure, { kind: "rejected", reason: "insufficient_funds" }],
];

const unknowns: readonly Case[] = [
  ["is no JSON", 200, undefined, unknown("settle answered 200 without success")],
  ["is a list", 200, [success], unknown("settle answered 200 without success")],
  ["is null", 200, null, unknown("settle answered 200 without success")],
  ["lacks success", 200, { transaction }, unknown("settle answered 200 without success")],
  ["has a text for success", 200, { ...success, success: "true" }, unknown("settle answered 200 without success")],
  ["is 500 and no JSON", 500, undefined, unknown("settle answered 500")],
  ["is 500 and says success", 500, success, unknown("settle answered 500")],
  ["is 500 and says failure", 500, failure, unknown("settle answered 500")],
  ["is 503 and says failure", 503, failure, unknown("settle answered 503")],
  ["is 400 and says success", 400, success, unknown("settle answered 400 with success: true")],
  ["is about another payer", 200, { ...success, payer: stranger }, unknown("settle answered for another payer")],
  ["has a payer that is no text", 200, { ...success, payer: 1 }, unknown("settle answered for another payer")],
  [
    "is about another network",
    200,
    { ...success, network: "eip155:1" },
    unknown("settle answered for another network"),
  ],
  ["names no network", 200, { ...success, network: undefined }, unknown("settle answered for another network")],
  ["names no hash", 200, { ...success, transaction: undefined }, unknown("settle answered without a transaction hash")],
  ["has an empty hash", 200, { ...success, transaction: "" }, unknown("settle answered without a transaction hash")],
  ["has a short hash", 200, { ...success, transaction: "0xab" }, unknown("settle answered without a transaction hash")],
  [
    "has a hash that is longer by one",
    200,
    { ...success, transaction: `${transaction}a` },
    unknown("settle answered without a transaction hash"),
  ],
  ["fails with a hash", 200, { ...failure, transaction }, unknown("insufficient_funds", transaction)],
  [
    "fails with a hash in upper case",
    200,
    { ...failure, transaction: `0x${"AB".repeat(32)}` },
    unknown("insufficient_funds", `0x${"ab".repeat(32)}`),
  ],
  ["fails with a short hash", 200, { ...failure, transaction: "0xab" }, unknown("insufficient_funds")],
  ["fails with a hash that is none", 200, { ...failure, transaction: 0 }, unknown("insufficient_funds")],
  ["fails without a reason", 200, { ...failure, errorReason: undefined }, unknown("unspecified")],
  ["fails with a sentence", 200, { ...failure, errorReason: "it broke" }, unknown("unspecified")],
];

/** Reasons that a facilitator may give after it broadcast the transaction, or that we do not know. */
const late = [
  "invalid_exact_evm_payload_authorization_valid_before",
  "settlement_pending",
  "invalid_exact_evm_nonce_already_used",
  "invalid_exact_evm_transaction_failed",
  "invalid_exact_evm_transaction_simulation_failed",
  "invalid_exact_evm_transfer_event_mismatch",
  "invalid_exact_evm_failed_to_parse_signature",
  "invalid_transaction_state",
  "unexpected_settle_error",
  "transaction_failed",
  "nonce_already_used",
  "smart_wallet_deployment_failed",
  "invalid_permit2_signature",
  "permit2_deadline_expired",
  "permit2_insufficient_balance",
  "permit2_allowance_required",
  "permit2_simulation_failed",
  "permit2_invalid_nonce",
  "invalid_upto_evm_transaction_failed",
  "upto_unauthorized_facilitator",
  "a_reason_of_tomorrow",
  "constructor",
];

/** Reasons that are decided before anything is broadcast. */
const early = [
  "insufficient_funds",
  "invalid_network",
  "invalid_payload",
  "invalid_payment_requirements",
  "invalid_scheme",
  "invalid_x402_version",
  "unsupported_scheme",
  "unsupported_payload_type",
  "asset_not_deployed_contract",
  "invalid_exact_evm_authorization_value",
  "invalid_exact_evm_eip3009_not_supported",
  "invalid_exact_evm_insufficient_balance",
  "invalid_exact_evm_missing_eip712_domain",
  "invalid_exact_evm_network_mismatch",
  "invalid_exact_evm_payload_authorization_valid_after",
  "invalid_exact_evm_payload_authorization_value",
  "invalid_exact_evm_payload_authorization_value_mismatch",
  "invalid_exact_evm_payload_recipient_mismatch",
  "invalid_exact_evm_payload_signature",
  "invalid_exact_evm_recipient_mismatch",
  "invalid_exact_evm_scheme",
  "invalid_exact_evm_signature",
  "invalid_exact_evm_token_name_mismatch",
  "invalid_exact_evm_token_version_mismatch",
  "invalid_permit2_recipient_mismatch",
  "invalid_permit2_spender",
  "permit2_amount_mismatch",
  "permit2_not_yet_valid",
  "permit2_payment_too_early",
  "permit2_proxy_not_deployed",
  "permit2_token_mismatch",
  "invalid_upto_evm_network_mismatch",
  "invalid_upto_evm_payload_settlement_exceeds_amount",
  "invalid_upto_evm_scheme",
  "upto_amount_exceeds_permitted",
  "upto_facilitator_mismatch",
];

describe("a settle answer", () => {
  test.each(successes)("is a settlement when it %s", (_, status, json, settlement) => {
    expect(readSettlement({ status, json }, expected)).toEqual(settlement);
  });

  test.each(rejections)("is a rejection when it fails before broadcast and %s", (_, status, json, settlement) => {
    expect(readSettlement({ status, json }, expected)).toEqual(settlement);
  });

  test.each(unknowns)("leaves the settlement unknown when it %s", (_, status, json, settlement) => {
    expect(readSettlement({ status, json }, expected)).toEqual(settlement);
  });

  test.each(early)("is a rejection when its reason is %s", (errorReason) => {
    const json = { ...failure, errorReason };
    expect(readSettlement({ status: 200, json }, expected)).toEqual({ kind: "rejected", reason: errorReason });
  });

  test.each(late)("leaves the settlement unknown when its reason is %s", (errorReason) => {
    const json = { ...failure, errorReason };
    expect(readSettlement({ status: 200, json }, expected)).toEqual(unknown(errorReason));
  });
});

describe("a settle answer after one that never came", () => {
  test.each(successes)("is a settlement when it %s", (_, status, json, settlement) => {
    expect(readSettlementAgain({ status, json }, expected)).toEqual(settlement);
  });

  test.each([...early, ...late])("leaves the settlement unknown when its reason is %s", (errorReason) => {
    const json = { ...failure, errorReason };
    expect(readSettlementAgain({ status: 200, json }, expected)).toEqual(unknown(errorReason));
  });

  test.each(unknowns)("leaves the settlement unknown when it %s", (_, status, json, settlement) => {
    expect(readSettlementAgain({ status, json }, expected)).toEqual(settlement);
  });
});

describe("a settle answer about a part of what was signed", () => {
  test("is about another payer where it names whose account settles it, who pays nothing here", () => {
    const json = { ...success, payer: stranger, isValid: true };
    const of = { ...expected, settler: stranger, part: "1858" };
    expect(readSettlement({ status: 200, json }, of)).toEqual(unknown("settle answered for another payer"));
    expect(readVerdict({ status: 200, json }, of).kind).toBe("unavailable");
  });

  const read = (changes: object) =>
    readSettlement({ status: 200, json: { ...success, ...changes } }, { ...expected, part: "1858" });

  test.each<[string, object]>([
    ["names the amount that was asked for", { amount: "1858" }],
    ["names none", {}],
    ["names null", { amount: null }],
  ])("is a settlement when it %s", (_, changes) => {
    expect(read(changes)).toEqual(settled);
  });

  test.each<[string, object]>([
    ["less", { amount: "1857" }],
    ["more", { amount: "10000" }],
    ["nothing", { amount: "0" }],
    ["the amount in another spelling", { amount: "01858" }],
    ["a number", { amount: 1858 }],
  ])("leaves the settlement unknown when it names %s", (_, changes) => {
    expect(read(changes)).toEqual(unknown("settle answered for another amount"));
  });

  test("leaves the settlement unknown when it settled nothing, which is never asked for", () => {
    expect(read({ amount: "0", transaction: "" }).kind).toBe("unknown");
    const nothing = { status: 200, json: { ...success, amount: "0", transaction: "" } };
    expect(readSettlement(nothing, { ...expected, part: "0" })).toEqual(
      unknown("settle answered without a transaction hash"),
    );
  });
});

describe("a settlement is under way", () => {
  const pending = { ...failure, errorReason: "settlement_pending", transaction };
  const read = (changes: object, status = 200) =>
    readSettlement({ status, json: { ...pending, ...changes } }, expected);

  test("when the facilitator says so with the hash of what it sent", () => {
    expect(isPending(read({}))).toBe(true);
    expect(isPending(readSettlementAgain({ status: 200, json: pending }, expected))).toBe(true);
  });

  test.each<[string, object, number?]>([
    ["without a hash", { transaction: "" }],
    ["with a hash that is none", { transaction: "0xab" }],
    ["for another reason", { errorReason: "transaction_failed" }],
    ["with a 500", {}, 500],
    ["and that it succeeded", { success: true, payer }],
  ])("but not when it says so %s", (_, changes, status) => {
    expect(isPending(read(changes, status))).toBe(false);
  });
});

describe("about a payment on Solana, an answer", () => {
  const network = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
  const key = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
  const feePayer = "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd";
  const name = transactionNameOf("ab".repeat(32));
  const of = { payer: key, network, settler: feePayer };
  const settle = (changes: object) =>
    readSettlement({ status: 200, json: { success: true, payer: key, network, transaction: name, ...changes } }, of);

  test("names the transaction as it is written there", () => {
    expect(settle({})).toEqual({ kind: "settled", transaction: name });
    for (const transaction of [name.slice(3), `0x${"ab".repeat(32)}`, "", 1, undefined]) {
      expect(settle({ transaction })).toEqual(unknown("settle answered without a transaction hash"));
    }
  });

  test("is about the payer or the one who pays the gas, to the letter", () => {
    for (const payer of [key, feePayer, null]) expect(settle({ payer }).kind).toBe("settled");
    for (const payer of [key.toLowerCase(), feePayer.toLowerCase(), "", name]) {
      expect(settle({ payer })).toEqual(unknown("settle answered for another payer"));
    }
    const json = { isValid: true, payer: key.toLowerCase() };
    expect(readVerdict({ status: 200, json }, of)).toMatchObject({ kind: "unavailable" });
  });

  test("is about no account where there is none that pays the gas", () => {
    const json = { isValid: true, payer: null };
    expect(readVerdict({ status: 200, json }, { payer: key, network, settler: null })).toEqual({ kind: "valid" });
  });

  test("names its network to the letter", () => {
    expect(settle({ network: network.toLowerCase() })).toEqual(unknown("settle answered for another network"));
  });

  test.each([
    "invalid_exact_svm_payload_amount_mismatch",
    "invalid_exact_svm_payload_signature_invalid",
    "invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high",
    "invalid_exact_svm_fee_payer_mismatch",
    "invalid_exact_svm_fee_payer_not_managed_by_facilitator",
    "invalid_exact_svm_network_mismatch",
    "invalid_exact_svm_unsupported_scheme",
  ])("proves that nothing was broadcast by %s", (errorReason) => {
    expect(settle({ success: false, errorReason, transaction: "" })).toEqual({ kind: "rejected", reason: errorReason });
    expect(settle({ success: false, errorReason })).toEqual(unknown(errorReason, name));
  });

  test.each([
    "invalid_exact_svm_transaction_simulation_failed",
    // CDP's spelling. One that was carried out cannot be simulated any more.
    "invalid_exact_svm_payload_transaction_simulation_failed",
    "invalid_exact_svm_transaction_failed",
    "invalid_exact_svm_verification_failed",
    "duplicate_settlement",
    "settlement_pending",
    "invalid_exact_svm_payload_",
  ])("proves nothing by %s", (errorReason) => {
    expect(settle({ success: false, errorReason, transaction: "" })).toEqual(unknown(errorReason));
  });
});
