import { UptoEvmScheme } from "@x402/evm/upto/client";
import fc from "fast-check";
import { type Hex, parseSignature, serializeCompactSignature, signatureToCompactSignature } from "viem";
import { describe, expect, test } from "vitest";
import { permit2 } from "../../../src/schemes/permit2.ts";
import type { CheckInput, Finding, Moment, Scheme, SchemeName } from "../../../src/schemes/scheme.ts";
import { upto } from "../../../src/schemes/upto.ts";
import { findNetwork } from "../../../src/x402/index.ts";
import { ASSET, malleate, NETWORK, newAccount, PAY_TO, withLowV } from "../../support/payment.ts";
import {
  FACILITATOR,
  nested,
  type Permit,
  type Permit2Payment,
  PROXY,
  permit2Domain,
  signPermit2Payment,
  UPTO_PROXY,
} from "../../support/permit2-payment.ts";

const NOW: Moment = { unixSeconds: 1_800_000_000, roomSeconds: 50 };
const STRANGER = "0x1111111111111111111111111111111111111111";

const token = findNetwork(NETWORK)?.token ?? expect.fail("the network of the fixture is not in the table");
const payer = newAccount();
const exactPermit: Permit = {
  from: payer.address,
  token: ASSET,
  amount: "10000",
  spender: PROXY,
  nonce: "33247007178036348590600198031289925668252061821958005840077069883511451257277",
  deadline: String(NOW.unixSeconds + 300),
  to: PAY_TO,
  facilitator: null,
  validAfter: "0",
};
const uptoPermit: Permit = { ...exactPermit, spender: UPTO_PROXY, facilitator: FACILITATOR };
const signed = async (permit: Permit) => (await signPermit2Payment("10000", permit, payer)).payload;

interface Row {
  readonly scheme: SchemeName;
  readonly row: Scheme;
  readonly permit: Permit;
  /** What was signed of it. */
  readonly valid: Permit2Payment["payload"];
  /** What the other one of the two takes. */
  readonly foreign: Permit;
}

const rows: readonly Row[] = [
  { scheme: "exact", row: permit2, permit: exactPermit, valid: await signed(exactPermit), foreign: uptoPermit },
  { scheme: "upto", row: upto, permit: uptoPermit, valid: await signed(uptoPermit), foreign: exactPermit },
];

const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;
const badSignature = { kind: "refused", reason: "invalid_permit2_signature" };

const noAuthorization = { kind: "malformed", detail: "payload.permit2Authorization is not a Permit2 authorization" };

describe.each(rows)("by $scheme", ({ scheme, row, permit, valid, foreign }) => {
  const price = {
    scheme,
    network: NETWORK,
    token,
    assetTransferMethod: "permit2",
    amount: 10000n,
    payTo: PAY_TO,
    maxTimeoutSeconds: 300,
  } as const;
  const requirements = row.requirements(price);
  const sign = async (changes: Partial<Permit> = {}, domain: object = permit2Domain) =>
    (await signPermit2Payment("10000", { ...permit, ...changes }, payer, domain)).payload;
  const { signature } = valid;
  /** What was signed, and something else in its place. */
  const instead = (changes: Partial<Permit>) => ({
    signature,
    permit2Authorization: nested({ ...permit, ...changes }),
  });

  const check = (payload: CheckInput["payload"], changes: Partial<CheckInput> = {}): Finding => {
    const input = { payload, extensions: {}, requirements, token, contractWallets: false, ...changes };
    const domain = row.prepare({ ...price, network: input.requirements.network });
    return row.check({ domain, ...input });
  };
  const objectionTo = (payload: CheckInput["payload"], changes: Partial<CheckInput> = {}, now = NOW) => {
    const finding = check(payload, changes);
    return finding.kind === "authentic" ? finding.objection(now) : finding;
  };
  /** Every fact of a payment as text: spellings that are one payment have one. */
  const facts = (payload: CheckInput["payload"]): string => {
    const finding = check(payload);
    return finding.kind === "authentic" ? JSON.stringify([finding, finding.objection(NOW)]) : finding.kind;
  };

  describe("the requirements of a price", () => {
    test("are the specification's entry of accepts", () => {
      expect(requirements).toEqual({
        scheme,
        network: NETWORK,
        amount: "10000",
        asset: ASSET,
        payTo: PAY_TO,
        maxTimeoutSeconds: 300,
        extra: { assetTransferMethod: "permit2", name: "USDC", version: "2" },
      });
    });

    test("name no domain of a token that has none", () => {
      const { extra } = row.requirements({ ...price, token: { ...token, version: "" } });
      expect(extra).toEqual({ assetTransferMethod: "permit2" });
    });
  });

  describe("a payment that is well signed", () => {
    test("is authentic, and pays for the offer", () => {
      expect(objectionTo(valid)).toBeNull();
      expect(check(valid)).toEqual({
        kind: "authentic",
        isProven: true,
        objection: expect.any(Function),
        id: `${NETWORK}|permit2|${payer.address.toLowerCase()}|${permit.nonce}`,
        payer: payer.address,
        amount: "10000",
        payTo: PAY_TO,
        payload: { signature, permit2Authorization: nested(permit) },
        extensions: {},
        settler: permit.facilitator,
        validBeforeMs: (NOW.unixSeconds + 300) * 1000,
      });
    });

    test("is rebuilt from the fields that are known, without any other", () => {
      const { permitted, witness, ...rest } = valid.permit2Authorization;
      const stuffed = {
        ...valid,
        authorization: {},
        permit2Authorization: {
          ...rest,
          permitted: { ...permitted, stowaway: 1 },
          witness: { ...witness, extra: "0x" },
          stowaway: 1,
        },
      };
      expect(facts(stuffed)).toBe(facts(valid));
    });

    test.each<[string, CheckInput["payload"]]>([
      ["with v as 0 or 1", { ...valid, signature: withLowV(signature) }],
      ["with its signature in upper case", { ...valid, signature: upper(signature) }],
      ["with its payer in lower case", instead({ from: payer.address.toLowerCase() })],
      ["with its payer in upper case", instead({ from: upper(payer.address) })],
      ["with its payee in lower case", instead({ to: PAY_TO.toLowerCase() })],
      ["with its token in lower case", instead({ token: ASSET.toLowerCase() })],
      ["with its spender in lower case", instead({ spender: permit.spender.toLowerCase() })],
      [
        "with its members in another order",
        { permit2Authorization: Object.fromEntries(Object.entries(nested(permit)).reverse()), signature },
      ],
    ])("is the same payment in the same spelling %s", (_, payload) => {
      expect(facts(payload)).toBe(facts(valid));
    });

    test("is another one with another nonce, and the same one for another token", async () => {
      const other = requirements.asset === STRANGER ? ASSET : STRANGER;
      const idOf = (payload: CheckInput["payload"], asset = ASSET) => {
        const finding = check(payload, { requirements: { ...requirements, asset } });
        return finding.kind === "authentic" ? finding.id : finding;
      };
      expect(idOf(await sign({ nonce: "7" }))).not.toBe(idOf(valid));
      expect(idOf(await sign({ token: other }), other)).toBe(idOf(valid));
    });
  });

  describe("a well signed payment does not pay for the offer", () => {
    test.each<[string, Partial<Permit>, string]>([
      ["to another payee", { to: STRANGER }, "invalid_permit2_recipient_mismatch"],
      ["of less", { amount: "9999" }, "permit2_amount_mismatch"],
      ["of more, all of which the proxy would move", { amount: "10001" }, "permit2_amount_mismatch"],
      ["of nothing", { amount: "0" }, "permit2_amount_mismatch"],
      ["that begins in a second", { validAfter: String(NOW.unixSeconds + 1) }, "permit2_not_yet_valid"],
      ["that ends before it can settle", { deadline: String(NOW.unixSeconds + 49) }, "permit2_deadline_expired"],
      ["that is over", { deadline: "1" }, "permit2_deadline_expired"],
    ])("when it is one %s", async (_, changes, reason) => {
      expect(objectionTo(await sign(changes))).toBe(reason);
    });

    test("and the ledger is told what was signed, not what is asked", async () => {
      const finding = check(await sign({ amount: "5", to: STRANGER }));
      expect(finding).toMatchObject({ kind: "authentic", amount: "5", payTo: STRANGER, payer: payer.address });
    });

    test("any more, a second after it did", () => {
      const last = { ...NOW, unixSeconds: NOW.unixSeconds + 250 };
      expect(objectionTo(valid, {}, last)).toBeNull();
      expect(objectionTo(valid, {}, { ...last, unixSeconds: last.unixSeconds + 1 })).toBe("permit2_deadline_expired");
    });

    test("when the price has changed since", () => {
      const dearer = { ...requirements, amount: "20000" };
      expect(objectionTo(valid, { requirements: dearer })).toBe("permit2_amount_mismatch");
    });
  });

  describe("a well signed payment pays for the offer", () => {
    test.each<[string, Partial<Permit>]>([
      ["from this very second", { validAfter: String(NOW.unixSeconds) }],
      ["until just after it can settle", { deadline: String(NOW.unixSeconds + 50) }],
      ["until the end of time", { deadline: (2n ** 256n - 1n).toString() }],
    ])("when it is valid %s", async (_, changes) => {
      expect(objectionTo(await sign(changes))).toBeNull();
    });

    test("on each network under Permit2's domain there", async () => {
      const base = findNetwork("base") ?? expect.fail();
      const offer = row.requirements({ ...price, network: base.network, token: base.token });
      const there = await sign({ token: base.token.asset }, { ...permit2Domain, chainId: 8453 });
      expect(objectionTo(there, { requirements: offer })).toBeNull();
      expect(check(there, { requirements: { ...offer, network: NETWORK } })).toEqual(badSignature);
    });
  });

  describe("a payment that was never asked for is refused, whoever signed it:", () => {
    test("one that somebody else than the proxy may use", async () => {
      const refused = { kind: "refused", reason: "invalid_permit2_spender" };
      expect(check(await sign({ spender: STRANGER }))).toEqual(refused);
      expect(check(instead({ spender: STRANGER }))).toEqual(refused);
    });

    test("one that was signed for the other scheme, and one that names its proxy", async () => {
      const refused = { kind: "refused", reason: "invalid_permit2_spender" };
      expect(check(await signed(foreign))).toEqual(refused);
      expect(check(await sign({ spender: foreign.spender }))).toEqual(refused);
    });

    test("one with the witness of the other scheme", async () => {
      const payload = await signed({ ...permit, facilitator: foreign.facilitator });
      expect(check(payload)).toEqual(scheme === "exact" ? badSignature : noAuthorization);
    });

    test("one of another token", async () => {
      expect(check(await sign({ token: STRANGER }))).toEqual({ kind: "refused", reason: "permit2_token_mismatch" });
    });
  });

  describe("a signature is refused", () => {
    test.each([
      ["with s in the upper half", malleate(signature)],
      ["with s in the upper half and v as 0 or 1", withLowV(malleate(signature))],
      ["of half a byte more", `${signature}0`],
      ["of no bytes", "0x"],
      ["without 0x", signature.slice(2)],
      ["with the other v", signature.slice(0, -2) + (signature.endsWith("1b") ? "1c" : "1b")],
      ["of zeros", `0x${"00".repeat(65)}`],
    ])("%s", (_, spelling) => {
      expect(check({ ...valid, signature: spelling })).toEqual(badSignature);
    });

    test.each<[string, Partial<Permit>]>([
      ["payer", { from: STRANGER }],
      ["payee", { to: STRANGER }],
      ["amount", { amount: "9999" }],
      ["beginning", { validAfter: "1" }],
      ["end", { deadline: String(NOW.unixSeconds + 301) }],
      ["nonce", { nonce: "0" }],
    ])("when another %s stands in the authorization than was signed", (_, changes) => {
      expect(check(instead(changes))).toEqual(badSignature);
    });

    test.each<[string, object]>([
      ["name", { ...permit2Domain, name: "Permit3" }],
      ["version", { ...permit2Domain, version: "1" }],
      ["chain", { ...permit2Domain, chainId: 8453 }],
      ["contract", { ...permit2Domain, verifyingContract: STRANGER }],
    ])("when it was made for a domain of another %s", async (_, domain) => {
      expect(check(await sign({}, domain))).toEqual(badSignature);
    });

    test("when it is somebody else's", async () => {
      const other = (await signPermit2Payment("10000", permit, newAccount())).payload.signature;
      expect(check({ ...valid, signature: other })).toEqual(badSignature);
    });

    test("whatever single digit of it is changed", () => {
      const digit = fc.record({ at: fc.integer({ min: 2, max: 129 }), shift: fc.integer({ min: 1, max: 15 }) });
      fc.assert(
        fc.property(digit, ({ at, shift }) => {
          const other = ((Number.parseInt(signature.charAt(at), 16) + shift) % 16).toString(16);
          const forged = signature.slice(0, at) + other + signature.slice(at + 1);
          expect(check({ ...valid, signature: forged })).toEqual(badSignature);
        }),
        { numRuns: 50 },
      );
    });
  });

  describe("a signature that only a contract could have made", () => {
    const compact = serializeCompactSignature(signatureToCompactSignature(parseSignature(signature as Hex)));

    test("leaves the payer unproven, whether or not a route takes such wallets, and goes on in lower case", () => {
      for (const contractWallets of [false, true]) {
        expect(check({ ...valid, signature: upper(compact) }, { contractWallets })).toMatchObject({
          kind: "authentic",
          isProven: false,
          payer: payer.address,
          payload: { signature: compact, permit2Authorization: nested(permit) },
        });
      }
    });

    test("of an account's length is refused unless a route takes such wallets", () => {
      const given = { ...valid, signature: malleate(signature) };
      expect(check(given)).toEqual(badSignature);
      expect(check(given, { contractWallets: true })).toMatchObject({ kind: "authentic", isProven: false });
    });

    test("is held to price, payee and time like any other", () => {
      const { permit2Authorization } = instead({ deadline: "1" });
      expect(objectionTo({ permit2Authorization, signature: compact })).toBe("permit2_deadline_expired");
    });
  });

  describe("a payload is malformed", () => {
    const given = (authorization: unknown) => check({ signature, permit2Authorization: authorization });

    test.each<[string, unknown]>([
      ["undefined", undefined],
      ["null", null],
      ["a text", "0x"],
      ["a list", [nested(permit)]],
      ["empty", {}],
      ["without what is permitted", { ...nested(permit), permitted: undefined }],
      ["with a list of what is permitted", { ...nested(permit), permitted: [{ token: ASSET, amount: "10000" }] }],
      ["without a witness", { ...nested(permit), witness: null }],
    ])("when its authorization is %s", (_, authorization) => {
      expect(given(authorization)).toEqual(noAuthorization);
    });

    const address = [undefined, null, "", "0x", PAY_TO.slice(2), `${PAY_TO}0`, "name.eth", 1, {}, [PAY_TO]];
    const number = [undefined, null, "", "-1", "01", "1.0", "0x10", " 1", "1n", "9".repeat(79), 10000, [], "١"];
    const members: readonly (readonly [keyof Permit, readonly unknown[]])[] = [
      ["from", address],
      ["token", address],
      ["spender", address],
      ["to", address],
      ["amount", number],
      ["nonce", number],
      ["deadline", number],
      ["validAfter", number],
    ];
    const cases = members.flatMap(([name, values]) => values.map((value) => [name, value] as const));

    test.each(cases)("when %s is %j", (name, value) => {
      expect(given(nested({ ...permit, [name]: value }))).toEqual(noAuthorization);
    });

    test.each(["amount", "nonce", "deadline", "validAfter"])("when %s does not fit into 256 bits", (name) => {
      for (const contractWallets of [false, true]) {
        const payload = instead({ [name]: (2n ** 256n).toString() });
        expect(check({ ...payload, signature: "0x00" }, { contractWallets })).toEqual({
          kind: "malformed",
          detail: "a number of payload.permit2Authorization is longer than 256 bits",
        });
      }
    });

    test.each([undefined, null, 1, {}, [signature]])("when its signature is %j", (spelling) => {
      expect(check({ ...valid, signature: spelling })).toEqual({
        kind: "malformed",
        detail: "payload.signature is not a string",
      });
    });

    test("when it is one of EIP-3009", () => {
      expect(check({ signature, authorization: { from: payer.address } })).toEqual(noAuthorization);
    });
  });
});

describe("a payment by upto", () => {
  const price = { scheme: "upto", network: NETWORK, token, assetTransferMethod: "permit2" } as const;
  const offer = upto.requirements({ ...price, amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 });
  const domain = upto.prepare({ ...price, amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 });
  const check = (payload: CheckInput["payload"], requirements = offer): Finding =>
    upto.check({ payload, extensions: {}, requirements, token, domain, contractWallets: false });
  const valid = rows[1]?.valid ?? expect.fail();
  const instead = (facilitator: unknown) => ({
    ...valid,
    permit2Authorization: { ...nested(uptoPermit), witness: { to: PAY_TO, facilitator, validAfter: "0" } },
  });

  test.each([undefined, null, "", "0x", FACILITATOR.slice(2), `${FACILITATOR}0`, 1, {}, [FACILITATOR]])(
    "is malformed when its facilitator is %j",
    (facilitator) => {
      expect(check(instead(facilitator))).toEqual(noAuthorization);
    },
  );

  test("is refused when another facilitator stands in it than was signed", () => {
    expect(check(instead(STRANGER))).toEqual(badSignature);
  });

  test("names its facilitator in one spelling", () => {
    for (const spelling of [FACILITATOR.toLowerCase(), upper(FACILITATOR)]) {
      expect(check(instead(spelling))).toMatchObject({ payload: { permit2Authorization: nested(uptoPermit) } });
    }
  });

  test("has the identity of one by exact with its nonce: the chain has one row of nonces for both", () => {
    const exact = rows[0]?.valid ?? expect.fail();
    const requirements = { ...offer, scheme: "exact" };
    const twin = permit2.check({ payload: exact, extensions: {}, requirements, token, domain, contractWallets: false });
    const ids = [check(valid), twin].map((finding) => finding.kind === "authentic" && finding.id);
    expect(ids[0]).toBe(`${NETWORK}|permit2|${payer.address.toLowerCase()}|${uptoPermit.nonce}`);
    expect(ids[1]).toBe(ids[0]);
  });

  test("of the official client is taken, as it is", async () => {
    const requirements = { ...offer, extra: { ...offer.extra, facilitatorAddress: FACILITATOR.toLowerCase() } };
    const { payload } = await new UptoEvmScheme(payer).createPaymentPayload(2, { ...requirements, network: NETWORK });
    expect(check(payload)).toMatchObject({ kind: "authentic", isProven: true, payer: payer.address, payload });
  });
});
