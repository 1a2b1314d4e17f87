import { createPrivateKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCdpKey } from "../../../src/facilitator/cdp-key.ts";
import { newEc, newEd25519 } from "../../support/cdp.ts";

const ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** The shortest key of SEC 1, without its curve and its public part, around these 32 bytes. */
const scalar = (hex: string): string => pem("EC PRIVATE KEY", Buffer.from(`30250201010420${hex}`, "hex"));

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----\n`;

const derOf = (text: string): Buffer => Buffer.from(text.replaceAll(/-----[A-Z ]+-----|\s/g, ""), "base64");

describe("a key of Coinbase CDP", () => {
  test.each([
    ["Ed25519", "EdDSA", newEd25519()],
    ["EC in SEC 1", "ES256", newEc("sec1")],
    ["EC in PKCS#8", "ES256", newEc("pkcs8")],
  ])("(%s) is read as one that signs for its public key", (_, algorithm, { secret, publicKey }) => {
    const key = readCdpKey(secret) ?? expect.fail("it is none");
    expect(key.algorithm).toBe(algorithm);
    const privateKey = createPrivateKey({ key: Buffer.from(key.pkcs8), format: "der", type: "pkcs8" });
    const hash = algorithm === "EdDSA" ? null : "sha256";
    expect(verify(hash, Buffer.from("text"), publicKey, sign(hash, Buffer.from("text"), privateKey))).toBe(true);
  });

  test.each([
    ["the smallest", `${"0".repeat(63)}1`],
    ["the largest", `${ORDER.slice(0, -1)}0`],
  ])("may be %s that there is", (_, hex) => {
    expect(readCdpKey(scalar(hex))?.algorithm).toBe("ES256");
  });
});

/** Object ids, the first of keys on elliptic curves. */
const [EC_KIND, OTHER_KIND] = ["2a8648ce3d0201", "2a8648ce3d0202"];
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const ed25519 = generateKeyPairSync("ed25519").privateKey;
const { secret: sec1, publicKey } = newEc("sec1");
const { secret: pkcs8 } = newEc("pkcs8");
const changed = (text: string, label: string, change: (der: Buffer) => Uint8Array): string =>
  pem(label, change(derOf(text)));

describe("no key of Coinbase CDP is", () => {
  test.each<[string, string]>([
    ["an empty text", ""],
    ["a text that is no base64", "organizations/0e1f/apiKeys/4a5b"],
    ["an Ed25519 seed alone", Buffer.alloc(32, 1).toString("base64")],
    ["a byte too much", Buffer.alloc(65, 1).toString("base64")],
    ["base64 with a line break in it", `${newEd25519().secret.slice(0, 40)}\n${newEd25519().secret.slice(40)}`],
    ["an EC key of another curve in SEC 1", newEc("sec1", "secp256k1").secret],
    ["a longer EC key in SEC 1", newEc("sec1", "P-384").secret],
    ["an EC key of another curve in PKCS#8", newEc("pkcs8", "secp256k1").secret],
    ["an Ed25519 key in PKCS#8", String(ed25519.export({ type: "pkcs8", format: "pem" }))],
    [
      "a key of another kind on the curve",
      changed(pkcs8, "PRIVATE KEY", (der) => Buffer.from(der.toString("hex").replace(EC_KIND, OTHER_KIND), "hex")),
    ],
    ["an RSA key in PKCS#8", String(rsa.export({ type: "pkcs8", format: "pem" }))],
    ["an RSA key in PKCS#1", String(rsa.export({ type: "pkcs1", format: "pem" }))],
    ["a public key", String(publicKey.export({ type: "spki", format: "pem" }))],
    ["a file that is encrypted", sec1.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n")],
    ["a file without a key", "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n"],
    ["a file of a key with another label", sec1.replaceAll("EC PRIVATE KEY", "OPENSSH PRIVATE KEY")],
    ["one that was cut off", changed(sec1, "EC PRIVATE KEY", (der) => der.subarray(0, -1))],
    ["one with something behind it", changed(sec1, "EC PRIVATE KEY", (der) => Buffer.concat([der, Buffer.of(0, 0)]))],
    ["one in PKCS#8 that was cut off", changed(pkcs8, "PRIVATE KEY", (der) => der.subarray(0, -1))],
    ["zero", scalar("0".repeat(64))],
    ["one that is no number of the curve's", scalar(ORDER)],
  ])("%s", (_, text) => {
    expect(readCdpKey(text)).toBeNull();
  });

  test("any other bytes, which are read without a word", () => {
    const labels = fc.constantFrom("EC PRIVATE KEY", "PRIVATE KEY");
    const near = fc.tuple(fc.constantFrom(derOf(sec1), derOf(pkcs8)), fc.nat(200), fc.integer({ min: 1, max: 255 }));
    const flipped = near.map(([der, at, by]) => {
      const bytes = Uint8Array.from(der);
      const i = at % bytes.length;
      bytes[i] = (bytes[i] ?? 0) ^ by;
      return bytes;
    });
    fc.assert(
      fc.property(labels, fc.oneof(fc.uint8Array({ maxLength: 300 }), flipped), (label, bytes) => {
        const key = readCdpKey(pem(label, bytes));
        // What is read can be imported, however it was damaged.
        if (key) createPrivateKey({ key: Buffer.from(key.pkcs8), format: "der", type: "pkcs8" });
      }),
      { numRuns: 500 },
    );
  });
});
