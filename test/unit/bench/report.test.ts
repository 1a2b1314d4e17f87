import { expect, test } from "vitest";
import { replacePart } from "../../../bench/docs.ts";
import { table } from "../../../bench/report.ts";

test("a table is Markdown that can be read as it is", () => {
  const rows = [
    ["", "requests/s"],
    ["the limit", "6,490"],
    ["Faregate", "12"],
  ];
  expect(table(rows).split("\n")).toEqual([
    "|           | requests/s |",
    "| --------- | ---------: |",
    "| the limit |      6,490 |",
    "| Faregate  |         12 |",
  ]);
});

test("only the part that was measured is written anew", () => {
  const page = "a\n<!-- bench: scale -->\nold\n<!-- bench: end of scale -->\nb\n<!-- bench: compare -->\nkept";
  expect(replacePart(page, "scale", "new")).toBe(
    "a\n<!-- bench: scale -->\n\nnew\n\n<!-- bench: end of scale -->\nb\n<!-- bench: compare -->\nkept",
  );
});

test("a part that the page has no place for is an error", () => {
  expect(() => replacePart("nothing", "delays", "new")).toThrow("no place");
});
