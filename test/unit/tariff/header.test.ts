import { describe, expect, test } from "vitest";
import { readHeader } from "../../../src/tariff/header.ts";

const read = (headers: [string, string][]): string => {
  const found = readHeader(new Headers(headers), "x-tier");
  return found.kind === "value" ? `= ${found.value}` : found.kind;
};

describe("a header", () => {
  test.each<[string, [string, string][], string]>([
    ["that stands there once", [["X-Tier", "gold"]], "= gold"],
    ["with spaces around", [["x-tier", " gold "]], "= gold"],
    ["that is not there", [["x-other", "gold"]], "missing"],
    [
      "twice",
      [
        ["x-tier", "gold"],
        ["X-TIER", "basic"],
      ],
      "ambiguous",
    ],
    ["with a comma", [["x-tier", "gold, basic"]], "ambiguous"],
    ["that is empty", [["x-tier", ""]], "ambiguous"],
    [
      "beside one that CGI reads alike",
      [
        ["x-tier", "basic"],
        ["x_tier", "gold"],
      ],
      "ambiguous",
    ],
    ["in another spelling alone", [["x_tier", "gold"]], "ambiguous"],
    [
      "that Connection takes away",
      [
        ["x-tier", "basic"],
        ["connection", "close, X-Tier"],
      ],
      "ambiguous",
    ],
    [
      "that Connection takes away in another spelling",
      [
        ["x-tier", "basic"],
        ["connection", "x_tier"],
      ],
      "ambiguous",
    ],
    [
      "beside a Connection that takes others away",
      [
        ["x-tier", "basic"],
        ["connection", "close"],
      ],
      "= basic",
    ],
  ])("%s is read so", (_, headers, said) => {
    expect(read(headers)).toBe(said);
  });
});
