import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fingerprintOf, type Purchase } from "../../../src/ledger/fingerprint.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const purchase: Purchase = {
  method: "POST",
  host: "api.example.com",
  path: "/v1/reports",
  query: "?a=1",
  contentType: "application/json",
  contentLength: "2",
  body: bytes("{}"),
  part: null,
  said: null,
};
const fingerprint = await fingerprintOf(purchase);

describe("a fingerprint", () => {
  test("is a SHA-256 in hexadecimal of what was bought and of the body's own", () => {
    const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
    const { body: _, part: __, said: ___, ...bought } = purchase;
    expect(fingerprint).toBe(sha256(JSON.stringify([Object.entries(bought).sort(), sha256("{}")])));
  });

  test("stays what it is in the books from one release to the next", () => {
    expect(fingerprint).toBe("ed587c36804b7e6392855df3e170b0ea843584bb8b92e1b97a7e9e774ae65df7");
  });

  test("is the same for the same purchase, in whatever order it is told", async () => {
    const reversed = Object.fromEntries(Object.entries({ ...purchase, body: bytes("{}") }).reverse());
    expect(await fingerprintOf(reversed as unknown as Purchase)).toBe(fingerprint);
  });

  test.each<[keyof Purchase, unknown]>([
    ["method", "PUT"],
    ["host", "other.example.com"],
    ["path", "/v1/reports/"],
    ["query", ""],
    ["contentType", "text/plain"],
    ["contentType", null],
    ["contentLength", "3"],
    ["contentLength", null],
    ["body", bytes("[]")],
    ["body", bytes("")],
    ["body", null],
    ["part", ["bytes=0-1", null]],
    ["said", ""],
    ["said", "large"],
  ])("is another one with another %s", async (name, value) => {
    expect(await fingerprintOf({ ...purchase, [name]: value })).not.toBe(fingerprint);
  });

  test("tells one part from another, and one of this from one of whatever is newer", async () => {
    const parts = [
      ["bytes=0-1", null],
      ["bytes=0-2", null],
      ["bytes=0-1", '"a"'],
      ["bytes=0-1", '"b"'],
    ] as const;
    const told = await Promise.all(parts.map((part) => fingerprintOf({ ...purchase, part })));
    expect(new Set(told).size).toBe(parts.length);
  });

  test("tells an empty body from one that is not part of it", async () => {
    const [empty, streamed] = [
      { ...purchase, body: bytes("") },
      { ...purchase, body: null },
    ];
    expect(await fingerprintOf(empty)).not.toBe(await fingerprintOf(streamed));
  });

  test("does not run neighbours together", async () => {
    const [one, other] = [
      { ...purchase, path: "/a?b", query: "" },
      { ...purchase, path: "/a", query: "?b" },
    ];
    expect(await fingerprintOf(one)).not.toBe(await fingerprintOf(other));
  });
});
