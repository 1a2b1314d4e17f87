import { describe, expect, test } from "vitest";
import { openGate, reasonOf, type Sent } from "./gate.ts";

const headers = (entries: Record<string, string>): Pick<Sent, "headers"> => ({ headers: new Headers(entries) });
const bytes = (count: number): Uint8Array => new Uint8Array(count);

describe("a request that is not understood", () => {
  test.each<[string, string, Partial<Sent>, string]>([
    ["whose path has two readings", "/free%2fpaid", {}, "invalid_path"],
    ["of another host", "https://other.example/free", {}, "misdirected"],
    ["with a body that GET gives no meaning to", "/free", { body: bytes(1) }, "unexpected_body"],
    ["with a body that HEAD gives no meaning to", "/free", { method: "HEAD", body: bytes(1) }, "unexpected_body"],
    ["that says how long a body of GET is", "/free", headers({ "content-length": "1" }), "unexpected_body"],
    [
      "that has come through more gates than stand behind each other",
      "/free",
      headers({ via: Array(4).fill("1.1 faregate").join(", ") }),
      "loop_detected",
    ],
    ["that says how a body of GET is sent", "/free", headers({ "transfer-encoding": "chunked" }), "unexpected_body"],
  ])("%s reaches nothing", async (_, path, changes, reason) => {
    const { ask, seen, lines } = openGate();
    expect(reasonOf(await ask(path, changes))).toBe(reason);
    expect(seen).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  test.each<[string, Partial<Sent>]>([
    ["GET that says that it has no body", headers({ "content-length": "0" })],
    [
      "GET with a stream of no bytes, as the runtime may hand it over",
      { ...headers({ "content-length": "0" }), body: bytes(0) },
    ],
    ["HEAD", { method: "HEAD" }],
    ["what came through as many gates as may be", headers({ via: Array(3).fill("1.1 faregate").join(", ") })],
    ["POST with a body", { method: "POST", body: bytes(1), ...headers({ "content-length": "1" }) }],
    ["DELETE with a body", { method: "DELETE", body: bytes(1) }],
  ])("is none as %s", async (_, changes) => {
    const { ask, seen } = openGate();
    expect(reasonOf(await ask("/free", changes))).toBe("passed");
    expect(seen).toHaveLength(1);
  });
});

describe("a host", () => {
  const read = async (hosts: readonly string[] | null, url: string) => {
    const { ask, lines } = openGate(hosts === null ? { hosts: undefined } : { hosts });
    const outcome = await ask(url);
    return [reasonOf(outcome), lines[0]?.target?.host ?? null, lines[0]?.target?.proto ?? null];
  };

  test("is any where the table names none", async () => {
    expect(await read(null, "http://any.example/free")).toEqual(["passed", "any.example", "http"]);
  });

  test("is known to the public by the scheme that the table gives it, or by its own", async () => {
    const hosts = ["https://api.example.com", "plain.example"];
    expect(await read(hosts, "http://api.example.com/free")).toEqual(["passed", "api.example.com", "https"]);
    expect(await read(hosts, "http://plain.example/free")).toEqual(["passed", "plain.example", "http"]);
    expect(await read(hosts, "http://third.example/free")).toEqual(["misdirected", null, null]);
  });
});

describe("a route", () => {
  const table = { routes: { "/free": "free", "/closed": "closed", "GET /only": "free", "/paid": "$0.01" } };

  test.each<[string, Partial<Sent>, string]>([
    ["/free", {}, "passed"],
    ["/closed", {}, "not_found"],
    ["/elsewhere", {}, "not_found"],
    ["/only", { method: "DELETE" }, "method_not_allowed"],
    ["/paid", {}, "payment_required"],
  ])("%s with %j is answered so: %s", async (path, changes, reason) => {
    const { ask, seen } = openGate(table);
    expect(reasonOf(await ask(path, changes))).toBe(reason);
    expect(seen).toHaveLength(reason === "passed" ? 1 : 0);
  });

  test("that only observes passes, and the log says what it would have charged", async () => {
    const { ask, lines, seen } = openGate({ routes: { "/watched": { price: "$0.01", mode: "observe" } } });
    expect(reasonOf(await ask("/watched"))).toBe("passed");
    expect(seen).toHaveLength(1);
    expect(lines[0]?.observed?.mode).toBe("observe");
    expect(lines[0]?.route).toBe("/watched");
  });

  test("in another letter case than its own is no path, where that matters, and not one of the rest", async () => {
    const { ask, seen } = openGate({ unmatched: "free", routes: { "/Exact": { price: "free", caseSensitive: true } } });
    expect(reasonOf(await ask("/exact"))).toBe("invalid_path");
    expect(seen).toEqual([]);
    expect(reasonOf(await ask("/Exact"))).toBe("passed");
  });

  test("that is not named is the table's own word for the rest", async () => {
    const { ask, lines } = openGate({ unmatched: "free" });
    expect(reasonOf(await ask("/elsewhere"))).toBe("passed");
    expect(lines[0]).toMatchObject({ route: null, observed: null });
  });

  test.each<[string, string | null, string]>([
    ["as long as may be", "5", "passed"],
    ["longer", "6", "body_too_large"],
    ["of a length that nobody says", null, "passed"],
  ])("takes a body that is %s", async (_, length, reason) => {
    const { ask } = openGate({ routes: { "/free": { price: "free", bodyBytesMax: 5 } } });
    const changes = { method: "POST", body: bytes(5), ...headers(length === null ? {} : { "content-length": length }) };
    expect(reasonOf(await ask("/free", changes))).toBe(reason);
  });

  test("takes any body where the table has no limit", async () => {
    const { ask } = openGate();
    const changes = { method: "POST", body: bytes(5), ...headers({ "content-length": "99999999" }) };
    expect(reasonOf(await ask("/free", changes))).toBe("passed");
  });

  test.each([
    [200, "passed"],
    [404, "passed"],
    [599, "passed"],
    [402, "upstream_not_sellable"],
    [600, "upstream_not_sellable"],
    [999, "upstream_not_sellable"],
  ])("that is free passes on what has a meaning under our name: %i is %s", async (status, reason) => {
    let canceled = false;
    const body = new ReadableStream<Uint8Array>({
      cancel() {
        canceled = true;
      },
    });
    const { ask } = openGate({}, { upstream: () => ({ status, body }) });
    expect(reasonOf(await ask("/free"))).toBe(reason);
    expect(canceled).toBe(reason !== "passed");
  });

  test("tells that its upstream cannot be reached", async () => {
    const { ask } = openGate({}, { upstream: () => Promise.reject(new Error("no")) });
    expect(reasonOf(await ask("/free"))).toBe("upstream_unreachable");
  });
});

describe("a browser that asks before a script may call", () => {
  const table = {
    routes: {
      "/free": "free",
      "/paid": "$0.01",
      "/watched": { price: "$0.01", mode: "observe" },
      "GET /mixed": "free",
      "POST /mixed": "$0.01",
      "GET /half": "free",
      "POST /half": "closed",
      "/closed": "closed",
    },
  };
  const asks = (method: string, more: Record<string, string> = {}): Partial<Sent> => ({
    method: "OPTIONS",
    ...headers({ origin: "https://page.example", "access-control-request-method": method, ...more }),
  });
  const answer = async (path: string, changes: Partial<Sent>) => {
    const { ask, seen, lines } = openGate(table);
    const outcome = await ask(path, changes);
    return { outcome, seen: seen.length, route: lines[0]?.route };
  };

  test.each<[string, string, string]>([
    ["/free", "GET", "/free"],
    ["/watched", "POST", "/watched"],
  ])("has the upstream's answer where all of %s passes", async (path, method, route) => {
    expect(await answer(path, asks(method))).toMatchObject({ outcome: { kind: "passed" }, seen: 1, route });
  });

  test.each<[string, string]>([
    ["/paid", "GET"],
    ["/mixed", "GET"],
    ["/mixed", "POST"],
    ["/half", "GET"],
  ])("has the gate's answer for %s with %s", async (path, method) => {
    const { outcome, seen } = await answer(path, asks(method));
    expect(outcome.kind).toBe("preflight");
    expect(seen).toBe(0);
  });

  test("is told which methods there are, and is allowed the headers that it named", async () => {
    const asked = asks("POST", { "access-control-request-headers": "x-one,payment-signature" });
    const { outcome } = await answer("/paid", asked);
    expect(outcome).toMatchObject({ kind: "preflight", preflight: { requested: "x-one,payment-signature" } });
    expect((await answer("/paid", asks("POST"))).outcome).toMatchObject({ preflight: { requested: "" } });
  });

  test.each<[string, string, Partial<Sent>, string]>([
    ["about what is closed", "/closed", asks("GET"), "not_found"],
    ["about what is not there", "/elsewhere", asks("GET"), "not_found"],
    ["about a method that is closed", "/half", asks("POST"), "method_not_allowed"],
    ["without an origin", "/paid", { method: "OPTIONS", ...headers({ "access-control-request-method": "GET" }) }, "x"],
    ["without a method", "/paid", { method: "OPTIONS", ...headers({ origin: "https://page.example" }) }, "x"],
    ["with another method than OPTIONS", "/paid", { ...asks("GET"), method: "GET" }, "payment_required"],
  ])("has no such answer %s", async (_, path, changes, reason) => {
    const { outcome, seen } = await answer(path, changes);
    expect(outcome.kind).not.toBe("preflight");
    if (reason !== "x") expect(reasonOf(outcome)).toBe(reason);
    expect(seen).toBe(0);
  });
});
