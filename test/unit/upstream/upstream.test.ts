import { describe, expect, test } from "vitest";
import { baseOf } from "../../../src/route/index.ts";
import { addressOf, buildUpstream, type UpstreamSettings } from "../../../src/upstream/index.ts";

const url = new URL("http://legacy.internal:9000/base");
const settings: UpstreamSettings = {
  url,
  base: baseOf(url),
  timeoutMs: 1000,
  headers: [],
  service: null,
  host: "upstream",
  sign: [],
};

describe("a request goes to", () => {
  test.each([
    ["the upstream's own address", "upstream", "http://legacy.internal:9000"],
    ["the upstream by the host that the client asked", "client", "http://api.example.com:9000"],
    ["the upstream by a name of the operator's", "tenant.example.com", "http://tenant.example.com:9000"],
  ])("%s", (_, host, address) => {
    expect(addressOf({ ...settings, host }, "api.example.com")).toEqual({ origin: address, prefix: "/base" });
    // The settings are shared by every request.
    expect(url.href).toBe("http://legacy.internal:9000/base");
  });

  test("an address in brackets, where the client asked for one", () => {
    expect(addressOf({ ...settings, host: "client" }, "[::1]").origin).toBe("http://[::1]:9000");
  });
});

type Init = RequestInit & { readonly cf?: { readonly resolveOverride?: string } };

/** The network's edge: what would be fetched. */
async function fetched(asked: string, changes: Partial<UpstreamSettings> = {}) {
  const calls: (readonly [string, Init])[] = [];
  const fetch = async (to: string, init: Init): Promise<Response> => {
    calls.push([to, init]);
    return new Response("answer");
  };
  const upstream = buildUpstream({ ...settings, ...changes, signer: null, fetcher: { fetch } as unknown as Fetcher });
  const forwarded = await upstream({
    url: asked,
    method: "GET",
    headers: new Headers(),
    body: null,
    cancel: null,
    host: "api.example.com",
    proto: "https",
    priced: false,
    conditions: null,
    paid: null,
    wholeBytesMax: 0,
    isRead: false,
  });
  expect(forwarded.kind).toBe("answered");
  expect(calls).toHaveLength(1);
  const [call = expect.fail()] = calls;
  expect(call[0]).toBe(asked);
  return call[1];
}

describe("the platform is told where to connect", () => {
  test.each([
    ["client", "http://api.example.com:9000/base/x"],
    ["tenant.example.com", "http://tenant.example.com:9000/base/x"],
  ])("when the upstream is asked by a host that is not its own (%s)", async (host, asked) => {
    expect((await fetched(asked, { host })).cf).toEqual({ resolveOverride: "legacy.internal" });
  });

  test.each<[string, string, Partial<UpstreamSettings>]>([
    ["when it is asked by its own host", "http://legacy.internal:9000/base/x", {}],
    ["when the client asks it by its own host", "http://legacy.internal:9000/base/x", { host: "client" }],
    ["when its own host is written in upper case", "http://legacy.internal:9000/base/x", { host: "LEGACY.internal" }],
    ["when a service binding leads to it", "http://legacy.internal:9000/base/x", { service: "LEGACY" }],
    [
      "when a service binding leads to it by another host",
      "http://api.example.com:9000/base/x",
      { service: "LEGACY", host: "client" },
    ],
  ])("by the URL alone %s", async (_, asked, changes) => {
    expect(await fetched(asked, changes)).not.toHaveProperty("cf");
  });
});

describe("a request is broken off", () => {
  /** An upstream that answers nothing before it is left. */
  const silent = (seen: AbortSignal[]) => ({
    fetch: (_: string, { signal }: { readonly signal: AbortSignal }): Promise<Response> => {
      seen.push(signal);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const ask = (cancel: AbortSignal | null, timeoutMs: number, seen: AbortSignal[]) =>
    buildUpstream({ ...settings, timeoutMs, signer: null, fetcher: silent(seen) as unknown as Fetcher })({
      ...{ url: url.href, method: "POST", headers: new Headers(), body: null, cancel },
      ...{
        host: "api.example.com",
        proto: "https",
        priced: false,
        conditions: null,
        paid: null,
        wholeBytesMax: 0,
        isRead: false,
      },
    });

  test("when it is cancelled", async () => {
    const seen: AbortSignal[] = [];
    const { signal, abort } = withAbort();
    const forwarded = ask(signal, 10_000, seen);
    expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
    abort();
    expect((await forwarded).kind).toBe("failed");
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("when its time is over, as a timeout", async () => {
    const seen: AbortSignal[] = [];
    expect(await ask(null, 10, seen)).toEqual({ kind: "failed", reason: "upstream_timeout" });
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

function withAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe("an answer is handed on as it came", () => {
  const answerTo = async (response: Response) => {
    const fetcher = { fetch: async () => response } as unknown as Fetcher;
    const forwarded = await buildUpstream({ ...settings, signer: null, fetcher })({
      ...{ url: url.href, method: "GET", headers: new Headers(), body: null, cancel: null },
      ...{
        host: "api.example.com",
        proto: "https",
        priced: false,
        conditions: null,
        paid: null,
        wholeBytesMax: 10,
        isRead: false,
      },
    });
    if (forwarded.kind !== "answered") return expect.fail(forwarded.reason);
    return forwarded.answer;
  };

  test("where nothing was taken off", async () => {
    const response = new Response("goods", { headers: { "x-custom": "1" } });
    expect((await answerTo(response)).whole).toBe(response);
  });

  test.each([
    ["where a header was taken off", "goods", { connection: "close" }],
    ["where its body was read", "goods", { "content-length": "5" }],
    ["where its body was read, and is empty", "", { "content-length": "0" }],
  ])("but not %s", async (_, body, headers) => {
    expect(await answerTo(new Response(body, { headers: headers as HeadersInit }))).not.toHaveProperty("whole");
  });
});
