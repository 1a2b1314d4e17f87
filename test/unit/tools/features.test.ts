import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import whole from "../../../src/features.ts";
import { featuresText, writeFeatures } from "../../../tools/features.ts";
import { parsed } from "../config/table.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-features-"));
afterAll(() => rmSync(directory, { recursive: true }));

const cdp = { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" } };
const plain = parsed();
const withKey = parsed({
  routes: { "/a": "$1", "/b": { price: "$1", facilitators: [{ url: "https://f.example", auth: cdp }] } },
});

async function built(config: typeof plain, name: string): Promise<typeof whole> {
  const file = join(directory, name);
  writeFeatures(config, file);
  return (await import(file)).default;
}

describe("a bundle is built with", () => {
  test("no optional part for a table that needs none", async () => {
    expect(new Set(Object.values(await built(plain, "none.ts")))).toEqual(new Set([null]));
    expect(featuresText(plain)).not.toContain("import");
  });

  test("what settles with an account of its own, where one does", async () => {
    const direct = { key: "{{RELAYER_KEY}}", network: "base", rpc: "https://rpc.example" };
    const features = await built(parsed({ accepts: ["base"], facilitators: [{ direct }] }), "direct.ts");
    expect(features).toMatchObject({ openDirect: expect.any(Function), RelayerObject: expect.any(Function) });
    expect(features.buildCdpAuth).toBeNull();
  });

  test("what asks an RPC of Solana, where it has one", async () => {
    const rpc = new Map([["solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", ["https://rpc.example"]]]);
    const features = await built({ ...plain, rpc }, "solana.ts");
    expect(features.buildSolanaChain).toEqual(expect.any(Function));
    expect((await built(parsed({ rpc: { base: "https://rpc.example" } }), "base.ts")).buildSolanaChain).toBeNull();
  });

  test.each([
    ["the request", { by: { query: "m" }, table: { a: "$1" } }],
    ["what the API says", { quote: "/quote", max: "$1" }],
  ])("what sells at a price that follows %s, where one does", async (name, price) => {
    const features = await built(parsed({ routes: { "/a": "$1", "/b": price } }), `${name.length}.ts`);
    expect(features).toMatchObject({ sellComputed: expect.any(Function), buildCdpAuth: null });
  });

  test.each<[string, object]>([
    ["a route", { upto: "$1", meter: [{ usd: "1", per: "1K", of: "units" }] }],
    [
      "one entry of a price that follows the request",
      { by: { query: "m" }, table: { a: "free", b: { upto: "$1", meter: [{ usd: "1", per: "1K", of: "units" }] } } },
    ],
  ])("what sells at a price that follows use, where %s does", async (name, price) => {
    const features = await built(parsed({ routes: { "/a": "$1", "/b": price } }), `use-${name.length}.ts`);
    expect(features).toMatchObject({ metering: { serve: expect.any(Function) }, buildCdpAuth: null });
    expect((await built(parsed({ routes: { "/a": "$1" } }), "no-use.ts")).metering).toBeNull();
  });

  test("what one route needs, under the names of the whole", async () => {
    const features = await built(withKey, "one.ts");
    expect(features.buildCdpAuth).toEqual(expect.any(Function));
    expect(Object.keys(features)).toEqual(Object.keys(whole));
  });
});

test("the file is written where it says something else, and in one step", () => {
  const file = join(directory, "deep/er/features.ts");
  writeFeatures(plain, file);
  const { mtimeMs, ino } = statSync(file);
  writeFeatures(plain, file);
  expect(statSync(file)).toMatchObject({ mtimeMs, ino });
  writeFeatures(withKey, file);
  expect(readFileSync(file, "utf8")).toBe(featuresText(withKey));
  // Another file has taken its place: whoever was reading the one before reads it to its end.
  expect(statSync(file).ino).not.toBe(ino);
  expect(readdirSync(join(directory, "deep/er"))).toEqual(["features.ts"]);
});
