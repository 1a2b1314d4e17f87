import { describe, expect, test } from "vitest";
import { isLoop } from "../../../src/upstream/index.ts";

const via = (value: string): Headers => new Headers({ via: value });
const times = (count: number, entry = "1.1 faregate"): string => Array(count).fill(entry).join(", ");

describe("a request loops", () => {
  test.each([
    ["four gates", times(4)],
    ["forty", times(40)],
    ["four gates among others", `1.0 fred, ${times(4, "1.1 faregate, HTTP/2 cdn.example (x)")}`],
    ["four gates in capitals, with comments and white space", times(4, "HTTP/1.1\t FareGate (edge)")],
  ])("when it came through %s", (_, value) => {
    expect(isLoop(via(value))).toBe(true);
  });
});

describe("a request may go on", () => {
  test.each([
    ["one gate", times(1)],
    ["three gates", times(3)],
    ["proxies with other names", times(9, "1.1 faregate.example, 1.1 notfaregate, faregate 1.1")],
    ["nothing that can be read", ", ,,"],
  ])("when it came through %s", (_, value) => {
    expect(isLoop(via(value))).toBe(false);
  });

  test("when it came straight from its client", () => {
    expect(isLoop(new Headers())).toBe(false);
  });
});
