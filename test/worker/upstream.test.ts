import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, fresh, pay, seen } from "./client.ts";

const buy = async (path: string, init?: RequestInit) => {
  const payment = await signPayment("10000");
  return { payment, response: await pay(path, payment, init) };
};

describe("an answer that is not for sale is not charged", () => {
  test.each([
    ["status/404", 404],
    ["status/500", 500],
    ["status/429", 429],
  ])("%s passes, shortened", async (name, status) => {
    const { payment, response } = await buy(fresh(`/paid/${name}`));
    expect(response.status).toBe(status);
    expect(response.headers.get("x-upstream")).toBe("yes");
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.has("payment-response")).toBe(false);
    expect((await response.text()).length).toBe(64 * 1024);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });

  test("a small error page passes whole", async () => {
    const { response } = await buy(fresh("/paid/missing"));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "no such thing" });
  });

  test("nor is one that has no body", async () => {
    const { response } = await buy(fresh("/paid/status/404"), { method: "HEAD" });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("");
  });

  test.each([
    ["status/301", 502, "upstream_not_sellable"],
    ["status/304", 502, "upstream_not_sellable"],
    ["status/206", 502, "upstream_not_sellable"],
    ["challenge", 502, "upstream_not_sellable"],
    ["drop", 502, "upstream_unreachable"],
    ["short", 502, "upstream_unreachable"],
    ["hang", 504, "upstream_timeout"],
    ["late", 504, "upstream_timeout"],
    ["beyond", 502, "upstream_not_sellable"],
  ])("%s becomes %i %s", async (name, status, error) => {
    const { payment, response } = await buy(fresh(`/paid/${name}`));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
    expect(response.headers.has("location")).toBe(false);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });
});

describe("a status that the route sells", () => {
  test.each([206, 404])("%i is charged and delivered whole", async (status) => {
    const { payment, response } = await buy(fresh(`/sold/status/${status}`));
    expect(response.status).toBe(status);
    expect(response.headers.has("payment-response")).toBe(true);
    expect((await response.text()).length).toBe(100_000);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("is no other than those", async () => {
    const { payment, response } = await buy(fresh("/sold/status/500"));
    expect(response.status).toBe(500);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });
});

describe("a sold answer", () => {
  test("streams: its first event arrives before the upstream has ended", async () => {
    const { response } = await buy(fresh("/paid/stream/ok"));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const startMs = Date.now();
    expect((await reader?.read())?.value).toBe("data: first\n\n");
    expect(Date.now() - startMs).toBeLessThan(250);
    expect((await reader?.read())?.value).toBe("data: last\n\n");
  });

  test("keeps the length that the upstream declared", async () => {
    const { response } = await buy(fresh("/paid/large"));
    expect(response.headers.get("content-length")).toBe("400000");
    expect((await response.text()).length).toBe(400_000);
  });

  test.each(["twice", "coded"])(
    "is delivered and recorded where its length is written strangely (%s)",
    async (name) => {
      const { payment, response } = await buy(fresh(`/paid/${name}`));
      expect(response.status).toBe(200);
      expect(response.headers.has("payment-response")).toBe(true);
      expect(await response.text()).toBe("goods");
      expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    },
  );

  test.each(["gzip/ok", "gzip/broken"])("crosses compressed as it is (%s)", async (name) => {
    const path = fresh(`/paid/${name}`);
    const { response } = await buy(path);
    const length = Number(response.headers.get("content-length"));
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(length).toBeGreaterThan(10);
  });

  test("may have no body", async () => {
    const { response } = await buy(fresh("/paid/status/204"));
    expect(response.status).toBe(204);
    expect(response.headers.has("payment-response")).toBe(true);
  });

  test("to HEAD has no body and the same price", async () => {
    const { payment, response } = await buy(fresh("/paid/ok"), { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
    expect(await calledEndpoints(payment)).toContain("/settle");
  });

  test("carries no payment header of the upstream's", async () => {
    const { response } = await buy(fresh("/paid/payments"));
    expect(response.headers.get("x-kept")).toBe("yes");
    expect(response.headers.has("payment-required")).toBe(false);
    expect(response.headers.get("payment-response")).not.toBe("theirs");
  });
});

describe("the upstream", () => {
  test("sees the request without its payment, with the operator's secret and who forwarded it", async () => {
    const path = fresh("/paid/ok");
    await buy(path, {
      headers: {
        authorization: "Bearer mine",
        range: "bytes=0-1",
        "x-forwarded-for": "6.6.6.6",
        x_forwarded_host: "evil.example",
        "x-http-method-override": "DELETE",
        "x-api-key": "forged",
        x_api_key: "forged",
      },
    });
    const [request] = await seen(path);
    expect(request?.headers).toMatchObject({
      authorization: "Bearer mine",
      "x-api-key": "key secret-of-the-upstream",
      "x-forwarded-host": "api.example.com",
      "x-forwarded-proto": "https",
    });
    const names = Object.keys(request?.headers ?? {});
    for (const name of [
      "payment-signature",
      "range",
      "x-forwarded-for",
      "x_forwarded_host",
      "x-http-method-override",
      "x_api_key",
    ]) {
      expect(names).not.toContain(name);
    }
  });

  test("is asked itself for what is priced: no cache answers in its place", async () => {
    const paid = fresh("/paid/ok");
    const free = fresh("/free/ok");
    await buy(paid);
    await ask(free);
    expect((await seen(paid))[0]?.headers).toMatchObject({ "cache-control": "no-cache" });
    expect((await seen(free))[0]?.headers).not.toHaveProperty("cache-control");
  });

  test.each([
    ["small, which is read before the claim", "x".repeat(10)],
    ["larger than the buffer, which is streamed", "x".repeat(5000)],
  ])("gets a body that is %s", async (_, body) => {
    const path = fresh("/paid/ok");
    const { response } = await buy(path, { method: "POST", body, headers: { "content-type": "text/plain" } });
    expect(response.status).toBe(200);
    expect((await seen(path))[0]).toMatchObject({ method: "POST", body });
  });

  test("gets nothing of a body that is not as long as it says, and nobody is charged", async () => {
    const path = fresh("/paid/ok");
    const { payment, response } = await buy(path, { method: "POST", body: "abc", headers: { "content-length": "5" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "body_incomplete" });
    expect(await calledEndpoints(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });
});

describe("a free route", () => {
  test("passes request and answer", async () => {
    const path = fresh("/free/Some/Path/status/404");
    const response = await ask(path, { method: "POST", body: "hello", headers: { "x-mine": "1" } });
    expect(response.status).toBe(404);
    expect((await response.text()).length).toBe(100_000);
    expect((await seen(path))[0]).toMatchObject({ method: "POST", body: "hello" });
  });

  test.each([
    ["status/302", 302],
    ["ok", 200],
    ["drop", 502],
    ["hang", 504],
    ["challenge", 502],
    ["beyond", 502],
  ])("%s is %i", async (name, status) => {
    const response = await ask(fresh(`/free/${name}`));
    expect(response.status).toBe(status);
    expect(response.headers.has("payment-required")).toBe(false);
  });

  test("keeps the upstream's caching", async () => {
    const response = await ask(fresh("/free/ok"));
    expect(response.headers.get("cache-control")).toBe("public, s-maxage=60");
  });
});
