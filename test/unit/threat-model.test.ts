// docs/threat-model.md names the tests that hold each defence; those tests are there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cellsOf, mistakesOfHeld, sourcesOf } from "../support/held-tests.ts";

const HEAD = "| attack | defence | held by |";
const text = readFileSync(join(import.meta.dirname, "../../docs/threat-model.md"), "utf8");
const chapters = text
  .split(/^## /m)
  .slice(1)
  .filter((chapter) => chapter.includes(HEAD));
const rows = chapters.flatMap((chapter) => cellsOf(chapter, HEAD));
const sources = sourcesOf(rows.map(([, , heldBy = ""]) => heldBy));

describe("docs/threat-model.md", () => {
  test("has a table for every kind of attack, and a link to each", () => {
    expect(chapters.map((chapter) => chapter.split("\n")[0])).toEqual([
      "Paths",
      "Hosts",
      "Methods",
      "Headers and framing",
      "Prices that follow the request",
      "Payments",
      "What was paid for",
      "Facilitators and chains",
      "Work per unpaid byte",
      "Answers and caches",
      "Pages of other origins",
    ]);
    const linked = [...text.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, anchor]) => anchor);
    const anchors = [...text.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
    expect(linked).toEqual(anchors);
    expect(rows.length).toBeGreaterThan(80);
  });

  test.each(rows)("is held to what it says of this attack: %s", (attack = "", defence = "", heldBy = "") => {
    expect(attack).not.toBe("");
    expect(defence).not.toBe("");
    expect(mistakesOfHeld(heldBy, sources)).toEqual([]);
  });
});
