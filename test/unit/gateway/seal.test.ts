import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeId, encodeId, openSealed, type Seal, sealId } from "../../../src/gateway/seal.ts";

const seal: Seal = { sign: async (text) => createHmac("sha256", "the gate's key").update(text).digest("base64url") };
const keyless: Seal = { sign: async () => null };
const PURPOSES = ["payment", "redeem"] as const;

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const ids = fc
  .tuple(fc.nat(), hex(40), hex(40), hex(64))
  .map(([chain, asset, payer, nonce]) => `eip155:${chain}|0x${asset}|0x${payer}|0x${nonce}`);
const id = `eip155:84532|0x${"03".repeat(20)}|0x${"85".repeat(20)}|0x${"a1".repeat(32)}`;
const sealed = (purpose: "payment" | "redeem", text = id) => sealId(seal, purpose, text) as Promise<string>;

describe("what the gate hands out", () => {
  test("is what it takes back, for the same purpose alone", async () => {
    await fc.assert(
      fc.asyncProperty(ids, fc.constantFrom(...PURPOSES), async (text, purpose) => {
        const [other] = PURPOSES.filter((one) => one !== purpose);
        const out = await sealed(purpose, text);
        expect(await openSealed(seal, purpose, out)).toBe(text);
        expect(await openSealed(seal, other ?? purpose, out)).toBeNull();
      }),
    );
  });

  test("can stand in a path and in a header as it is", async () => {
    await fc.assert(
      fc.asyncProperty(ids, async (text) => {
        expect(await sealed("payment", text)).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
      }),
    );
  });

  test("opens nothing with any character changed, added or left out", async () => {
    const out = await sealed("redeem");
    const character = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=/+ ");
    const changes = fc.constantFrom<(i: number, other: string) => string>(
      (i, other) => out.slice(0, i) + other + out.slice(i + 1),
      (i, other) => out.slice(0, i) + other + out.slice(i),
      (i) => out.slice(0, i) + out.slice(i + 1),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(out.length - 1), character, changes, async (i, other, change) => {
        const changed = change(i, other);
        fc.pre(changed !== out);
        expect(await openSealed(seal, "redeem", changed)).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  test("is compared to its end, wherever a guess is wrong: the time tells nothing of it", async () => {
    const [, mac = ""] = (await sealed("redeem")).split(".");
    const readOf = async (guess: string): Promise<number> => {
      const read = new Set<number>();
      const watched = Object.assign(Object(mac), {
        charCodeAt(i: number) {
          read.add(i);
          return mac.charCodeAt(i);
        },
      });
      expect(await openSealed({ sign: async () => watched }, "redeem", `${encodeId(id)}.${guess}`)).toBeNull();
      return read.size;
    };
    const wrongAt = (i: number): string => `${mac.slice(0, i)}${mac[i] === "A" ? "B" : "A"}${mac.slice(i + 1)}`;
    for (const guess of [wrongAt(0), wrongAt(20), wrongAt(mac.length - 1), "A"]) {
      expect(await readOf(guess)).toBe(mac.length);
    }
  });

  test("opens nothing with the MAC of another payment, or of none", async () => {
    const [, mac = ""] = (await sealed("redeem", `${id}0`)).split(".");
    for (const text of [`${encodeId(id)}.${mac}`, `${encodeId(id)}.`, `${encodeId(id)}`, `.${mac}`, "", ".", ".."]) {
      expect(await openSealed(seal, "redeem", text), text).toBeNull();
    }
  });

  test("opens nothing with more behind it", async () => {
    const out = await sealed("redeem");
    for (const text of [`${out}.`, `${out}.x`, `${out}..`])
      expect(await openSealed(seal, "redeem", text), text).toBeNull();
  });

  test("has the gate's key asked for where there is a MAC to compare, and not before", async () => {
    const asked: string[] = [];
    const sign = async (text: string): Promise<null> => {
      asked.push(text);
      return null;
    };
    for (const text of [encodeId(id), `${encodeId(id)}.`, `${encodeId(id)}.a.b`, ".a", "!.a"])
      expect(await openSealed({ sign }, "redeem", text)).toBeNull();
    expect(asked).toEqual([]);
    await openSealed({ sign }, "redeem", `${encodeId(id)}.a`);
    expect(asked).toEqual([`redeem:${id}`]);
  });

  test("is nothing while the gate's own key cannot be had, and opens nothing then", async () => {
    const out = await sealed("redeem");
    expect(await sealId(keyless, "redeem", id)).toBeNull();
    expect(await openSealed(keyless, "redeem", out)).toBeNull();
  });
});

describe("a payment's id in base64url", () => {
  test("is read back", () => {
    fc.assert(fc.property(ids, (text) => decodeId(encodeId(text)) === text));
  });

  test("is as long as ids may be", () => {
    for (const text of ["a|b|c|de", `a|b|c|${"d".repeat(294)}`]) expect(decodeId(encodeId(text))).toBe(text);
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["padding", `${btoa("ab")}`],
    ["the other alphabet", "a+b/"],
    ["a length that no text has", "abcde"],
    ["bits beyond the text", encodeId("a|b|c|de").replace(/U$/, "V")],
    ["a space in the text", encodeId("a b")],
    ["a control character in the text", encodeId("a\nb")],
    ["letters that are not ASCII", encodeId("\u00e9")],
    ["more than any id", encodeId(`a|b|c|${"d".repeat(297)}`)],
  ])("is none with %s", (_, text) => {
    expect(decodeId(text)).toBeNull();
  });
});
