import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/outcome/index.ts";
import { signPayment } from "../../support/payment.ts";
import { endless, keyed, openGate, textOf } from "./gate.ts";

const kindOf = (outcome: Outcome): string => (outcome.kind === "refused" ? outcome.problem.reason : outcome.kind);

const CONDITIONS = {
  range: "bytes=0-1",
  "if-range": '"a"',
  "if-match": '"b"',
  "if-none-match": '"c"',
  "if-modified-since": "Wed, 25 Nov 2026 00:00:00 GMT",
  "if-unmodified-since": "Wed, 25 Nov 2026 00:00:00 GMT",
};
const FRESHNESS = ["if-none-match", "if-modified-since"];
const ALL = Object.keys(CONDITIONS);

/** Which of them reach the upstream of a paid call. */
async function passed(route: object, method: string): Promise<readonly string[]> {
  const { pay, seen } = openGate(
    { routes: { "/paid": { price: "$0.01", ...route } } },
    { upstream: () => ({ status: 200 }) },
  );
  const payment = await signPayment("10000");
  const accepted = { ...payment.accepted, extra: { ...(payment.accepted["extra"] as object), ...flowOf(route) } };
  await pay("/paid", { ...payment, accepted }, { method, headers: new Headers(CONDITIONS) });
  expect(seen).toHaveLength(1);
  return ALL.filter((name) => seen[0]?.headers.has(name));
}

const flowOf = (route: object): object => ("settle" in route ? { paymentFlow: "upfront" } : {});

test.each<[string, object, string, readonly string[]]>([
  ["none of them, where the route does not say so", {}, "GET", []],
  ["none of them, where the route says no", { ranges: false }, "GET", []],
  ["all of them, where it takes ranges", { ranges: true }, "GET", ALL],
  ["all of them from HEAD too", { ranges: true }, "HEAD", ALL],
  [
    "none that asks for nothing, where it is paid for already",
    { ranges: true, settle: "before" },
    "GET",
    ALL.filter((name) => !FRESHNESS.includes(name)),
  ],
  ["all of them from a method that gets no 304", { ranges: true, settle: "before" }, "PUT", ALL],
])("of Range and If-* an API gets %s", async (_, route, method, names) => {
  expect(await passed(route, method)).toEqual(names);
});

describe("a payment with a key buys, where the route takes ranges,", () => {
  const headers = (range: string | null, ifRange: string | null): Headers =>
    new Headers([
      ...[...(keyed().headers ?? [])],
      ...(range === null ? [] : [["range", range] as [string, string]]),
      ...(ifRange === null ? [] : [["if-range", ifRange] as [string, string]]),
    ]);
  type Part = readonly [range: string | null, ifRange: string | null];

  /** What the second call of the same payment is told. */
  async function again(first: Part, second: Part): Promise<string> {
    const upstream = () => ({ status: 200, headers: { "content-length": "5" }, body: "goods" });
    const { pay } = openGate({ routes: { "/paid": { price: "$0.01", ranges: true } } }, { upstream });
    const payment = await signPayment("10000");
    expect(kindOf(await pay("/paid", payment, { headers: headers(...first) }))).toBe("sold");
    return kindOf(await pay("/paid", payment, { headers: headers(...second) }));
  }

  test.each<[string, Part]>([
    ["the whole", [null, null]],
    ["a part", ["bytes=0-1", null]],
    ["a part of one version", ["bytes=0-1", '"a"']],
  ])("%s, and that again", async (_, part) => {
    expect(await again(part, part)).toBe("redelivered");
  });

  test("the whole, whatever version a part would be of", async () => {
    expect(await again([null, null], [null, '"a"'])).toBe("redelivered");
  });

  test.each<[string, Part, Part]>([
    ["a part for the whole", [null, null], ["bytes=0-1", null]],
    ["the whole for a part", ["bytes=0-1", null], [null, null]],
    ["a part for another one", ["bytes=0-1", null], ["bytes=2-3", null]],
    ["a part of another version", ["bytes=0-1", '"a"'], ["bytes=0-1", '"b"']],
    ["a part of any version for that of one", ["bytes=0-1", '"a"'], ["bytes=0-1", null]],
  ])("nothing else: not %s", async (_, first, second) => {
    expect(await again(first, second)).toBe("payment_bound_elsewhere");
  });
});

test.each([
  ["passes where the route takes ranges", true, "unsold"],
  ["is no answer elsewhere", false, "upstream_not_sellable"],
])("a 'not modified' %s, and is not charged", async (_, ranges, kind) => {
  const upstream = () => ({ status: 304 });
  const { pay, asked } = openGate({ routes: { "/paid": { price: "$0.01", ranges } } }, { upstream });
  expect(kindOf(await pay("/paid", await signPayment("10000")))).toBe(kind);
  expect(asked).toEqual(["verify"]);
});

test.each([300, 302, 303, 305])("a redirect (%i) is none, and gives nothing away there either", async (status) => {
  const { pay } = openGate({ routes: { "/paid": { price: "$0.01", ranges: true } } }, { upstream: () => ({ status }) });
  expect(kindOf(await pay("/paid", await signPayment("10000")))).toBe("upstream_not_sellable");
});

test.each<[string, object, object, string]>([
  ["is sold to who asked for one", { range: "bytes=0-0" }, { ranges: true }, "sold"],
  ["is not sold to who asked for the whole", {}, { ranges: true }, "upstream_not_sellable"],
  ["is not sold either to who only made conditions", { "if-range": '"a"' }, { ranges: true }, "upstream_not_sellable"],
  ["is sold as it comes where its status is named and no range reaches the API", {}, { chargeOn: [206] }, "sold"],
])("a part %s", async (_, headers, route, kind) => {
  const upstream = () => ({
    status: 206,
    headers: { "content-range": "bytes 0-0/5", "content-length": "1" },
    body: "g",
  });
  const { pay, asked, entry } = openGate({ routes: { "/paid": { price: "$0.01", ...route } } }, { upstream });
  const payment = await signPayment("10000");
  expect(kindOf(await pay("/paid", payment, { headers: new Headers(headers as HeadersInit) }))).toBe(kind);
  expect(asked).toEqual(kind === "sold" ? ["verify", "settle"] : ["verify"]);
  expect(entry(payment)).toBe(kind === "sold" ? "settled, delivered" : "uncharged, none");
});

test.each([
  ["without its body where the route takes conditions, because that may be the goods", true, ""],
  ["with its body elsewhere", false, "goods"],
])("a 412 is told %s, and is not charged", async (_, ranges, text) => {
  const { body, reader } = endless();
  const upstream = () => ({ status: 412, headers: { etag: '"a"' }, body: ranges ? body : "goods" });
  const { pay, asked } = openGate({ routes: { "/paid": { price: "$0.01", ranges } } }, { upstream });
  const outcome = await pay("/paid", await signPayment("10000"));
  expect(outcome).toMatchObject({ kind: "unsold", answer: { status: 412 } });
  expect("answer" in outcome && outcome.answer.headers.get("etag")).toBe('"a"');
  expect([await textOf(outcome), reader.isGone]).toEqual([text, ranges]);
  expect(asked).toEqual(["verify"]);
});
