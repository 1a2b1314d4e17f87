import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, findBlock, parseBlock } from "../../../src/chain/blocks.ts";
import type { Ask } from "../../../src/chain/rpc.ts";
import { ok } from "../../../src/std/index.ts";

interface Asked {
  readonly ask: Ask;
  readonly batches: number[];
}

/** An RPC whose blocks have these times in seconds. */
function askOf(timeOf: (block: number) => number): Asked {
  const batches: number[] = [];
  const ask: Ask = async (calls) => {
    batches.push(calls.length);
    return ok(calls.map(({ params: [tag] }) => ({ number: tag, timestamp: `0x${timeOf(Number(tag)).toString(16)}` })));
  };
  return { ask, batches };
}

const headOf = (number: number, timeOf: (block: number) => number): Block => ({
  number,
  timeMs: timeOf(number) * 1000,
});

describe("the last block at or before a time", () => {
  test("is found in any chain whose times do not fall, and at most so many blocks too early as is allowed", async () => {
    const steps = fc.array(fc.nat(3), { minLength: 1, maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 90, max: 1300 }), fc.nat(40), async (gaps, seconds, slack) => {
        let time = 100;
        const times = gaps.map((gap) => (time += gap));
        const timeOf = (block: number): number => times[block] as number;
        const head = headOf(times.length - 1, timeOf);
        const found = await findBlock(askOf(timeOf).ask, head, seconds * 1000, slack);
        const exact = Math.max(
          times.findLastIndex((each) => each <= seconds),
          0,
        );
        if (!found.ok) throw new Error(found.error.detail);
        expect(found.value).toBeLessThanOrEqual(exact);
        expect(found.value).toBeGreaterThanOrEqual(exact - slack);
      }),
    );
  });

  const base = (block: number): number => 1_600_000_000 + 2 * block;

  test.each([
    ["ten minutes ago, roughly", 300, 1024, 2],
    ["an hour ago, roughly", 1800, 1024, 3],
    ["an hour ago, exactly", 1800, 0, 6],
    ["years ago, exactly", 29_000_000, 0, 9],
  ])("takes few questions in a chain of thirty million: %s", async (_, blocksAgo, slack, questions) => {
    const { ask, batches } = askOf(base);
    const head = headOf(30_000_000, base);
    const found = await findBlock(ask, head, base(head.number - blocksAgo) * 1000, slack);
    expect(found).toMatchObject({ ok: true });
    expect(batches.length).toBeLessThanOrEqual(questions);
    expect(Math.max(...batches)).toBeLessThanOrEqual(8);
  });

  test("is the head where the head is not after it, without a question", async () => {
    const { ask, batches } = askOf(base);
    expect(await findBlock(ask, headOf(50, base), base(50) * 1000, 0)).toEqual(ok(50));
    expect(batches).toEqual([]);
  });

  test("is the first one where the chain began later", async () => {
    expect(await findBlock(askOf(base).ask, headOf(50, base), 0, 0)).toEqual(ok(0));
    expect(await findBlock(askOf(base).ask, headOf(0, base), 0, 0)).toEqual(ok(0));
  });
});

describe("an RPC is not believed", () => {
  const head: Block = { number: 5000, timeMs: 5_000_000 };
  const unordered: Ask = async (calls) =>
    ok(calls.map(({ params: [tag] }, i) => ({ number: tag, timestamp: `0x${(1000 - i).toString(16)}` })));
  const future: Ask = async (calls) => ok(calls.map(({ params: [tag] }) => ({ number: tag, timestamp: "0xffffff" })));
  const others: Ask = async (calls) => ok(calls.map(() => ({ number: "0x1", timestamp: "0x1" })));
  const none: Ask = async (calls) => ok(calls.map(() => null));

  test.each([
    ["whose times fall", unordered],
    ["whose blocks are after its head", future],
    ["that has other blocks", others],
    ["that has no blocks", none],
  ])("%s", async (_, ask) => {
    expect(await findBlock(ask, head, 1_500_000, 0)).toMatchObject({ ok: false, error: { kind: "broken" } });
  });

  test.each([
    ["nothing", null],
    ["no number", { timestamp: "0x1" }],
    ["no time", { number: "0x1" }],
    ["a time that no clock of ours reaches", { number: "0x1", timestamp: "0xa026aacb84aa0" }],
    ["a time in words", { number: "0x1", timestamp: "today" }],
  ])("that has %s for a block", (_, value) => {
    expect(parseBlock(value)).toBeNull();
  });
});
