import { describe, expect, test } from "vitest";
import { fillSecrets, holdsKey, missingSecret, redacted } from "../../../src/std/index.ts";

const KEY = "1a".repeat(32);

describe("what may be a key", () => {
  test.each([
    ["alone", KEY, "…"],
    ["with its prefix, in capitals", `0X${KEY.toUpperCase()}`, "…"],
    ["within a sentence", `the key is 0x${KEY}.`, "the key is …."],
    ["twice", `${KEY} ${KEY}`, "… …"],
    ["with digits lost, or too many", `${KEY.slice(16)} ${KEY}${KEY}`, "… …"],
  ])("is left out of a text: %s", (_, text, expected) => {
    expect(redacted(text)).toBe(expected);
    expect(holdsKey(text)).toBe(true);
  });

  test("is no address, and nothing else that a table has", () => {
    for (const text of [`0x${"1a".repeat(20)}`, "https://rpc.example/{{RPC_KEY}}", "", KEY.slice(17)]) {
      expect(redacted(text)).toBe(text);
      expect(holdsKey(text)).toBe(false);
    }
  });

  test("is not repeated where a URL says who asks", () => {
    expect(redacted("it says https://me:secret@h.example/a, or //key@h")).toBe(
      "it says https://…@h.example/a, or //…@h",
    );
    expect(redacted("https://h.example/@a")).toBe("https://h.example/@a");
  });

  test("is not repeated as the name of a secret that is missing", () => {
    const filled = fillSecrets([["rpc", `https://rpc.example/{{${KEY}}}`]], {});
    const names = filled.ok ? [] : filled.error;
    expect(names).toEqual([KEY]);
    expect(missingSecret(KEY)).toBe(
      "the secret … is missing: npx wrangler secret put … --env ENV (locally: …=… npm start)",
    );
  });
});
