import fc from "fast-check";
import { type Hex, parseSignature, serializeCompactSignature, signatureToCompactSignature } from "viem";
import { describe, expect, test } from "vitest";
import { eip3009, parseAddress } from "../../../src/schemes/eip3009.ts";
import type { CheckInput, Finding, Moment } from "../../../src/schemes/scheme.ts";
import { findNetwork } from "../../../src/x402/index.ts";
import {
  ASSET,
  type Authorization,
  domain,
  malleate,
  NETWORK,
  newAccount,
  PAY_TO,
  signPayment,
  withLowV,
} from "../../support/payment.ts";

const NOW: Moment = { unixSeconds: 1_800_000_000, roomSeconds: 50 };
const STRANGER = "0x1111111111111111111111111111111111111111";

const token = findNetwork(NETWORK)?.token ?? expect.fail("the network of the fixture is not in the table");
const price = {
  scheme: "exact",
  network: NETWORK,
  token,
  assetTransferMethod: "eip3009",
  amount: 10000n,
  payTo: PAY_TO,
  maxTimeoutSeconds: 300,
} as const;
const requirements = eip3009.requirements(price);
const payer = newAccount();
const sign = async (changes: Partial<Authorization> = {}, signedDomain: object = domain) => {
  const inTime = { validBefore: String(NOW.unixSeconds + 300) };
  return (await signPayment("10000", { ...inTime, ...changes }, payer, { ...signedDomain })).payload;
};
const valid = await sign();
const { signature, authorization } = valid;

const check = (payload: CheckInput["payload"], changes: Partial<CheckInput> = {}): Finding => {
  const input = { payload, extensions: {}, requirements, token, contractWallets: false, ...changes };
  const domainOf = { ...price, network: input.requirements.network, token: input.token };
  return eip3009.check({ domain: eip3009.prepare(domainOf), ...input });
};
const objectionTo = async (payload: CheckInput["payload"], changes: Partial<CheckInput> = {}, now = NOW) => {
  const finding = await check(payload, changes);
  return finding.kind === "authentic" ? finding.objection(now) : finding;
};
/** Every fact of a payment as text: spellings that are one payment have one. */
const facts = async (payload: CheckInput["payload"]): Promise<string> => {
  const finding = await check(payload);
  return finding.kind === "authentic" ? JSON.stringify([finding, finding.objection(NOW)]) : finding.kind;
};

const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;
const badSignature = { kind: "refused", reason: "invalid_exact_evm_payload_signature" };

describe("the requirements of a price", () => {
  test("are the specification's entry of accepts", () => {
    expect(requirements).toEqual({
      scheme: "exact",
      network: NETWORK,
      amount: "10000",
      asset: ASSET,
      payTo: PAY_TO,
      maxTimeoutSeconds: 300,
      extra: { name: "USDC", version: "2" },
    });
  });

  test("write an amount beyond every float exactly", () => {
    expect(eip3009.requirements({ ...price, amount: 2n ** 200n + 1n }).amount).toBe((2n ** 200n + 1n).toString());
  });
});

describe("a payment that is well signed", () => {
  test("is authentic, and pays for the offer", async () => {
    expect(await objectionTo(valid)).toBeNull();
    expect(await check(valid)).toEqual({
      kind: "authentic",
      isProven: true,
      objection: expect.any(Function),
      id: `${NETWORK}|${ASSET}|${payer.address}|${authorization.nonce}`.toLowerCase(),
      payer: payer.address,
      amount: "10000",
      payTo: PAY_TO,
      payload: { signature, authorization },
      extensions: {},
      settler: null,
      validBeforeMs: (NOW.unixSeconds + 300) * 1000,
    });
  });

  test("is rebuilt from the fields that are known, without any other", async () => {
    const stuffed = { ...valid, authorization: { ...authorization, stowaway: 1 }, stowaway: 1 };
    expect(await facts(stuffed)).toBe(await facts(valid));
  });

  test.each<[string, CheckInput["payload"]]>([
    ["with v as 0 or 1", { ...valid, signature: withLowV(signature) }],
    ["with its signature in upper case", { ...valid, signature: upper(signature) }],
    [
      "with its nonce in upper case",
      { ...valid, authorization: { ...authorization, nonce: upper(authorization.nonce) } },
    ],
    [
      "with its payer in lower case",
      { ...valid, authorization: { ...authorization, from: payer.address.toLowerCase() } },
    ],
    ["with its payer in upper case", { ...valid, authorization: { ...authorization, from: upper(payer.address) } }],
    ["with its payee in lower case", { ...valid, authorization: { ...authorization, to: PAY_TO.toLowerCase() } }],
    [
      "with its members in another order",
      { authorization: Object.fromEntries(Object.entries(authorization).reverse()), signature },
    ],
  ])("is the same payment in the same spelling %s", async (_, payload) => {
    expect(await facts(payload)).toBe(await facts(valid));
  });

  test("is the same payment in every mixture of letter cases", async () => {
    const spelt = (text: string) =>
      fc
        .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
        .map((isUpper) =>
          [...text].map((char, i) => (i > 1 && isUpper[i] ? char.toUpperCase() : char.toLowerCase())).join(""),
        );
    const spelling = fc.record({
      signature: spelt(signature),
      from: spelt(authorization.from),
      to: spelt(authorization.to),
      nonce: spelt(authorization.nonce),
    });
    const canonical = await facts(valid);
    await fc.assert(
      fc.asyncProperty(spelling, async ({ signature, ...spelt }) => {
        expect(await facts({ signature, authorization: { ...authorization, ...spelt } })).toBe(canonical);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a well signed payment does not pay for the offer", () => {
  test.each<[string, Partial<Authorization>, string]>([
    ["to another payee", { to: STRANGER }, "invalid_exact_evm_payload_recipient_mismatch"],
    ["of less", { value: "9999" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    ["of more", { value: "10001" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    ["of nothing", { value: "0" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    [
      "that begins in a second",
      { validAfter: String(NOW.unixSeconds + 1) },
      "invalid_exact_evm_payload_authorization_valid_after",
    ],
    [
      "that ends before it can settle",
      { validBefore: String(NOW.unixSeconds + 49) },
      "invalid_exact_evm_payload_authorization_valid_before",
    ],
    ["that is over", { validBefore: "1" }, "invalid_exact_evm_payload_authorization_valid_before"],
    ["that was never valid", { validBefore: "0" }, "invalid_exact_evm_payload_authorization_valid_before"],
  ])("when it is one %s", async (_, changes, reason) => {
    expect(await objectionTo(await sign(changes))).toBe(reason);
  });

  test("and the ledger is told what was signed, not what is asked", async () => {
    const finding = await check(await sign({ value: "5", to: STRANGER }));
    expect(finding).toMatchObject({ kind: "authentic", amount: "5", payTo: STRANGER, payer: payer.address });
  });

  test("any more, a second after it did", async () => {
    const last = { ...NOW, unixSeconds: NOW.unixSeconds + 250 };
    expect(await objectionTo(valid, {}, last)).toBeNull();
    expect(await objectionTo(valid, {}, { ...last, unixSeconds: last.unixSeconds + 1 })).toBe(
      "invalid_exact_evm_payload_authorization_valid_before",
    );
  });

  test("when the price has changed since", async () => {
    const dearer = { ...requirements, amount: "20000" };
    expect(await objectionTo(valid, { requirements: dearer })).toBe(
      "invalid_exact_evm_payload_authorization_value_mismatch",
    );
  });
});

describe("a well signed payment pays for the offer", () => {
  test.each<[string, Partial<Authorization>]>([
    ["from this very second", { validAfter: String(NOW.unixSeconds) }],
    ["until just after it can settle", { validBefore: String(NOW.unixSeconds + 50) }],
    ["until the end of time", { validBefore: (2n ** 256n - 1n).toString() }],
  ])("when it is valid %s", async (_, changes) => {
    expect(await objectionTo(await sign(changes))).toBeNull();
  });

  test("on each network of the table under its own domain", async () => {
    const base = findNetwork("base") ?? expect.fail();
    const mainnet = { name: "USD Coin", version: "2", chainId: 8453, verifyingContract: base.token.asset };
    const offer = eip3009.requirements({ ...price, network: base.network, token: base.token });
    expect(await objectionTo(await sign({}, mainnet), { requirements: offer, token: base.token })).toBeNull();
    expect(await check(valid, { requirements: offer, token: base.token })).toEqual(badSignature);
  });
});

describe("a signature is refused", () => {
  test.each([
    ["with s in the upper half", malleate(signature)],
    ["with s in the upper half and v as 0 or 1", withLowV(malleate(signature))],
    ["of half a byte more", `${signature}0`],
    ["of no bytes", "0x"],
    ["that is empty", ""],
    ["without 0x", signature.slice(2)],
    ["with white space", `${signature} `],
    ["with a letter that is no digit", `${signature.slice(0, -1)}g`],
    ["with the other v", signature.slice(0, -2) + (signature.endsWith("1b") ? "1c" : "1b")],
    ["with v as 2", `${signature.slice(0, -2)}02`],
    ["with v as 26", `${signature.slice(0, -2)}1a`],
    ["with v as 29", `${signature.slice(0, -2)}1d`],
    ["with v as 37 (EIP-155)", `${signature.slice(0, -2)}25`],
    ["with r as 0", `0x${"00".repeat(32)}${signature.slice(66)}`],
    ["with s as 0", `${signature.slice(0, 66)}${"00".repeat(32)}${signature.slice(130)}`],
    ["with r beyond the curve's order", `0x${"ff".repeat(32)}${signature.slice(66)}`],
    ["with s beyond the curve's order", `${signature.slice(0, 66)}${"ff".repeat(32)}${signature.slice(130)}`],
    ["of zeros", `0x${"00".repeat(65)}`],
  ])("%s", async (_, spelling) => {
    expect(await check({ ...valid, signature: spelling })).toEqual(badSignature);
  });

  test.each<[string, Partial<Authorization>]>([
    ["payer", { from: STRANGER }],
    ["payee", { to: STRANGER }],
    ["amount", { value: "9999" }],
    ["beginning", { validAfter: "1" }],
    ["end", { validBefore: String(NOW.unixSeconds + 301) }],
    ["nonce", { nonce: `0x${"00".repeat(32)}` }],
  ])("when another %s stands in the authorization than was signed", async (_, changes) => {
    expect(await check({ signature, authorization: { ...authorization, ...changes } })).toEqual(badSignature);
  });

  test.each<[string, object]>([
    ["token's name", { ...domain, name: "USD Coin" }],
    ["token's version", { ...domain, version: "1" }],
    ["chain", { ...domain, chainId: 8453 }],
    ["contract", { ...domain, verifyingContract: STRANGER }],
  ])("when it was made for another %s", async (_, signedDomain) => {
    expect(await check(await sign({}, signedDomain))).toEqual(badSignature);
  });

  test("when it is somebody else's", async () => {
    const other = (await signPayment("10000", { validBefore: authorization.validBefore })).payload;
    expect(await check({ signature: other.signature, authorization })).toEqual(badSignature);
  });

  test.each(["value", "validAfter", "validBefore"])("when %s does not fit into 256 bits", async (name) => {
    const beyond = { ...authorization, [name]: (2n ** 256n).toString() };
    // Nor is it a contract's to judge.
    for (const written of [signature, `0x${"ab".repeat(66)}`]) {
      const detail = "a number of payload.authorization is longer than 256 bits";
      expect(await check({ signature: written, authorization: beyond })).toEqual({ kind: "malformed", detail });
    }
  });

  test("whatever single digit of it is changed", async () => {
    const digit = fc.record({ at: fc.integer({ min: 2, max: 129 }), shift: fc.integer({ min: 1, max: 15 }) });
    await fc.assert(
      fc.asyncProperty(digit, async ({ at, shift }) => {
        const other = ((Number.parseInt(signature.charAt(at), 16) + shift) % 16).toString(16);
        const forged = signature.slice(0, at) + other + signature.slice(at + 1);
        expect(await check({ ...valid, signature: forged })).toEqual(badSignature);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a signature that only a contract could have made", async () => {
  const compact = serializeCompactSignature(signatureToCompactSignature(parseSignature(signature as Hex)));
  const ofOther = (await signPayment("10000", { validBefore: authorization.validBefore })).payload.signature;

  const lengths: [string, string][] = [
    ["of 64 bytes (EIP-2098)", compact],
    ["of 66 bytes", `${signature}00`],
    ["of one byte", "0x00"],
    ["wrapped for a wallet that is not deployed yet (EIP-6492)", `${signature}${"6492".repeat(16)}`],
  ];
  const forms: [string, string][] = [
    ["with s in the upper half", malleate(signature)],
    ["of another account", ofOther],
    ["with another v", `${signature.slice(0, -2)}02`],
    ["of zeros", `0x${"00".repeat(65)}`],
  ];

  test.each(lengths)("%s leaves the payer unproven, whether or not a route takes such wallets", async (_, given) => {
    for (const contractWallets of [false, true]) {
      const finding = await check({ ...valid, signature: given }, { contractWallets });
      expect(finding).toMatchObject({ kind: "authentic", isProven: false, payer: payer.address, amount: "10000" });
    }
  });

  test.each(forms)("%s is refused unless a route takes such wallets", async (_, given) => {
    expect(await check({ ...valid, signature: given })).toEqual(badSignature);
    const finding = await check({ ...valid, signature: given }, { contractWallets: true });
    expect(finding).toMatchObject({ kind: "authentic", isProven: false, payer: payer.address });
  });

  test.each([...lengths, ...forms])("%s goes on as it is, in lower case", async (_, given) => {
    const finding = await check({ ...valid, signature: upper(given) }, { contractWallets: true });
    expect(finding).toMatchObject({ payload: { signature: given, authorization } });
  });

  test("is none where its bytes are not whole", async () => {
    for (const given of [`${signature}0`, "0x", "", "0xzz"]) {
      expect(await check({ ...valid, signature: given }, { contractWallets: true })).toEqual(badSignature);
    }
  });

  test("is held to price, payee and time like any other", async () => {
    const { signature: _, ...late } = await sign({ validBefore: "1" });
    expect(await objectionTo({ ...late, signature: compact })).toBe(
      "invalid_exact_evm_payload_authorization_valid_before",
    );
  });

  test("is the account's own where it is, also on a route that takes such wallets", async () => {
    const finding = await check({ ...valid, signature: withLowV(signature) }, { contractWallets: true });
    expect(finding).toMatchObject({ isProven: true, payload: { signature } });
  });
});

describe("a payload is malformed", () => {
  const noAuthorization = { kind: "malformed", detail: "payload.authorization is not an EIP-3009 authorization" };
  const noSignature = { kind: "malformed", detail: "payload.signature is not a string" };

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "0x"],
    ["a list", [authorization]],
    ["empty", {}],
  ])("when its authorization is %s", async (_, given) => {
    expect(await check({ ...valid, authorization: given })).toEqual(noAuthorization);
  });

  const address = [
    "",
    "0x",
    PAY_TO.slice(2),
    PAY_TO.slice(0, -1),
    `${PAY_TO}0`,
    `${PAY_TO} `,
    "name.eth",
    null,
    1,
    {},
    [PAY_TO],
  ];
  const number = ["", "-1", "+1", "01", "1.0", "1e3", "0x10", " 1", "1\n", "1_0", "9".repeat(79), 10000, null, [], "١"];
  const nonce = [
    "",
    "0x",
    "0",
    `0x${"ab".repeat(31)}`,
    `0x${"ab".repeat(33)}`,
    `0x${"zz".repeat(32)}`,
    null,
    1,
    [],
    [`0x${"ab".repeat(32)}`],
  ];
  const members: readonly (readonly [string, readonly unknown[]])[] = [
    ["from", address],
    ["to", address],
    ["value", number],
    ["validAfter", number],
    ["validBefore", number],
    ["nonce", nonce],
  ];
  const cases = members.flatMap(([name, values]) => [undefined, ...values].map((value) => [name, value] as const));

  test.each(cases)("when %s is %j", async (name, value) => {
    expect(await check({ signature, authorization: { ...authorization, [name]: value } })).toEqual(noAuthorization);
  });

  test.each([undefined, null, 1, {}, [signature]])("when its signature is %j", async (given) => {
    expect(await check({ authorization, signature: given })).toEqual(noSignature);
  });
});

describe("parseAddress", () => {
  test.each([
    ["its EIP-55 form", PAY_TO],
    ["lower case", PAY_TO.toLowerCase()],
  ])("takes an address in %s", (_, text) => {
    expect(parseAddress(text)).toBe(PAY_TO);
  });

  test.each([
    ["a checksum that does not fit", PAY_TO.replace("Bc6", "bc6")],
    ["upper case", upper(PAY_TO)],
    ["0X", PAY_TO.replace("0x", "0X")],
    ["a digit less", PAY_TO.slice(0, -1)],
    ["a digit more", `${PAY_TO}0`],
    ["white space", ` ${PAY_TO}`],
    ["a name", "faregate.eth"],
    ["nothing", ""],
  ])("refuses one with %s", (_, text) => {
    expect(parseAddress(text)).toBeNull();
  });
});
