import { decodePaymentRequiredHeader } from "@x402/core/http";
import { PaymentRequiredV1Schema, PaymentRequiredV2Schema } from "@x402/core/schemas";
import { describe, expect, test } from "vitest";
import {
  buildChallenge,
  CHALLENGE_FIXED_BYTES_MAX,
  encodeChallenge,
  encodeV1Challenge,
  RESOURCE_URL_BYTES_MAX,
  withExtension,
} from "../../../src/x402/challenge.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";

const accepts = [
  {
    scheme: "exact",
    network: NETWORK,
    amount: "10000",
    asset: ASSET,
    payTo: PAY_TO,
    maxTimeoutSeconds: 300,
    extra: { name: "USDC", version: "2" },
  },
];
const about = { description: "Goods", mimeType: "application/json" };
const URL_OF_GOODS = "https://api.example.com/goods?a=1&b=%20";

const decode = (header: string): unknown => JSON.parse(Buffer.from(header, "base64").toString());

describe("a challenge", () => {
  test("decodes to the specification's shape and nothing else", () => {
    const header = encodeChallenge(buildChallenge(about, accepts, {}), URL_OF_GOODS, "invalid_scheme");
    expect(decode(header)).toEqual({
      x402Version: 2,
      error: "invalid_scheme",
      resource: { url: URL_OF_GOODS, ...about },
      accepts,
    });
  });

  test.each<[object]>([[{}], [{ bazaar: { info: { a: "}}" } } }]])(
    "beside %j may advertise one extension more, of one request",
    (advertised) => {
      const challenge = buildChallenge(about, accepts, advertised as never);
      const before = encodeChallenge(challenge, URL_OF_GOODS, "x");
      const more = encodeChallenge(withExtension(challenge, "more", { info: { n: 1 } }), URL_OF_GOODS, "x");
      expect(decode(more)).toEqual({
        ...(decode(before) as object),
        extensions: { ...advertised, more: { info: { n: 1 } } },
      });
      expect(encodeChallenge(challenge, URL_OF_GOODS, "x")).toBe(before);
    },
  );

  test("is read by the official client", () => {
    const header = encodeChallenge(buildChallenge(about, accepts, {}), URL_OF_GOODS, "x");
    const parsed = PaymentRequiredV2Schema.strict().parse(decodePaymentRequiredHeader(header));
    expect(parsed.accepts).toEqual(accepts);
  });

  test.each([
    ["nothing but its URL", {}],
    ["a description alone", { description: 'a "quoted" \\ text\nwith €' }],
    ["a media type alone", { mimeType: "text/event-stream" }],
  ])("says of the resource %s where no more is configured", (_, given) => {
    const header = encodeChallenge(buildChallenge(given, accepts, {}), URL_OF_GOODS, "");
    expect(decode(header)).toMatchObject({ resource: { url: URL_OF_GOODS, ...given } });
    expect(Object.keys((decode(header) as { resource: object }).resource)).toHaveLength(1 + Object.keys(given).length);
  });

  test("carries a URL and a reason with quotes as they are", () => {
    const header = encodeChallenge(buildChallenge(about, accepts, {}), `${URL_OF_GOODS}"\\`, 'a "reason"');
    expect(decode(header)).toMatchObject({ error: 'a "reason"', resource: { url: `${URL_OF_GOODS}"\\` } });
  });

  test("cuts a reason that is longer than the place that is kept for it", () => {
    const header = encodeChallenge(buildChallenge(about, accepts, {}), URL_OF_GOODS, "e".repeat(500));
    expect(decode(header)).toMatchObject({ error: "e".repeat(128) });
  });

  test("advertises extensions under their names", () => {
    const extensions = { bazaar: { info: { input: { type: "http" } }, schema: {} } };
    const header = encodeChallenge(buildChallenge(about, accepts, extensions), URL_OF_GOODS, "x");
    expect(decode(header)).toMatchObject({ accepts, extensions });
    expect(PaymentRequiredV2Schema.parse(decodePaymentRequiredHeader(header)).extensions).toEqual(extensions);
  });

  test("counts the extensions among the bytes of its fixed part", () => {
    const plain = buildChallenge(about, accepts, {}).fixedBytes;
    expect(buildChallenge(about, accepts, { a: {} }).fixedBytes).toBe(plain + ',"extensions":{"a":{}}'.length);
  });

  test("counts the bytes of its fixed part, not its characters", () => {
    const plain = buildChallenge({ description: "e" }, accepts, {}).fixedBytes;
    expect(buildChallenge({ description: "€" }, accepts, {}).fixedBytes).toBe(plain + 2);
    expect(buildChallenge({ description: "\u0001" }, accepts, {}).fixedBytes).toBe(plain + 5);
  });

  test.each(["e", "€", "😀", '"', "\u0001"])(
    "fits into 4096 bytes with the largest fixed part of %j, the longest URL and the longest reason",
    (unit) => {
      const { fixedBytes: bare } = buildChallenge({ description: "" }, accepts, {});
      const { fixedBytes: one } = buildChallenge({ description: unit }, accepts, {});
      const units = Math.floor((CHALLENGE_FIXED_BYTES_MAX - bare) / (one - bare));
      const rest = CHALLENGE_FIXED_BYTES_MAX - bare - units * (one - bare);
      const challenge = buildChallenge({ description: unit.repeat(units) + "e".repeat(rest) }, accepts, {});
      expect(challenge.fixedBytes).toBe(CHALLENGE_FIXED_BYTES_MAX);
      // Two of the URL's bytes are its quotes.
      const url = `https://h/${"u".repeat(RESOURCE_URL_BYTES_MAX - 12)}`;
      const header = encodeChallenge(challenge, url, "r".repeat(128));
      expect(header.length).toBeGreaterThan(4080);
      expect(header.length).toBeLessThanOrEqual(4096);
    },
  );
});

describe("the challenge for v1 clients", () => {
  const [first] = accepts;
  const base = { ...first, network: "eip155:8453" };
  const body = (...entries: object[]) => {
    const challenge = buildChallenge(about, entries as typeof accepts, {});
    return JSON.parse(`{${encodeV1Challenge(challenge, URL_OF_GOODS)}"error":"x"}`);
  };

  test("has v1's shape, names and nothing else", () => {
    expect(body(...accepts)).toEqual({
      x402Version: 1,
      error: "x",
      accepts: [
        {
          scheme: "exact",
          network: "base-sepolia",
          maxAmountRequired: "10000",
          resource: URL_OF_GOODS,
          ...about,
          payTo: PAY_TO,
          asset: ASSET,
          maxTimeoutSeconds: 300,
          extra: { name: "USDC", version: "2" },
        },
      ],
    });
  });

  test("is read by the official schema of v1", () => {
    expect(PaymentRequiredV1Schema.safeParse(body(...accepts)).success).toBe(true);
    expect(
      PaymentRequiredV1Schema.safeParse(
        JSON.parse(`{${encodeV1Challenge(buildChallenge({}, accepts, {}), "https://h/")}"error":"x"}`),
      ).success,
    ).toBe(true);
  });

  test("says nothing of extensions, which v1 does not have", () => {
    const challenge = buildChallenge(about, accepts, { bazaar: { info: {} } });
    expect(encodeV1Challenge(challenge, URL_OF_GOODS)).toBe(
      encodeV1Challenge(buildChallenge(about, accepts, {}), URL_OF_GOODS),
    );
  });

  test("names each network once, because a v1 payment names no asset", () => {
    expect(body(first ?? {}, { ...first, asset: PAY_TO }, base).accepts).toMatchObject([
      { network: "base-sepolia", asset: ASSET },
      { network: "base" },
    ]);
  });

  test("leaves out what is moved by Permit2, which v1 does not know, wherever it stands", () => {
    const permitted = { ...first, extra: { ...first?.extra, assetTransferMethod: "permit2" } };
    expect(body(permitted, first ?? {}).accepts).toEqual(body(first ?? {}).accepts);
    expect(body(first ?? {}, permitted).accepts).toEqual(body(first ?? {}).accepts);
    expect(body(permitted)).toEqual({ error: "x" });
  });

  test("leaves out what is paid by upto, which v1 does not know, wherever it stands and whatever it says", () => {
    for (const extra of [first?.extra, { ...first?.extra, assetTransferMethod: "permit2" }]) {
      const metered = { ...first, scheme: "upto", extra };
      expect(body(metered, first ?? {}).accepts).toEqual(body(first ?? {}).accepts);
      expect(body(metered)).toEqual({ error: "x" });
    }
  });

  test("leaves out what v1 has no name for, and is absent where nothing is left", () => {
    const optimism = { ...first, network: "eip155:10" };
    expect(body(optimism, base).accepts).toMatchObject([{ network: "base" }]);
    expect(body(optimism)).toEqual({ error: "x" });
  });
});
