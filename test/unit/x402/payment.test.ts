import { encodePaymentSignatureHeader } from "@x402/core/http";
import { describe, expect, test } from "vitest";
import { readPayment } from "../../../src/x402/payment.ts";
import { encodePayment, NETWORK, signPayment } from "../../support/payment.ts";

const payment = { ...(await signPayment("10000")), resource: { url: "https://api.example.com/goods" }, extensions: {} };

const read = (header: string) => readPayment(new Headers({ "payment-signature": header }));
const readJson = (json: unknown) => read(encodePayment(json));
const change = (changes: object): object => ({ ...payment, ...changes });
const changeAccepted = (changes: object): object => change({ accepted: { ...payment.accepted, ...changes } });
const malformed = (detail: string) => ({ ok: false, error: { reason: "invalid_payload", detail } });

describe("a payment header", () => {
  test("is absent where none was sent", () => {
    expect(readPayment(new Headers())).toEqual({ ok: true, value: null });
  });

  test("is read as the official client writes it", () => {
    const header = encodePaymentSignatureHeader(
      payment as unknown as Parameters<typeof encodePaymentSignatureHeader>[0],
    );
    expect(read(header)).toMatchObject({
      ok: true,
      value: { x402Version: 2, accepted: payment.accepted, payload: payment.payload, resource: payment.resource },
    });
  });

  test("hands on nothing that the specification does not name", () => {
    const result = readJson(change({ stowaway: 1, resource: { url: "https://h/", stowaway: 1 } }));
    const { accepted, payload, extensions } = payment;
    const resource = { url: "https://h/" };
    expect(result).toEqual({ ok: true, value: { x402Version: 2, accepted, payload, resource, extensions } });
  });

  test.each([
    ["a resource that is left out", change({ resource: undefined })],
    ["a resource that is null", change({ resource: null })],
    ["extensions that are left out", change({ extensions: undefined })],
    ["extensions that are null", change({ extensions: null })],
    ["extensions of its own", change({ extensions: { bazaar: {} } })],
    ["extra that is left out", changeAccepted({ extra: undefined })],
    ["extra that is null", changeAccepted({ extra: null })],
    ["extra with more keys", changeAccepted({ extra: { name: "USDC", more: [1] } })],
    ["maxTimeoutSeconds that is left out", changeAccepted({ maxTimeoutSeconds: undefined })],
  ])("may have %s", (_, json) => {
    expect(readJson(json)).toMatchObject({ ok: true });
  });

  test.each(["resource", "extensions"])("has no %s where the client named none", (name) => {
    const { value } = readJson(change({ [name]: null })) as { value: object };
    expect(value).not.toHaveProperty(name);
  });

  test("hands on the client's extensions as they are: whether they are ours is judged against the offer", () => {
    const extensions = { bazaar: { info: [1] }, gift: {} };
    expect(readJson(change({ extensions }))).toMatchObject({ ok: true, value: { extensions } });
  });
});

describe("a payment header is malformed when it is", () => {
  const notBase64 = "PAYMENT-SIGNATURE is not base64 of UTF-8 text";
  const notAccepted = "accepted is not the entry of the challenge that was chosen";
  const noVersion = "x402Version is not a number";

  test.each([
    [
      "two headers joined",
      `${encodePayment(payment)}, ${encodePayment(payment)}`,
      "send exactly one PAYMENT-SIGNATURE header",
    ],
    ["not base64", "%%%", notBase64],
    ["the URL alphabet of base64", "-_-_", notBase64],
    ["not UTF-8", btoa("\xff\xfe"), notBase64],
    ["empty", "", "it is not JSON"],
    ["not JSON", btoa("{"), "it is not JSON"],
    ["two JSON texts", btoa("{}{}"), "it is not JSON"],
    ["JSON with a byte order mark", "77u/e30=", "it is not JSON"],
    ["nested too deep", btoa(`${"[".repeat(13)}${"]".repeat(13)}`), "its JSON is nested too deep"],
    ["nested as deep as the header holds", btoa("[".repeat(12_000)), "its JSON is nested too deep"],
    ["too many nodes", btoa(`[${"1,".repeat(600)}1]`), "its JSON is nested too deep"],
    ["a list", btoa("[]"), "it is not a JSON object"],
    ["null", btoa("null"), "it is not a JSON object"],
    ["a text", btoa('"x"'), "it is not a JSON object"],
    ["an empty object", btoa("{}"), noVersion],
  ])("%s", (_, header, detail) => {
    expect(read(header)).toEqual(malformed(detail));
  });

  test.each<[string, object, string]>([
    ["without a version", change({ x402Version: undefined }), noVersion],
    ["of a version that is a text", change({ x402Version: "2" }), noVersion],
    ["of a version that is null", change({ x402Version: null }), noVersion],
    ["without accepted", change({ accepted: undefined }), notAccepted],
    ["with accepted as null", change({ accepted: null }), notAccepted],
    ["with accepted as a list", change({ accepted: [payment.accepted] }), notAccepted],
    ["without scheme", changeAccepted({ scheme: undefined }), notAccepted],
    ["with network as null", changeAccepted({ network: null }), notAccepted],
    ["with amount as a number", changeAccepted({ amount: 10000 }), notAccepted],
    ["without asset", changeAccepted({ asset: undefined }), notAccepted],
    ["with payTo as an object", changeAccepted({ payTo: {} }), notAccepted],
    ["with extra as a text", changeAccepted({ extra: "eip3009" }), notAccepted],
    ["with extra as a list", changeAccepted({ extra: [] }), notAccepted],
    ["without payload", change({ payload: undefined }), "payload is not an object"],
    ["with payload as a text", change({ payload: "0x" }), "payload is not an object"],
    ["with payload as a list", change({ payload: [] }), "payload is not an object"],
    ["with payload as null", change({ payload: null }), "payload is not an object"],
    ["with extensions as a list", change({ extensions: [] }), "extensions is not an object"],
    ["with extensions as a text", change({ extensions: "" }), "extensions is not an object"],
    ["with resource as a text", change({ resource: "https://h/" }), "resource is not an object"],
    ["with resource as false", change({ resource: false }), "resource is not an object"],
    ["with resource without a URL", change({ resource: {} }), "resource.url is not a string"],
    ["with resource.url as a number", change({ resource: { url: 1 } }), "resource.url is not a string"],
  ])("%s", (_, json, detail) => {
    expect(readJson(json)).toEqual(malformed(detail));
  });

  test("beside one of version 1", () => {
    const headers = new Headers({ "payment-signature": encodePayment(payment), "x-payment": "e30=" });
    expect(readPayment(headers)).toEqual(malformed("send PAYMENT-SIGNATURE or X-PAYMENT, not both"));
  });

  test("beside one of version 1 that is empty", () => {
    const headers = new Headers({ "payment-signature": encodePayment(payment), "x-payment": "" });
    expect(readPayment(headers)).toEqual(malformed("send PAYMENT-SIGNATURE or X-PAYMENT, not both"));
  });
});

describe("a payment header's JSON", () => {
  const nested = (levels: number): object => change({ more: JSON.parse("[".repeat(levels) + "]".repeat(levels)) });
  // The valid one has six objects, and a comma between each two of their members.
  const taken = JSON.stringify(change({ more: [] })).match(/[{[,]/g)?.length ?? 0;
  const wide = (nodes: number): object => change({ more: Array(nodes - taken + 1).fill(0) });

  test("may be twelve levels deep and of 512 nodes", () => {
    expect(readJson(nested(11))).toMatchObject({ ok: true });
    expect(readJson(wide(512))).toMatchObject({ ok: true });
  });

  test("may not be one level deeper or of one node more", () => {
    expect(readJson(nested(12))).toEqual(malformed("its JSON is nested too deep"));
    expect(readJson(wide(513))).toEqual(malformed("its JSON is nested too deep"));
  });
});

describe("a payment header of another version", () => {
  test.each([1, 3, 0, -2, 2.5])("is named so: %d", (x402Version) => {
    expect(readJson(change({ x402Version }))).toEqual({ ok: false, error: { reason: "invalid_x402_version" } });
  });

  test("is named so before anything else of it is looked at", () => {
    expect(readJson({ x402Version: 3 })).toEqual({ ok: false, error: { reason: "invalid_x402_version" } });
  });

  test.each([2, 3])("is named so in X-PAYMENT: %d", (x402Version) => {
    expect(readV1({ ...v1, x402Version })).toEqual({ ok: false, error: { reason: "invalid_x402_version" } });
  });

  test("is named so in PAYMENT-SIGNATURE, where v1 does not belong", () => {
    expect(readJson(v1)).toEqual({ ok: false, error: { reason: "invalid_x402_version" } });
  });
});

const v1 = { x402Version: 1, scheme: "exact", network: "base-sepolia", payload: payment.payload };
const readV1 = (value: unknown) => readPayment(new Headers({ "x-payment": encodePayment(value) }));

describe("X-PAYMENT", () => {
  test("names scheme and network, the latter by its old name", () => {
    expect(readV1(v1)).toEqual({
      ok: true,
      value: { x402Version: 1, accepted: { scheme: "exact", network: NETWORK }, payload: payment.payload },
    });
  });

  test.each(["eip155:84532", "optimism", "__proto__", ""])(
    "knows no network called %j, and nobody offers it",
    (network) => {
      expect(readV1({ ...v1, network })).toMatchObject({ ok: true, value: { accepted: { network: "" } } });
    },
  );

  test.each([
    ["a scheme that is no text", { ...v1, scheme: 1 }, "scheme is not a string"],
    ["no network", { ...v1, network: undefined }, "network is not a string"],
    ["no payload", { ...v1, payload: null }, "payload is not an object"],
    ["a list", [v1], "it is not a JSON object"],
    ["no version", { ...v1, x402Version: "1" }, "x402Version is not a number"],
  ])("is malformed with %s", (_, value, detail) => {
    expect(readV1(value)).toEqual(malformed(detail));
  });

  test("comes once", () => {
    const headers = new Headers({ "x-payment": `${encodePayment(v1)}, ${encodePayment(v1)}` });
    expect(readPayment(headers)).toEqual(malformed("send exactly one X-PAYMENT header"));
  });
});

describe("a payment header's length", () => {
  const tooLarge = { ok: false, error: { reason: "payment_header_too_large", bytesMax: 16_384 } };

  test("may be 16 KB", () => {
    const padding = (16_384 / 4) * 3 - JSON.stringify(change({ more: "" })).length;
    const header = encodePayment(change({ more: "x".repeat(padding) }));
    expect(header).toHaveLength(16_384);
    expect(read(header)).toMatchObject({ ok: true });
  });

  test("may not be a byte more, whatever it holds", () => {
    expect(read("A".repeat(16_385))).toEqual(tooLarge);
    expect(read(",".repeat(16_385))).toEqual(tooLarge);
  });
});
