import { describe, expect, test } from "vitest";
import { type Choice, choose, likeValue, type PriceTable } from "../../../src/tariff/index.ts";
import { type Asked, needsBody, type Selector, selectorText } from "../../../src/tariff/selector.ts";

const tableOf = (selector: Selector, changes: Partial<PriceTable<string>> = {}): PriceTable<string> => {
  const entries = changes.entries ?? new Map();
  const alike = new Set([...entries.keys()].map(likeValue));
  return { selector, entries, alike, steps: [], missing: null, otherwise: null, ...changes };
};

const asked = (changes: Partial<Asked> = {}): Asked => ({
  method: "POST",
  query: "",
  headers: new Headers({ "content-type": "application/json" }),
  body: null,
  isAtKey: true,
  ...changes,
});

const json = (value: unknown): Pick<Asked, "body"> => ({ body: new TextEncoder().encode(JSON.stringify(value)) });

const told = (choice: Choice<string>): string => {
  if (choice.kind === "entry") return choice.value;
  return choice.kind === "refused" ? choice.problem.reason : choice.kind;
};

describe("a table by query", () => {
  const entries = new Map([
    ["small", "cheap"],
    ["Large One", "dear"],
    ["2", "two"],
  ]);
  const selector: Selector = { kind: "query", name: "model" };
  const of = (query: string, changes: Partial<PriceTable<string>> = {}): string =>
    told(choose(tableOf(selector, { entries, ...changes }), asked({ query })));

  test.each([
    ["?model=small", "cheap"],
    ["?model=Large+One", "dear"],
    ["?model=2", "two"],
    ["?model=other", "price_unknown"],
    ["", "price_unknown"],
    ["?model=", "price_ambiguous"],
  ])("has for %s: %s", (query, value) => {
    expect(of(query)).toBe(value);
  });

  test.each([
    "Small",
    "small%20",
    "%00small",
    "sm%EF%BD%81ll",
    "large one",
    "LargeOne",
    "2.0",
    "2e0",
    "%222%22",
    "0x2",
  ])("has no price for what could be read as one of its values: %s", (value) => {
    expect(of(`?model=${value}`, { otherwise: "rest", missing: "none" })).toBe("price_ambiguous");
  });

  test("has one for the rest, and one for what is left out, where it says so", () => {
    expect(of("?model=other", { otherwise: "rest" })).toBe("rest");
    expect(of("", { otherwise: "rest" })).toBe("rest");
    expect(of("", { otherwise: "rest", missing: "none" })).toBe("none");
    expect(of("?model=other", { missing: "none" })).toBe("price_unknown");
  });

  test("tells what was said, for what is promised about it", () => {
    const table = tableOf(selector, { entries, otherwise: "rest" });
    expect(choose(table, asked({ query: "?model=small" }))).toMatchObject({ said: "small" });
    expect(choose(table, asked({ query: "?model=other" }))).toMatchObject({ said: "other" });
    expect(choose(table, asked())).toMatchObject({ said: "" });
  });
});

test("a table by header has an entry for each of its values", () => {
  const table = tableOf({ kind: "header", name: "x-tier" }, { entries: new Map([["gold", "dear"]]) });
  expect(told(choose(table, asked({ headers: new Headers({ "x-tier": "gold" }) })))).toBe("dear");
  expect(told(choose(table, asked()))).toBe("price_unknown");
});

describe("a table by a member of the body", () => {
  const selector: Selector = { kind: "body", pointer: ["size"] };
  const table = tableOf(selector, { entries: new Map([["big", "dear"]]), missing: "none" });

  test.each<[string, Partial<Asked>, string]>([
    ["that is there", json({ size: "big" }), "dear"],
    ["that is not", json({}), "none"],
    ["of no body", {}, "none"],
    ["of an empty body, whatever it is said to be", { body: new Uint8Array(), headers: new Headers() }, "none"],
    ["of a stream, which was not read", { body: new ReadableStream() }, "none"],
    ["of what is not said to be JSON", { ...json({ size: "big" }), headers: new Headers() }, "unsupported_body"],
    ["of what is none", { body: new TextEncoder().encode("size") }, "price_ambiguous"],
  ])("%s", (_, changes, value) => {
    expect(told(choose(table, asked(changes)))).toBe(value);
  });
});

describe("a table by the body's length", () => {
  const steps = [
    [10, "short"],
    [100, "long"],
  ] as const;
  const lengthOf = (length: string, changes: Record<string, string> = {}): Partial<Asked> => ({
    body: new ReadableStream(),
    headers: new Headers({ "content-length": length, ...changes }),
  });

  test.each<[string, Partial<Asked>, string]>([
    ["none", {}, "short"],
    ["0", lengthOf("0"), "short"],
    ["10", lengthOf("10"), "short"],
    ["11", lengthOf("11"), "long"],
    ["100", lengthOf("100"), "long"],
    ["101", lengthOf("101"), "price_unknown"],
    ["a length that nobody says", { body: new ReadableStream(), headers: new Headers() }, "length_required"],
    ["two lengths", lengthOf("10, 10"), "length_required"],
    ["the length of what is compressed", lengthOf("10", { "content-encoding": "gzip" }), "price_ambiguous"],
    ["the length of what is as it is", lengthOf("10", { "content-encoding": "identity" }), "short"],
  ])("takes for %s what the step says", (_, changes, value) => {
    expect(told(choose(tableOf({ kind: "bodyBytes" }, { steps }), asked(changes)))).toBe(value);
  });

  test("has the rest for what is longer", () => {
    expect(told(choose(tableOf({ kind: "bodyBytes" }, { steps, otherwise: "rest" }), asked(lengthOf("101"))))).toBe(
      "rest",
    );
  });
});

describe("a table by the method of JSON-RPC", () => {
  const table = tableOf({ kind: "jsonrpc" }, { entries: new Map([["eth_call", "cheap"]]) });

  test.each<[string, unknown, string]>([
    ["a method of the table", { id: 1, method: "eth_call" }, "cheap"],
    ["the same without an id, which is executed too", { method: "eth_call" }, "cheap"],
    ["another one", { method: "eth_logs" }, "price_unknown"],
    ["one that MCP gives away", { method: "initialize" }, "price_unknown"],
    ["a batch", [{ method: "eth_call" }], "price_ambiguous"],
    ["an answer", { id: 1, result: 1 }, "price_ambiguous"],
  ])("has for %s what it costs", (_, message, value) => {
    expect(told(choose(table, asked(json(message))))).toBe(value);
  });

  test("has nothing for a request without a message", () => {
    expect(told(choose(table, asked({ method: "GET" })))).toBe("price_unknown");
  });
});

describe("a table of MCP", () => {
  const entries = new Map([
    ["tools/call search", "dear"],
    ["tools/call", "cheap"],
    ["notifications/cancelled", "fee"],
  ]);
  const selector: Selector = { kind: "mcp", named: new Set(["tools/call"]) };
  const table = tableOf(selector, { entries, otherwise: "closed" });
  const of = (changes: Partial<Asked>): string => told(choose(table, asked(changes)));
  const tool = (name: string): unknown => ({ id: 1, method: "tools/call", params: { name } });

  test.each<[string, unknown, string]>([
    ["a tool of its own", tool("search"), "dear"],
    ["another tool", tool("echo"), "cheap"],
    ["a tool whose name is nearly one of them", tool("Search"), "price_ambiguous"],
    ["a greeting", { id: 1, method: "initialize" }, "transport"],
    ["the list of tools", { id: 1, method: "tools/list" }, "transport"],
    ["what is only like a greeting", { id: 1, method: "Initialize" }, "closed"],
    ["another list", { id: 1, method: "prompts/list" }, "closed"],
    ["what it does not name", { id: 1, method: "resources/read" }, "closed"],
    ["a notification", { method: "notifications/initialized" }, "transport"],
    ["a notification that it names", { method: "notifications/cancelled" }, "fee"],
    ["a ping", { id: 1, method: "ping" }, "transport"],
    ["a client's answer", { id: 1, result: {} }, "transport"],
    ["a call without an id", { method: "tools/call", params: { name: "search" } }, "dear"],
    ["a batch", [tool("search")], "price_ambiguous"],
  ])("has for %s what it costs", (_, message, value) => {
    expect(of(json(message))).toBe(value);
  });

  test.each([
    ["initialize", "hello"],
    ["tools/list", "list"],
    ["ping", "hello"],
  ])("keeps its word where it names %s", (method, value) => {
    const named = new Map([
      ["initialize", "hello"],
      ["tools/list", "list"],
      ["ping", "hello"],
    ]);
    expect(told(choose(tableOf(selector, { entries: named }), asked(json({ id: 1, method }))))).toBe(value);
  });

  test.each([
    ["GET", true, "transport"],
    ["HEAD", true, "transport"],
    ["DELETE", true, "transport"],
    ["PUT", true, "method_not_allowed"],
    ["OPTIONS", true, "method_not_allowed"],
    ["GET", false, "method_not_allowed"],
    ["DELETE", false, "method_not_allowed"],
  ])("takes %s (at its own path: %s) as %s", (method, isAtKey, value) => {
    expect(of({ method, isAtKey })).toBe(value);
  });

  test("takes DELETE with a body of no bytes", () => {
    const headers = new Headers({ "content-length": "0" });
    expect(of({ method: "DELETE", body: new ReadableStream(), headers })).toBe("transport");
  });

  test("tells which methods there are instead, at its path and below it", () => {
    const problemOf = (isAtKey: boolean): unknown => {
      const choice = choose(table, asked({ method: "PUT", isAtKey }));
      return choice.kind === "refused" && choice.problem;
    };
    expect(problemOf(true)).toMatchObject({ allow: ["GET", "HEAD", "POST", "DELETE"] });
    expect(problemOf(false)).toMatchObject({ allow: ["POST"] });
  });

  test("has a price for listening where an entry names that", () => {
    const listening = tableOf(selector, { entries: new Map([...entries, ["GET", "stream"]]) });
    for (const method of ["GET", "HEAD"]) expect(told(choose(listening, asked({ method })))).toBe("stream");
  });

  test.each<[string, Partial<Asked>]>([
    ["no body", {}],
    ["an empty body", { body: new Uint8Array() }],
    ["a body of DELETE, which an API may take for a call", { method: "DELETE", ...json(tool("search")) }],
    ["a body of DELETE that was not read", { method: "DELETE", body: new ReadableStream() }],
  ])("has no price for %s", (_, changes) => {
    expect(of(changes)).toBe("price_ambiguous");
  });
});

test.each<[Selector, string, boolean, boolean]>([
  [{ kind: "query", name: "q" }, "the parameter q of the query", false, false],
  [{ kind: "header", name: "x-tier" }, "the header x-tier", false, false],
  [{ kind: "body", pointer: ["a/b", "m~n"] }, "/a~1b/m~0n of the body", true, true],
  [{ kind: "bodyBytes" }, "the body's length", false, false],
  [{ kind: "jsonrpc" }, "the method that is called", true, true],
  [{ kind: "mcp", named: new Set() }, "the method or tool that is called", true, false],
])("%j is %s, and reads a body of POST: %s, of DELETE: %s", (selector, text, ofPost, ofDelete) => {
  expect(selectorText(selector)).toBe(text);
  expect([needsBody(selector, "POST"), needsBody(selector, "DELETE")]).toEqual([ofPost, ofDelete]);
});
