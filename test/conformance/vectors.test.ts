// The specification's own example messages (`vectors/`, each with its source), read and written by the codecs that the
// gate uses.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { facilitatorBody } from "../../src/facilitator/index.ts";
import { buildTerms, checkPayment } from "../../src/schemes/index.ts";
import {
  buildChallenge,
  encodeChallenge,
  encodeReceipt,
  encodeV1Challenge,
  findNetwork,
  gasSponsoring,
  isFaithfulEcho,
  type PaymentRequirements,
  type PresentedPayment,
  readAbilities,
  readPayment,
  readSettlement,
  readVerdict,
  type SettlementResponse,
  v1NameOf,
} from "../../src/x402/index.ts";
import { encodePayment, PAY_TO, signPayment } from "../support/payment.ts";
import { signPermit2Payment } from "../support/permit2-payment.ts";

type Json = { readonly [key: string]: unknown };

interface Vector {
  readonly name: string;
  readonly source: {
    readonly document: string;
    readonly section: string;
    readonly repository: string;
    readonly commit: string;
  };
  readonly kind: string;
  /** The message as the specification writes it into a header. */
  readonly header?: string;
  readonly message: Json;
  /** Who signed the example's payload. */
  readonly signer?: string;
  /** Why a payment of this kind is refused. */
  readonly refusal?: string;
  /** Why the example itself cannot be read. */
  readonly flaw?: string;
  /** Whether what the client echoes contains what was advertised. */
  readonly faithful?: boolean;
  /** What an answer of the facilitator means to us. */
  readonly reading?: Json;
}

const FOLDER = join(import.meta.dirname, "vectors");
const vectors: readonly Vector[] = readdirSync(FOLDER).map((file) => ({
  name: file.replace(/\.json$/, ""),
  ...JSON.parse(readFileSync(join(FOLDER, file), "utf8")),
}));

const of = (...kinds: readonly string[]): (readonly [string, Vector])[] =>
  vectors.filter(({ kind }) => kinds.includes(kind)).map((vector) => [vector.name, vector] as const);

const decode = (header: string): unknown => JSON.parse(atob(header));

/** What the examples' resource costs. */
const priced = (() => {
  const { network, token } = findNetwork("base-sepolia") ?? expect.fail();
  const price = { network, token, amount: 10_000n, payTo: PAY_TO, maxTimeoutSeconds: 60 };
  const by = (assetTransferMethod: "eip3009" | "permit2") =>
    buildTerms({ ...price, scheme: "exact", assetTransferMethod }, false, "authorization") ?? expect.fail();
  return { usual: [by("eip3009")], permitted: [by("permit2")] };
})();
const { usual: offered } = priced;
const RESOURCE = { url: "https://api.example.com/premium-data", advertised: {}, sponsoring: [] };
const PAYER = "0x857b06519E91e3A54538791bDbb0E22373e36b66";

test("there is an example of every message", () => {
  expect(new Set(vectors.map(({ kind }) => kind))).toEqual(
    new Set([
      ...["PaymentRequired", "PaymentPayload", "SettlementResponse"],
      ...["ExtensionEcho", "VerifyRequest", "VerifyResponse", "SettleResponse", "SupportedResponse"],
      ...["PaymentRequirementsResponse", "PaymentPayloadV1", "SettlementResponseV1", "VerifyRequestV1"],
    ]),
  );
});

test.each(vectors.map(({ name, source }) => [name, source] as const))("%s says where it is from", (_, source) => {
  expect(source).toEqual({
    document: expect.stringMatching(/^specs\/.+\.md$/),
    section: expect.stringMatching(/./),
    repository: "https://github.com/coinbase/x402",
    commit: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
});

const inHeaders = vectors.flatMap(({ name, header, message }) => (header ? [[name, header, message] as const] : []));
test.each(inHeaders)("%s is the same in its header and as JSON", (_, header, message) => {
  expect(decode(header)).toEqual(message);
});

describe("a challenge of the specification", () => {
  test.each(of("PaymentRequired"))("is the one that we write for the same resource (%s)", (_, { header, message }) => {
    const { resource, accepts, error, extensions: __, ...rest } = message;
    const { url, ...about } = resource as { url: string };
    const ours = encodeChallenge(buildChallenge(about, accepts as PaymentRequirements[], {}), url, error as string);
    expect(decode(ours)).toEqual({ ...rest, error, resource, accepts });
    // To the letter, where the specification shows the letters.
    expect(ours).toBe(header ?? ours);
  });

  test.each(of("PaymentRequired"))("asks what our table asks for the same price (%s)", (_, { message }) => {
    expect(message["accepts"]).toEqual(offered.map(({ requirements }) => requirements));
  });

  test.each(of("PaymentRequirementsResponse"))("of v1 stands in our body (%s)", (_, { message }) => {
    const [{ resource, outputSchema: __, description, mimeType, ...price } = expect.fail()] = message[
      "accepts"
    ] as readonly { resource: string; description: string; mimeType: string; outputSchema: null }[];
    const challenge = buildChallenge(
      { description, mimeType },
      offered.map(({ requirements }) => requirements),
      {},
    );
    const ours = JSON.parse(`{${encodeV1Challenge(challenge, resource)}"error":""}`);
    expect(ours).toEqual({ x402Version: 1, error: "", accepts: [{ resource, description, mimeType, ...price }] });
  });
});

describe("a payment of the specification", () => {
  const read = (name: string, header: string): PresentedPayment => {
    const presented = readPayment(new Headers({ [name]: header }));
    return (presented.ok && presented.value) || expect.fail();
  };
  const readV2 = ({ header, message }: Vector) => read("payment-signature", header ?? encodePayment(message));
  const readV1 = ({ header, message }: Vector) => read("x-payment", header ?? encodePayment(message));

  const written = of("PaymentPayload").filter(([, { flaw }]) => flaw === undefined);
  test.each(written)("is read as it is written (%s)", (_, vector) => {
    const { accepted, payload, resource, extensions } = vector.message;
    const { url } = (resource ?? {}) as { url?: string };
    expect(readV2(vector)).toEqual({
      x402Version: 2,
      accepted,
      payload,
      ...(url && { resource: { url } }),
      ...(extensions !== undefined && { extensions }),
    });
  });

  const flawed = of("PaymentPayload").filter(([, { flaw }]) => flaw);
  test.each(flawed)("that contradicts the specification is malformed (%s)", (_, { message, flaw }) => {
    const presented = readPayment(new Headers({ "payment-signature": encodePayment(message) }));
    expect(presented).toEqual({ ok: false, error: { reason: "invalid_payload", detail: flaw } });
  });

  test.each(of("PaymentPayloadV1"))("of v1 means the network by its new name (%s)", (_, vector) => {
    const { payload } = vector.message;
    const accepted = { scheme: "exact", network: "eip155:84532" };
    expect(readV1(vector)).toEqual({ x402Version: 1, accepted, payload });
  });

  const signed = of("PaymentPayload", "PaymentPayloadV1").filter(([, { signer }]) => signer);
  test.each(signed)("is well signed and pays our price, within its time (%s)", async (_, vector) => {
    const check = await checkPayment(offered, (vector.kind === "PaymentPayload" ? readV2 : readV1)(vector), RESOURCE);
    if (check.kind !== "authentic") expect.fail(check.kind);
    expect(check.payment).toMatchObject({ payer: vector.signer, amount: "10000", payTo: PAY_TO });
    expect(check.judge({ unixSeconds: 1_740_672_089, roomSeconds: 60 })).toMatchObject({ kind: "valid" });
    expect(check.judge({ unixSeconds: 1_740_672_088, roomSeconds: 60 })).toMatchObject({
      reason: "invalid_exact_evm_payload_authorization_valid_after",
    });
    expect(check.judge({ unixSeconds: 1_740_672_095, roomSeconds: 60 })).toMatchObject({
      reason: "invalid_exact_evm_payload_authorization_valid_before",
    });
  });

  const refused = of("PaymentPayload").filter(([, { refusal }]) => refusal);
  test.each(refused)("by a transfer method that is not offered is refused (%s)", async (_, vector) => {
    const check = await checkPayment(offered, readV2(vector), RESOURCE);
    expect(check).toEqual({ kind: "refused", reason: vector.refusal });
  });
});

describe("a payment of the specification by Permit2", () => {
  const { message } = vectors.find(({ name }) => name === "v2-payment-payload-permit2") ?? expect.fail();
  const { accepted, payload } = message as { accepted: Json; payload: Json };

  test("accepts the entry that we write for the same price", () => {
    expect(priced.permitted.map(({ requirements }) => requirements)).toEqual([accepted]);
  });

  test("has the shape that is taken, and a signature that nobody made for it", () => {
    const presented = readPayment(new Headers({ "payment-signature": encodePayment(message) }));
    const check = checkPayment(priced.permitted, (presented.ok && presented.value) || expect.fail(), RESOURCE);
    expect(check).toEqual({ kind: "refused", reason: "invalid_permit2_signature" });
  });

  test("is rebuilt as it is written", async () => {
    const { permit2Authorization: theirs } = payload;
    const ours = await signPermit2Payment("10000");
    expect(shapeOf(ours.payload.permit2Authorization)).toEqual(shapeOf(theirs));
    const presented = readPayment(new Headers({ "payment-signature": encodePayment(ours) }));
    const check = checkPayment(priced.permitted, (presented.ok && presented.value) || expect.fail(), RESOURCE);
    const now = { unixSeconds: Math.floor(Date.now() / 1000), roomSeconds: 60 };
    const judgement = check.kind === "authentic" ? check.judge(now) : expect.fail(check.kind);
    expect(judgement).toMatchObject({ kind: "valid", payment: { paymentPayload: { payload: ours.payload } } });
  });
});

describe("an echo of the specification", () => {
  interface Extension {
    readonly info: Json;
    readonly schema?: Json;
  }
  type Extensions = { readonly [name: string]: Extension };
  const messageOf = ({ message }: Vector) =>
    message as { readonly advertised: Extensions; readonly echoed: Extensions };
  const changed = (extensions: Extensions, change: (extension: Extension) => object) =>
    Object.fromEntries(Object.entries(extensions).map(([name, extension]) => [name, change(extension)]));

  test.each(of("ExtensionEcho"))("contains what was advertised, or is refused (%s)", (_, vector) => {
    const { advertised, echoed } = messageOf(vector);
    expect(isFaithfulEcho(advertised, echoed)).toBe(vector.faithful);
  });

  test.each(of("ExtensionEcho"))("has to contain the info, and no more than that (%s)", (_, vector) => {
    const { advertised } = messageOf(vector);
    const echo = (change: (extension: Extension) => object) => isFaithfulEcho(advertised, changed(advertised, change));
    expect(echo(({ info }) => ({ info }))).toBe(true);
    expect(echo(({ info }) => ({ info: { ...info, mine: 1 } }))).toBe(true);
    expect(echo(({ schema }) => ({ schema, info: {} }))).toBe(false);
    expect(echo(({ info, schema }) => ({ schema, info: changedFirst(info) }))).toBe(false);
    expect(isFaithfulEcho(advertised, {})).toBe(true);
  });

  test("contains what we advertise of gas sponsoring", () => {
    const vector = vectors.find(({ name }) => name === "v2-extension-echo-eip2612") ?? expect.fail();
    const { advertised, echoed } = messageOf(vector);
    const ours = gasSponsoring.eip2612GasSponsoring as unknown as Extension;
    expect(isFaithfulEcho({ eip2612GasSponsoring: ours }, echoed)).toBe(true);
    const requiredOf = ({ schema }: Extension) => new Set(schema?.["required"] as readonly string[]);
    expect(requiredOf(ours)).toEqual(requiredOf(advertised["eip2612GasSponsoring"] ?? expect.fail()));
  });

  const changedFirst = (info: Json): Json => ({ ...info, [Object.keys(info)[0] ?? ""]: "mine" });
});

describe("a receipt of the specification", () => {
  test.each(of("SettlementResponse"))("is the one that we write (%s)", (_, { header, message }) => {
    const [name, value] = encodeReceipt({ x402Version: 2, ...(message as unknown as SettlementResponse) });
    expect(name).toBe("payment-response");
    expect(decode(value)).toEqual(message);
    expect(value).toBe(header ?? value);
  });

  test.each(of("SettlementResponseV1"))("of v1 is the one that we write (%s)", (_, { header, message }) => {
    const { network } = findNetwork(String(message["network"])) ?? expect.fail();
    const response = { ...(message as unknown as SettlementResponse), network };
    const [name, value] = encodeReceipt({ x402Version: 1, ...response });
    expect(name).toBe("x-payment-response");
    expect(decode(value)).toEqual(message);
    expect(value).toBe(header ?? value);
  });
});

describe("the facilitator", () => {
  const expected = { payer: PAYER, network: "eip155:84532" };

  test.each(of("VerifyRequest"))("is asked in the specification's shape (%s)", async (_, { message }) => {
    const presented = readPayment(new Headers({ "payment-signature": encodePayment(await signPayment("10000")) }));
    const check = await checkPayment(offered, (presented.ok && presented.value) || expect.fail(), RESOURCE);
    if (check.kind !== "authentic") expect.fail(check.kind);
    const judgement = check.judge({ unixSeconds: Math.floor(Date.now() / 1000), roomSeconds: 60 });
    if (judgement.kind !== "valid") expect.fail(judgement.reason);
    const ours = JSON.parse(facilitatorBody(judgement.payment));
    const theirs = message as { paymentPayload: { payload: unknown } };
    expect(ours).toEqual({
      ...theirs,
      paymentPayload: { ...theirs.paymentPayload, resource: { url: RESOURCE.url }, payload: expect.anything() },
    });
    const { payload } = ours.paymentPayload;
    expect(shapeOf(payload)).toEqual(shapeOf(theirs.paymentPayload.payload));
  });

  test.each(of("VerifyResponse"))("vouches for a payment, or says why not (%s)", (_, { message, reading }) => {
    expect(readVerdict({ status: 200, json: message }, expected)).toEqual(reading);
  });

  test.each(of("SettleResponse"))("settles a payment, or proves that it did not (%s)", (_, { message, reading }) => {
    expect(readSettlement({ status: 200, json: message }, expected)).toEqual(reading);
  });

  test.each(of("SupportedResponse"))("lists what it can do (%s)", (_, { message }) => {
    const { kinds, extensions = [], signers = {} } = message;
    expect(readAbilities({ status: 200, json: message })).toEqual({ kinds, extensions, signers });
  });
});

describe("a network of the specification", () => {
  /** Networks that examples name and our table does not have. */
  const FOREIGN = ["iotex"];
  const named = vectors
    .filter(({ kind }) => kind === "SupportedResponse")
    .flatMap(({ message }) => message["kinds"] as readonly { network: string }[])
    .map(({ network }) => network)
    .filter((network) => !FOREIGN.includes(network));

  test.each(named)("%s is known by that name", (name) => {
    const found = findNetwork(name) ?? expect.fail();
    expect([found.network, v1NameOf(found.network)]).toContain(name);
  });
});

/** The names of the members, all the way down. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}
