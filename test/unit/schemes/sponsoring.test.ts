// What a payment by Permit2 brings for its allowance, checked without a chain.

import { describe, expect, test } from "vitest";
import { permit2 } from "../../../src/schemes/permit2.ts";
import type { CheckInput, Finding, Moment } from "../../../src/schemes/scheme.ts";
import { findNetwork } from "../../../src/x402/index.ts";
import {
  type Allowance,
  approvalCall,
  MOST,
  signAllowance,
  signApproval,
  tokenDomain,
} from "../../support/gas-sponsoring.ts";
import { malleate, NETWORK, newAccount, PAY_TO, withLowV } from "../../support/payment.ts";
import { PERMIT2, signPermit2Payment } from "../../support/permit2-payment.ts";

const NOW: Moment = { unixSeconds: 1_800_000_000, roomSeconds: 50 };
const STRANGER = "0x1111111111111111111111111111111111111111";
const deadline = String(NOW.unixSeconds + 300);
const TOO_LONG = "9".repeat(78);

const token = findNetwork(NETWORK)?.token ?? expect.fail("the network of the fixture is not in the table");
const price = {
  scheme: "exact",
  network: NETWORK,
  token,
  assetTransferMethod: "permit2",
  amount: 10000n,
  payTo: PAY_TO,
  maxTimeoutSeconds: 300,
} as const;
const payer = newAccount();
const { payload } = await signPermit2Payment("10000", { deadline }, payer);

const check = (extensions: CheckInput["extensions"], changes: Partial<CheckInput> = {}): Finding =>
  permit2.check({
    payload,
    extensions,
    requirements: permit2.requirements(price),
    token,
    domain: permit2.prepare(price),
    contractWallets: false,
    ...changes,
  });

/** What goes to the facilitator of it; a finding where nothing does. */
const passed = (extensions: CheckInput["extensions"], changes: Partial<CheckInput> = {}): unknown => {
  const finding = check(extensions, changes);
  return finding.kind === "authentic" ? finding.extensions : finding;
};
const objectionTo = (extensions: CheckInput["extensions"], now = NOW): string | null => {
  const finding = check(extensions);
  return finding.kind === "authentic" ? finding.objection(now) : expect.fail(JSON.stringify(finding));
};
const refused = (reason: string) => ({ kind: "refused", reason });
const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;

const permit = await signAllowance("10000", { deadline }, payer);
const withPermit = (changes: object = {}) => ({ eip2612GasSponsoring: { info: { ...permit, ...changes } } });
const approval = await signApproval(MOST, {}, payer);
const withApproval = (changes: object = {}) => ({ erc20ApprovalGasSponsoring: { info: { ...approval, ...changes } } });

describe("a payment that brings nothing for its allowance", () => {
  test.each<[string, CheckInput["extensions"]]>([
    ["says nothing of it", {}],
    ["echoes what was advertised", { eip2612GasSponsoring: { info: { version: "1" }, schema: {} } }],
    ["has no info", { eip2612GasSponsoring: null, erc20ApprovalGasSponsoring: {} }],
  ])("goes to the facilitator without: one that %s", (_, extensions) => {
    expect(passed(extensions)).toEqual({});
    expect(objectionTo(extensions)).toBeNull();
  });
});

describe("a permit", () => {
  test("that the payer signed goes to the facilitator", () => {
    expect(passed(withPermit())).toEqual(withPermit());
    expect(objectionTo(withPermit())).toBeNull();
  });

  test("is rebuilt from the fields that are known, without any other", () => {
    const { eip2612GasSponsoring } = withPermit({ description: "ours", stowaway: 1 });
    expect(passed({ eip2612GasSponsoring: { ...eip2612GasSponsoring, schema: {}, stowaway: 1 } })).toEqual(
      withPermit(),
    );
  });

  test.each<[string, object]>([
    ["its payer in lower case", { from: payer.address.toLowerCase() }],
    ["its token in upper case", { asset: upper(permit.asset) }],
    ["its spender in lower case", { spender: PERMIT2.toLowerCase() }],
    ["its signature in upper case", { signature: upper(permit.signature) }],
    ["v as 0 or 1", { signature: withLowV(permit.signature) }],
  ])("has one spelling, also when it comes with %s", (_, changes) => {
    expect(passed(withPermit(changes))).toEqual(withPermit());
  });

  test("for more than the price is enough; the facilitator says how much the proxy takes", async () => {
    const most = { eip2612GasSponsoring: { info: await signAllowance(MOST, { deadline, nonce: "7" }, payer) } };
    expect(passed(most)).toEqual(most);
  });

  test("comes before a transaction that approves, as one is enough", () => {
    expect(passed({ ...withApproval(), ...withPermit() })).toEqual(withPermit());
  });

  test.each<[string, string, Partial<Allowance>]>([
    ["another payer's", "eip2612_from_mismatch", { from: STRANGER }],
    ["for another token", "eip2612_asset_mismatch", { asset: STRANGER }],
    ["for another spender than Permit2", "eip2612_spender_not_permit2", { spender: STRANGER }],
    ["for less than the price", "permit2_2612_amount_mismatch", { amount: "9999" }],
  ])("that is %s is refused", async (_, reason, changes) => {
    const info = await signAllowance("10000", { deadline, ...changes }, payer);
    expect(passed({ eip2612GasSponsoring: { info } })).toEqual(refused(reason));
  });

  test.each<[string, object]>([
    ["for another amount", { amount: "10001" }],
    ["for another nonce", { nonce: "1" }],
    ["for another deadline", { deadline: String(NOW.unixSeconds + 301) }],
    ["in its malleable form", { signature: malleate(permit.signature) }],
    ["for the payment itself", { signature: payload.signature }],
    ["by nobody", { signature: `0x${"00".repeat(65)}` }],
    ["in a text", { signature: "signed" }],
    ["in another length", { signature: `${permit.signature}00` }],
  ])("that was signed %s is refused", (_, changes) => {
    expect(passed(withPermit(changes))).toEqual(refused("invalid_eip2612_signature"));
  });

  test.each<[string, object]>([
    ["name", { name: "USD Coin" }],
    ["version", { version: "1" }],
    ["chain", { chainId: 8453 }],
    ["contract", { verifyingContract: STRANGER }],
  ])("that was signed for another %s is refused", async (_, changes) => {
    const info = await signAllowance("10000", { deadline }, payer, { ...tokenDomain, ...changes });
    expect(passed({ eip2612GasSponsoring: { info } })).toEqual(refused("invalid_eip2612_signature"));
  });

  test.each<[string, object]>([
    ["no payer", { from: undefined }],
    ["a payer that is no address", { from: "0x12" }],
    ["no token", { asset: null }],
    ["no spender", { spender: 1 }],
    ["an amount that is a number", { amount: 10000 }],
    ["an amount with a zero before it", { amount: "010000" }],
    ["an amount that fits into no word", { amount: TOO_LONG }],
    ["no nonce", { nonce: undefined }],
    ["a nonce below zero", { nonce: "-1" }],
    ["a nonce that fits into no word", { nonce: TOO_LONG }],
    ["no deadline", { deadline: undefined }],
    ["a deadline in hexadecimal", { deadline: "0x10" }],
    ["a deadline that fits into no word", { deadline: TOO_LONG }],
    ["a signature that is no text", { signature: {} }],
    ["no version", { version: undefined }],
    ["another version", { version: "2" }],
  ])("with %s is malformed", (_, changes) => {
    const detail = "the info of eip2612GasSponsoring is no permit";
    expect(passed(withPermit(changes))).toEqual({ kind: "malformed", detail });
  });

  test("has to last as long as the payment", async () => {
    const of = async (seconds: number) => {
      const info = await signAllowance("10000", { deadline: String(NOW.unixSeconds + seconds) }, payer);
      return objectionTo({ eip2612GasSponsoring: { info } });
    };
    expect([await of(50), await of(49), await of(-1)]).toEqual([
      null,
      "eip2612_deadline_expired",
      "eip2612_deadline_expired",
    ]);
  });

  test("does not hide what is wrong with the payment", () => {
    expect(objectionTo(withPermit(), { ...NOW, unixSeconds: NOW.unixSeconds + 300 })).toBe("permit2_deadline_expired");
    const forged = { ...payload, signature: permit.signature };
    expect(check(withPermit(), { payload: forged })).toEqual(refused("invalid_permit2_signature"));
  });

  test("for a token that says nothing of its domain is the facilitator's to judge, if it looks like one", () => {
    const unsaid = { token: { ...token, version: "" } };
    expect(passed(withPermit({ nonce: "1" }), unsaid)).toEqual(withPermit({ nonce: "1" }));
    const malleable = withPermit({ signature: malleate(permit.signature) });
    expect(passed(malleable, unsaid)).toEqual(refused("invalid_eip2612_signature"));
  });

  test("of a contract wallet is the facilitator's to judge where the route lets one pay, in an account's length", () => {
    const foreign = `0x${"AB".repeat(65)}`;
    const open = { contractWallets: true };
    expect(passed(withPermit({ signature: foreign }), open)).toEqual(withPermit({ signature: foreign.toLowerCase() }));
    expect(passed(withPermit({ signature: `${foreign}00` }), open)).toEqual(refused("invalid_eip2612_signature"));
  });
});

describe("a transaction that approves", () => {
  const signed = async (changes: Parameters<typeof signApproval>[1], amount = MOST, account = payer) => ({
    erc20ApprovalGasSponsoring: { info: { ...(await signApproval(amount, changes, account)), from: payer.address } },
  });

  test("which the payer signed goes to the facilitator, whose nonce and fees are not ours to know", async () => {
    expect(passed(withApproval())).toEqual(withApproval());
    expect(objectionTo(withApproval(), { ...NOW, unixSeconds: NOW.unixSeconds + 200 })).toBeNull();
    const later = await signed({ nonce: 12 }, "10000");
    expect(passed(later)).toEqual(later);
  });

  test("is rebuilt from the fields that are known, in one spelling", () => {
    const { signedTransaction, asset } = approval;
    const changes = { signedTransaction: upper(signedTransaction), asset: upper(asset), stowaway: 1 };
    expect(passed(withApproval(changes))).toEqual(withApproval());
  });

  test.each<[string, string, object]>([
    ["another payer's", "erc20_approval_from_mismatch", { from: STRANGER }],
    ["for another token", "erc20_approval_asset_mismatch", { asset: STRANGER }],
    ["for another spender than Permit2", "erc20_approval_spender_not_permit2", { spender: STRANGER }],
    ["none", "erc20_approval_tx_parse_failed", { signedTransaction: "0x02" }],
    ["for another amount than it says", "erc20_approval_tx_invalid_calldata", { amount: "10000" }],
  ])("which is %s is refused", (_, reason, changes) => {
    expect(passed(withApproval(changes))).toEqual(refused(reason));
  });

  test.each<[string, string, Parameters<typeof signApproval>[1]]>([
    ["on another chain", "erc20_approval_tx_wrong_target", { chainId: 8453 }],
    ["to another contract", "erc20_approval_tx_wrong_target", { to: STRANGER }],
    ["for another spender", "erc20_approval_tx_invalid_calldata", { data: approvalCall(STRANGER, MOST) }],
    ["with more behind it", "erc20_approval_tx_invalid_calldata", { data: `${approvalCall(PERMIT2, MOST)}00` }],
    ["with another call", "erc20_approval_tx_invalid_calldata", { data: "0xa9059cbb" }],
  ])("which was signed %s is refused", async (_, reason, changes) => {
    expect(passed(await signed(changes))).toEqual(refused(reason));
  });

  test("for less than the price is refused", async () => {
    expect(passed(await signed({}, "9999"))).toEqual(refused("erc20_approval_tx_invalid_calldata"));
  });

  test("of somebody else is refused, where contract wallets pay too: they sign no transactions", async () => {
    const foreign = await signed({}, MOST, newAccount());
    for (const contractWallets of [false, true]) {
      expect(passed(foreign, { contractWallets })).toEqual(refused("erc20_approval_tx_signer_mismatch"));
    }
  });

  test.each<[string, object]>([
    ["no payer", { from: undefined }],
    ["an amount that is a number", { amount: 1 }],
    ["a transaction that is no text", { signedTransaction: {} }],
    ["another version", { version: "1.1" }],
  ])("with %s is malformed", (_, changes) => {
    const detail = "the info of erc20ApprovalGasSponsoring is no approval";
    expect(passed(withApproval(changes))).toEqual({ kind: "malformed", detail });
  });
});
