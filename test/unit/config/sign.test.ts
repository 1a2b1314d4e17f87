import { describe, expect, test } from "vitest";
import { parseConfig, sentence } from "../../../src/config/index.ts";
import { PAY_TO } from "../../support/payment.ts";

const key = { keyId: "k1", algorithm: "ed25519", key: "{{SIGNING_KEY}}" };

const compile = (sign: unknown, upstreams: object = {}) =>
  parseConfig({
    upstream: { url: "https://h.example", sign },
    upstreams,
    payTo: PAY_TO,
    accepts: ["base"],
    facilitators: ["https://f.example"],
    routes: { "/a": "$1", ...(Object.keys(upstreams).length > 0 && { "/b": { price: "$1", upstream: "other" } }) },
  });

const mistakesOf = (...args: Parameters<typeof compile>): readonly string[] => {
  const config = compile(...args);
  return config.ok ? [] : config.error.map(sentence);
};

describe("an upstream's requests are signed", () => {
  test.each([
    ["by one key", key, [key]],
    ["by the first of a list", [{ ...key, keyId: "k2" }, key], [{ ...key, keyId: "k2" }, key]],
    ["by none where the table names none", undefined, []],
  ])("%s", (_, sign, keys) => {
    const config = compile(sign);
    expect(config.ok && config.value.upstreams[0]?.sign).toEqual(keys);
  });

  test("by a key that signs for another one too", () => {
    expect(mistakesOf(key, { other: { url: "https://o.example", sign: key } })).toEqual([]);
  });
});

describe("a signing key is a mistake", () => {
  const noSecret = "write a secret's name such as {{SIGNING_KEY}}; no key belongs into this file";

  test.each([
    [
      "that stands in the table itself, which is not repeated",
      { ...key, key: "MC4CAQ" },
      `upstream.sign.key: ${noSecret}`,
    ],
    ["that stands in a list of the table", [{ ...key, key: "MC4CAQ" }], `upstream.sign[0].key: ${noSecret}`],
    [
      "of an algorithm that is not known",
      { ...key, algorithm: "rsa" },
      'upstream.sign.algorithm: write "ed25519" or "hmac-sha256"',
    ],
    [
      "whose id would end the header",
      { ...key, keyId: 'k"1' },
      "upstream.sign.keyId: write 1 to 64 letters, digits, - . _ : and ~",
    ],
    ["where a list has none", [], "upstream.sign: write at least one signing key"],
    [
      "where it is a text, which is not repeated",
      "MC4CAQ",
      "upstream.sign: write a signing key, or a list of them of which the first one signs",
    ],
  ])("%s", (_, sign, mistake) => {
    expect(mistakesOf(sign)).toEqual([mistake]);
  });

  test("that has the id of another one", () => {
    const mistake = "upstream: the keyId k1 stands for two keys; rename one";
    expect(mistakesOf([key, { ...key, key: "{{OTHER}}" }])).toEqual([mistake]);
    expect(mistakesOf(key, { other: { url: "https://o.example", sign: { ...key, key: "{{OTHER}}" } } })).toEqual([
      mistake,
    ]);
  });
});
