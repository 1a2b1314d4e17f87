// Two thousand worlds, and that a world is its seed: the same one takes the same steps, whatever ran before it.
// `FAREGATE_SIMULATION_SEEDS` asks for another number of them.

import { describe, expect, test } from "vitest";
import { missing } from "./report.ts";
import { runSeed } from "./run.ts";
import { Tally } from "./tally.ts";

const SEEDS = Number(process.env["FAREGATE_SIMULATION_SEEDS"] ?? 2_000);

describe("a world", () => {
  test("holds every invariant in each of many seeds, and none of them is quiet", async () => {
    const tally = new Tally();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = await runSeed(seed, tally);
      if (!run.ok) throw new Error(run.story);
    }
    expect(missing(tally, SEEDS)).toEqual([]);
  }, 300_000);

  test.each([1, 17, 404])("of seed %i happens again as it happened", async (seed) => {
    const once = await runSeed(seed, new Tally());
    await runSeed(seed + 1, new Tally());
    expect(await runSeed(seed, new Tally())).toEqual(once);
    expect(once).toMatchObject({ ok: true });
  });
});
