import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyHint, readSigningKey } from "../../../src/upstream/index.ts";
import { type Component, signatureBase, signatureParams, signWith } from "../../../src/upstream/signature.ts";
import { NEW_ED25519, RFC_ED25519, SHARED_SECRET } from "../../support/signing-keys.ts";

const date: Component = ["date", "Tue, 20 Apr 2021 02:07:55 GMT"];
const authority: Component = ["@authority", "example.com"];
const type: Component = ["content-type", "application/json"];

/** RFC 9421 appendix B.2. */
const vectors = [
  {
    section: "B.2.5",
    algorithm: "hmac-sha256",
    key: SHARED_SECRET,
    components: [date, authority, type],
    parameters: ';created=1618884473;keyid="test-shared-secret"',
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ],
    signature: "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
  },
  {
    section: "B.2.6",
    algorithm: "ed25519",
    key: RFC_ED25519,
    components: [date, ["@method", "POST"], ["@path", "/foo"], authority, type, ["content-length", "18"]],
    parameters: ';created=1618884473;keyid="test-key-ed25519"',
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ],
    signature: "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
  },
] as const;

test.each(vectors)("a request is signed as RFC 9421 $section signs it", async (vector) => {
  const { algorithm, key, components, parameters, base, signature } = vector;
  const text = signatureBase(components, signatureParams(components, parameters));
  expect(text).toBe(base.join("\n"));
  const sign = signWith({ algorithm, bytes: readSigningKey(algorithm, key) ?? expect.fail() });
  expect(await sign(text)).toBe(signature);
  expect(await sign(text)).toBe(signature);
});

const pkcs8 = Buffer.from(RFC_ED25519, "base64");
const pem = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).export({ format: "pem", type: "pkcs8" });
const jwkOf = (changes: object): string => JSON.stringify({ ...JSON.parse(NEW_ED25519), ...changes });
const x25519 = generateKeyPairSync("x25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

describe("a signing key is read", () => {
  test.each([
    ["PKCS#8 in base64", RFC_ED25519],
    ["the same with a line feed at its end", `${RFC_ED25519}\n`],
    ["a PEM file", String(pem)],
    ["a JWK", jwkOf({ d: pkcs8.subarray(16).toString("base64url") })],
    [
      "a JWK with the public part of another, which is not read",
      jwkOf({ d: pkcs8.subarray(16).toString("base64url"), x: "AA" }),
    ],
  ])("from %s", (_, text) => {
    expect(readSigningKey("ed25519", text)).toEqual(new Uint8Array(pkcs8));
  });

  test("from base64 of at least 32 bytes, for HMAC", () => {
    expect(readSigningKey("hmac-sha256", SHARED_SECRET)).toHaveLength(64);
  });
});

describe("no signing key is", () => {
  test.each([
    ["nothing", ""],
    ["a word", "secret"],
    ["a key of another curve", x25519],
    ["a shared secret", SHARED_SECRET],
    ["JSON that is none", "{"],
    ["a JWK of another type", jwkOf({ kty: "EC" })],
    ["a JWK of another curve", jwkOf({ crv: "X25519" })],
    ["a public JWK", jwkOf({ d: undefined })],
    ["a JWK whose key is too short", jwkOf({ d: "AAAA" })],
  ])("%s, for Ed25519", (_, text) => {
    expect(readSigningKey("ed25519", text)).toBeNull();
  });

  test.each([
    ["nothing", ""],
    ["31 bytes", Buffer.alloc(31, 1).toString("base64")],
    ["a text that is no base64", "not base64 but long enough to be a key if it were"],
  ])("%s, for HMAC", (_, text) => {
    expect(readSigningKey("hmac-sha256", text)).toBeNull();
  });

  test("left without a word about what would be one", () => {
    expect(keyHint("ed25519")).toContain("PKCS#8");
    expect(keyHint("hmac-sha256")).toContain("base64");
  });
});
