import { concatBytes } from "@noble/hashes/utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPayment } from "../../../src/schemes/check.ts";
import type { Price } from "../../../src/schemes/scheme.ts";
import * as programs from "../../../src/schemes/solana-transfer.ts";
import { buildTerms, type Terms } from "../../../src/schemes/terms.ts";
import { transferChecked } from "../../../src/schemes/transfer-checked.ts";
import { encodeBase58 } from "../../../src/std/index.ts";
import { findNetwork, type Token } from "../../../src/x402/index.ts";
import {
  COMPUTE_BUDGET,
  DEVNET,
  type Draft,
  draftOf,
  encodeMessage,
  encodeTransaction,
  FEE_PAYER,
  hashOf,
  type Instruction,
  LIGHTHOUSE,
  MEMO,
  memo,
  newWallet,
  OTHER_FEE_PAYER,
  PAY_TO,
  PAYEES_ACCOUNT,
  SYSTEM,
  setLimit,
  setPrice,
  signDraft,
  signSolanaPayment,
  TOKEN,
  TOKEN_2022,
  type TransferDraft,
  USDC,
} from "../../support/solana-payment.ts";

const MAINNET_USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const NOW = { unixSeconds: 1_800_000_000, roomSeconds: 20 };
const token = findNetwork("solana-devnet")?.token ?? expect.fail("USDC on devnet is built in");
const price: Price = {
  scheme: "exact",
  network: DEVNET,
  token,
  assetTransferMethod: "transferChecked",
  amount: 10_000n,
  payTo: PAY_TO,
  maxTimeoutSeconds: 300,
};
const termsOf = (changes: Partial<Price> = {}): Terms =>
  buildTerms({ ...price, ...changes }, false, "authorization", [transferChecked]) ?? expect.fail("there is no row");
const terms = termsOf();

const payer = newWallet(new Uint8Array(32).fill(7));
const valid = draftOf(payer.address, 10_000n);
const check = (transaction: unknown, of = terms) =>
  of.scheme.check({ payload: { transaction }, extensions: {}, ...of });
const signed = (changes: Partial<Draft>): string => signDraft({ ...valid, ...changes }, payer);
const [limit, unitPrice, moves, note] = valid.instructions as [Instruction, Instruction, Instruction, Instruction];
const withInstructions = (...instructions: readonly Instruction[]): string => signed({ instructions });
const moving = (changes: Partial<TransferDraft>): string => signDraft(draftOf(payer.address, 10_000n, changes), payer);

test("the requirements of a price are the specification's entry of accepts, without the one who pays the gas", () => {
  expect(terms.requirements).toEqual({
    scheme: "exact",
    network: DEVNET,
    amount: "10000",
    asset: USDC,
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    extra: {},
  });
  expect(termsOf({ maxTimeoutSeconds: 30 }).requirements.maxTimeoutSeconds).toBe(30);
});

test("what depends on the offer alone is the payee's account, worked out once", () => {
  expect(encodeBase58(terms.domain)).toBe(PAYEES_ACCOUNT);
  expect(termsOf({ amount: 1n }).domain).toBe(terms.domain);
  const program: Token = { ...token, tokenProgram: "token-2022" };
  expect(termsOf({ token: program }).domain).not.toEqual(terms.domain);
});

test("programs are those of their names", () => {
  const named = (hex: string): string => encodeBase58(Buffer.from(hex, "hex"));
  expect(named(programs.TOKEN_PROGRAMS["spl-token"])).toBe(TOKEN);
  expect(named(programs.TOKEN_PROGRAMS["token-2022"])).toBe(TOKEN_2022);
  expect([programs.COMPUTE_BUDGET, programs.MEMO, programs.LIGHTHOUSE].map(named)).toEqual([
    COMPUTE_BUDGET,
    MEMO,
    LIGHTHOUSE,
  ]);
});

describe("a transaction that its payer signed", () => {
  test("is authentic, and pays for the offer", () => {
    const transaction = signDraft(valid, payer);
    const finding = check(transaction);
    expect(finding).toEqual({
      kind: "authentic",
      isProven: true,
      objection: expect.any(Function),
      id: `${DEVNET}|message|${payer.address}|${hashOf(transaction)}`,
      payer: payer.address,
      amount: "10000",
      payTo: PAY_TO,
      payload: { transaction },
      extensions: {},
      settler: FEE_PAYER,
      validBeforeMs: null,
    });
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBeNull();
  });

  // Made by the steps of @x402/svm 2.27's client, with @solana/kit 5.5 and the secret of seven in all its bytes.
  test.each([
    [
      "of version 0",
      "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABO1tiMaIp3DPM7GitTBph2kXPkjJB8RnKeggU8YCpyXoTWKrdnh5wnR93BrzjxR7RRwA9wjUpLo64TO838s0QPgAIBBAjPHwZnA01T2C3HtlAjTEVC4T/PLYANrujgwBsph3Jm2upKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIsa4T+VAWZkKbqIwjcZYhVrZWKZR4UVyYj9/rTk9uwE+yHKbWxJHUhKBulyUvzHASRo5HsxRS22LAAoNZK+YqABTtELLORIVfxOpM9ATQoLQMrX/7NAaLb8bd5BgjfAC6nAwZGb+UhFzL/7K26csOb57yM5bvF9xJrLEObOkAAAAAFSlNamSkhBk0k6HFg2jh8fDW13bySu4HkH6hAQQVEjQbd9uHXZaGT2cvhRs7reawctIXtX1s3kTqM9YV+/wCpyV29u5s5tb9yxXaxLxIjPB/vcv+BhIj3ODTS8YLYlusEBQAFAiBOAAAFAAkDAQAAAAAAAAAHBAIEAwEKDBAnAAAAAAAABgYAIDAwMDEwMjAzMDQwNTA2MDcwODA5MGEwYjBjMGQwZTBmAA==",
      "2956459e122a19d5d3652a06248a29850ef5798436f587ee665ae8f2a87691a5",
    ],
    [
      "of the legacy version",
      "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADad6ji3KviIsYfqsaHqYN2Wh59Zuh0EnOmSADS9kowT8Z7MmWA21aSZRa8A74eWK6llwxbe92615F0mvpNJDwCAgEECM8fBmcDTVPYLce2UCNMRULhP88tgA2u6ODAGymHcmba6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0ixrhP5UBZmQpuojCNxliFWtlYplHhRXJiP3+tOT27AT7IcptbEkdSEoG6XJS/McBJGjkezFFLbYsACg1kr5ioAFO0Qss5EhV/E6kz0BNCgtAytf/s0Botvxt3kGCN8ALqcDBkZv5SEXMv/srbpyw5vnvIzlu8X3EmssQ5s6QAAAAAVKU1qZKSEGTSTocWDaOHx8NbXdvJK7geQfqEBBBUSNBt324ddloZPZy+FGzut5rBy0he1fWzeROoz1hX7/AKnJXb27mzm1v3LFdrEvEiM8H+9y/4GEiPc4NNLxgtiW6wQFAAUCIE4AAAUACQMBAAAAAAAAAAcEAgQDAQoMECcAAAAAAAAGBgAgMDAwMTAyMDMwNDA1MDYwNzA4MDkwYTBiMGMwZDBlMGY=",
      "f8db9ae473ced4782249955990d026f5d1aa00f9f737eb059866e44f1fcec850",
    ],
  ])("by the official client %s is a payment", (_, transaction, hash) => {
    const finding = check(transaction);
    expect(finding).toMatchObject({ payload: { transaction }, id: `${DEVNET}|message|${payer.address}|${hash}` });
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBeNull();
  });

  test.each<[string, string]>([
    ["as a legacy one", signed({ version: "legacy" })],
    ["without a word more", withInstructions(limit, unitPrice, moves)],
    ["with what a wallet adds", withInstructions(limit, unitPrice, moves, ...[1, 2, 3].map(() => lighthouse()), note)],
    ["at the highest price of a compute unit", withInstructions(limit, setPrice(5_000_000n), moves)],
    ["for another one who pays the gas", signed({ signers: [OTHER_FEE_PAYER, payer.address] })],
  ])("pays %s", (_, transaction) => {
    const finding = check(transaction);
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBeNull();
  });

  test("of a token that the other program keeps pays there", () => {
    const other = termsOf({ token: { ...token, tokenProgram: "token-2022" } });
    const destination = encodeBase58(other.domain);
    const finding = check(moving({ program: TOKEN_2022, destination }), other);
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBeNull();
  });

  test("to a payee who pays the gas himself is no more than a payment", () => {
    const own = termsOf({ payTo: FEE_PAYER });
    const finding = check(moving({ destination: encodeBase58(own.domain) }), own);
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBeNull();
  });

  test("is one payment, whatever stands in the fee payer's place, and however its base64 is written", () => {
    const transaction = signDraft(valid, payer);
    const bytes = Uint8Array.fromBase64(transaction);
    bytes.fill(0xab, 1, 65);
    const facts = JSON.stringify(check(transaction));
    expect(JSON.stringify(check(bytes.toBase64()))).toBe(facts);
    expect(JSON.stringify(check(transaction.replace(/=+$/, "")))).toBe(facts);
  });

  test("is another payment with every other message", () => {
    const ids = [signDraft(valid, payer), signed({ version: "legacy" }), withInstructions(limit, unitPrice, moves)].map(
      (transaction) => JSON.stringify(check(transaction)).match(/"id":"[^"]+"/)?.[0],
    );
    expect(new Set(ids).size).toBe(3);
  });
});

describe("a well signed transaction that does not pay for this offer is told why:", () => {
  test.each<[string, Partial<TransferDraft>, string, object]>([
    ["too little", { amount: 9_999n }, "invalid_exact_svm_payload_amount_mismatch", { amount: "9999", payTo: PAY_TO }],
    ["too much", { amount: 10_001n }, "invalid_exact_svm_payload_amount_mismatch", { amount: "10001" }],
    [
      "somebody else's account",
      { destination: OTHER_FEE_PAYER },
      "invalid_exact_svm_payload_recipient_mismatch",
      { payTo: OTHER_FEE_PAYER },
    ],
    [
      "the payee's wallet instead of its account",
      { destination: PAY_TO },
      "invalid_exact_svm_payload_recipient_mismatch",
      {},
    ],
  ])("%s", (_, changes, reason, facts) => {
    const finding = check(moving(changes));
    expect(finding).toMatchObject({ kind: "authentic", payer: payer.address, ...facts });
    expect(finding.kind === "authentic" && finding.objection(NOW)).toBe(reason);
  });
});

const lighthouse = (): Instruction => ({ program: LIGHTHOUSE, accounts: [payer.address], data: Uint8Array.of(1) });
const system = (): Instruction => ({ program: SYSTEM, accounts: [], data: Uint8Array.of(4, 0, 0, 0) });
const changed = (one: Instruction, changes: Partial<Instruction>): Instruction => ({ ...one, ...changes });
const third = newWallet(new Uint8Array(32).fill(9));

describe("is refused, and no ledger is asked:", () => {
  const reason = (rest: string): string => `invalid_exact_svm_payload_${rest}`;
  const BUDGET = reason("transaction_instructions_compute");

  test.each<[string, string, string]>([
    ["one instruction too few", withInstructions(limit, unitPrice), reason("transaction_instructions_length")],
    [
      "one instruction too many",
      withInstructions(limit, unitPrice, moves, note, note, note, note, note),
      reason("transaction_instructions_length"),
    ],
    ["a limit behind the price", withInstructions(unitPrice, limit, moves), `${BUDGET}_limit_instruction`],
    [
      "a heap in the limit's place",
      withInstructions(changed(limit, { data: Uint8Array.of(1, 0, 0, 1, 0) }), unitPrice, moves),
      `${BUDGET}_limit_instruction`,
    ],
    ["no limit", withInstructions(note, unitPrice, moves), `${BUDGET}_limit_instruction`],
    [
      "a limit of more bytes",
      withInstructions(changed(limit, { data: concatBytes(limit.data, Uint8Array.of(0)) }), unitPrice, moves),
      `${BUDGET}_limit_instruction`,
    ],
    ["no price", withInstructions(limit, setLimit(), moves), `${BUDGET}_price_instruction`],
    [
      "another program's price",
      withInstructions(limit, changed(unitPrice, { program: MEMO }), moves),
      `${BUDGET}_price_instruction`,
    ],
    [
      "a price of fewer bytes",
      withInstructions(limit, changed(unitPrice, { data: unitPrice.data.subarray(0, 8) }), moves),
      `${BUDGET}_price_instruction`,
    ],
    [
      "a compute unit that is too dear",
      withInstructions(limit, setPrice(5_000_001n), moves),
      `${BUDGET}_price_instruction_too_high`,
    ],
    ["a word instead of the transfer", withInstructions(limit, unitPrice, note), reason("no_transfer_instruction")],
    ["another program's transfer", moving({ program: TOKEN_2022 }), reason("no_transfer_instruction")],
    [
      "a transfer that is not checked",
      withInstructions(
        limit,
        unitPrice,
        changed(moves, { data: concatBytes(Uint8Array.of(3), moves.data.subarray(1)) }),
      ),
      reason("no_transfer_instruction"),
    ],
    [
      "a transfer of more bytes",
      withInstructions(limit, unitPrice, changed(moves, { data: concatBytes(moves.data, Uint8Array.of(0)) })),
      reason("no_transfer_instruction"),
    ],
    [
      "a transfer with an account more",
      withInstructions(limit, unitPrice, changed(moves, { accounts: [...moves.accounts, SYSTEM] })),
      reason("no_transfer_instruction"),
    ],
    [
      "a transfer with an account less",
      withInstructions(limit, unitPrice, changed(moves, { accounts: moves.accounts.slice(1) })),
      reason("no_transfer_instruction"),
    ],
    ["a transfer from an account to itself", moving({ source: PAYEES_ACCOUNT }), reason("no_transfer_instruction")],
    ["a durable nonce first", withInstructions(system(), limit, unitPrice, moves), `${BUDGET}_limit_instruction`],
    [
      "a durable nonce fourth",
      withInstructions(limit, unitPrice, moves, system()),
      reason("unknown_fourth_instruction"),
    ],
    [
      "a stranger fifth",
      withInstructions(limit, unitPrice, moves, note, system()),
      reason("unknown_fifth_instruction"),
    ],
    [
      "a second transfer sixth",
      withInstructions(limit, unitPrice, moves, note, note, moves),
      reason("unknown_sixth_instruction"),
    ],
    [
      "a stranger seventh",
      withInstructions(limit, unitPrice, moves, note, note, note, system()),
      reason("unknown_seventh_instruction"),
    ],
    ["another mint", moving({ mint: MAINNET_USDC }), reason("mint_mismatch")],
    ["other decimals", moving({ decimals: 9 }), reason("mint_mismatch")],
    [
      "a transfer of the fee payer's",
      moving({ authority: FEE_PAYER }),
      reason("transaction_fee_payer_transferring_funds"),
    ],
    [
      "the fee payer in a word",
      withInstructions(limit, unitPrice, moves, changed(memo(), { accounts: [FEE_PAYER] })),
      "invalid_exact_svm_smart_wallet_fee_payer_not_isolated",
    ],
    [
      "the fee payer's account of tokens",
      moving({ source: FEE_PAYER }),
      "invalid_exact_svm_smart_wallet_fee_payer_not_isolated",
    ],
    [
      "accounts in a table",
      signed({ lookups: [[SYSTEM, 0, 1]] }),
      "invalid_exact_svm_smart_wallet_alt_resolution_not_available",
    ],
    [
      "a third signer",
      signDraft({ ...valid, signers: [FEE_PAYER, payer.address, third.address] }, payer, third),
      reason("excessive_signers"),
    ],
    [
      "an authority that is the second signer's not",
      signDraft({ ...draftOf(third.address, 10_000n), signers: [FEE_PAYER, payer.address] }, payer),
      reason("signature_invalid"),
    ],
    ["an authority that signs nothing", signDraft({ ...valid, signers: [FEE_PAYER] }), reason("signature_invalid")],
    [
      "an authority that signs in another one's place",
      encodeTransaction(
        encodeMessage({ ...valid, signers: [FEE_PAYER, third.address] }),
        [FEE_PAYER, third.address],
        [{ ...payer, address: third.address }],
      ).toBase64(),
      reason("signature_invalid"),
    ],
    [
      "an authority that signs nothing, and is named first",
      signDraft({
        ...valid,
        signers: [FEE_PAYER],
        instructions: [changed(limit, { accounts: [payer.address] }), unitPrice, moves],
      }),
      reason("signature_invalid"),
    ],
    ["no signature", signDraft(valid), reason("signature_invalid")],
    [
      "another wallet's signature",
      encodeTransaction(encodeMessage(valid), valid.signers, [{ ...third, address: payer.address }]).toBase64(),
      reason("signature_invalid"),
    ],
  ])("%s", (_, transaction, word) => {
    expect(check(transaction)).toEqual({ kind: "refused", reason: word });
  });

  test("a signature over any other message", () => {
    const bytes = Uint8Array.fromBase64(signDraft(valid, payer));
    const end = bytes.length - 1;
    fc.assert(
      fc.property(fc.integer({ min: 65, max: end }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ flip;
        expect(check(damaged.toBase64()).kind).not.toBe("authentic");
      }),
      { numRuns: 60 },
    );
  });
});

describe("is malformed:", () => {
  const detail = "payload.transaction is no transaction of Solana in base64";

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a number", 1],
    ["what is no base64", "*"],
    ["nothing in base64", ""],
    ["a part of one", signDraft(valid, payer).slice(0, 400)],
    ["bytes that are none", encodeMessage(valid).toBase64()],
  ])("%s", (_, transaction) => {
    expect(check(transaction)).toEqual({ kind: "malformed", detail });
  });
});

describe("a payment on Solana, when it is judged,", () => {
  const resource = { url: "https://api.example.com/a", advertised: {}, sponsoring: [] };
  const offered = [terms];
  const payment = signSolanaPayment(10_000n, {}, payer);
  const judge = (accepted: object, x402Version: 1 | 2 = 2) => {
    const found = checkPayment(
      offered,
      { ...payment, x402Version, accepted: { ...payment.accepted, ...accepted } as never },
      resource,
    );
    return found.kind === "authentic" ? found.judge(NOW) : found;
  };

  test("is asked about with the one who pays the gas, and lasts for three minutes at the most", () => {
    const requirements = { ...terms.requirements, extra: { feePayer: FEE_PAYER } };
    expect(judge({})).toMatchObject({
      kind: "valid",
      payment: {
        requirements,
        settler: FEE_PAYER,
        validBeforeMs: NOW.unixSeconds * 1000 + 180_000,
        paymentPayload: { accepted: requirements, payload: payment.payload },
      },
    });
  });

  test("names addresses to the letter", () => {
    expect(judge({ asset: USDC.toLowerCase() })).toEqual({ kind: "refused", reason: "invalid_payment_requirements" });
    expect(judge({ payTo: PAY_TO.toLowerCase() })).toEqual({ kind: "stale", reason: "invalid_payment_requirements" });
    expect(judge({ network: DEVNET.toLowerCase() })).toEqual({ kind: "refused", reason: "invalid_network" });
  });

  test("is moved in the one way that there is, whether it says so or not", () => {
    for (const extra of [undefined, null, {}, { feePayer: OTHER_FEE_PAYER }])
      expect(judge({ extra }).kind).toBe("valid");
    for (const assetTransferMethod of ["eip3009", "permit2"]) {
      const refused = { kind: "refused", reason: "invalid_payment_requirements" };
      expect(judge({ extra: { assetTransferMethod } })).toEqual(refused);
    }
  });

  test("of version 1 names no more than its network", () => {
    const v1 = { amount: undefined, asset: undefined, payTo: undefined, extra: undefined };
    expect(judge(v1, 1)).toMatchObject({ kind: "valid", payment: { x402Version: 1, payer: payer.address } });
  });

  test("may be on a network of which no bundle knows more", () => {
    expect(buildTerms(price, false, "authorization")).toBeNull();
  });
});
