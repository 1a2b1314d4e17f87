import { describe, expect, test } from "vitest";
import { formatPayment, isPayment, parseRequestLine } from "../../../tools/payment-line.ts";

const settled = {
  event: "request",
  requestId: "1",
  method: "GET",
  host: "127.0.0.1:8787",
  path: "/v1/quotes/ETH",
  route: "GET /v1/quotes/:symbol",
  outcome: "settled",
  status: 200,
  transaction: `0x${"ab".repeat(32)}`,
  network: "eip155:84532",
  asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  amount: "1000",
  payer: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  durationMs: 12,
  steps: { verify: 3 },
};
const observed = { ...settled, outcome: "passed", observed: [{ amount: "2000" }], payer: undefined, amount: undefined };
const free = { ...settled, outcome: "passed", payer: undefined, amount: undefined, transaction: undefined };

const read = (line: object) => parseRequestLine(JSON.stringify(line)) ?? expect.fail("it is no line about a request");
const at = new Date(2026, 0, 1, 12, 34, 56);
const written = (line: object) => formatPayment(read(line), at).replace(/ {2,}/g, "  ");

test("a request with money is one line for people", () => {
  expect(written(settled)).toBe(
    "12:34:56  $0.001000  200  12 ms  GET /v1/quotes/ETH  0x7099…79C8  settled 0xabab…abab",
  );
  expect(
    written({ ...settled, outcome: "payment_refused", status: undefined, transaction: undefined, reason: "late" }),
  ).toBe("12:34:56  $0.001000  12 ms  GET /v1/quotes/ETH  0x7099…79C8  payment_refused late");
});

test("a price that was only observed is told as one", () => {
  expect(written({ ...observed, transaction: undefined })).toBe(
    "12:34:56  $0.002000  200  12 ms  GET /v1/quotes/ETH  observed, passed",
  );
});

test("the most that a metered call could cost is told as that, and beside the same column", () => {
  const { amount: max, ...rest } = settled;
  const served = { ...rest, outcome: "served", max: "1000000" };
  expect(written(served)).toContain("12:34:56  up to $1.000000  200  12 ms  GET /v1/quotes/ETH");
  expect(written({ ...observed, observed: [{ max }] })).toContain("12:34:56  up to $0.001000  200");
  const columnOf = (line: object) => formatPayment(read(line), at).indexOf("200");
  expect(columnOf(served)).toBe(columnOf(settled));
});

test("what cost nothing is told with that", () => {
  expect(written({ ...settled, amount: "0", transaction: "" })).toBe(
    "12:34:56  $0.000000  200  12 ms  GET /v1/quotes/ETH  0x7099…79C8  settled",
  );
});

test("only money and an observed price count as payments", () => {
  const served = { ...free, outcome: "served", max: "1000" };
  expect([settled, served, observed, free].map((line) => isPayment(read(line)))).toEqual([true, true, true, false]);
});

test("a path cannot write to the terminal", () => {
  expect(written({ ...settled, path: "/\u001b[2J" })).toContain("GET /?[2J");
});

describe("no line about a request is", () => {
  test.each([["words"], ["{"], ["{}"], ['{"event":"misconfigured"}'], ['{"event":"request"}'], ["null"]])(
    "%s",
    (text) => {
      expect(parseRequestLine(text)).toBeUndefined();
    },
  );
});
