import { describe, expect, inject, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, pay, seen } from "../worker/client.ts";

const SHOP = "https://shop.example.com";
const API = "https://api.example.com";

const challenged = async (url: string) => {
  const response = await ask(url);
  expect(response.status).toBe(402);
  const { resource, accepts } = decode(response.headers.get("payment-required"));
  const [entry] = accepts as readonly { readonly amount: string }[];
  return { url: (resource as { readonly url: string }).url, amount: entry?.amount };
};

describe("a host that is not the gate's", () => {
  test.each([
    ["another name", "https://elsewhere.example"],
    ["a name below one of ours", "https://www.api.example.com"],
    ["a name above one of ours", "https://example.com"],
    ["one of ours at a port that is not listed", "https://api.example.com:9443"],
    ["one of ours at a port that is listed for another", "https://shop.example.com:8443"],
    ["an address", "https://127.0.0.1"],
  ])("%s is 421 and reaches nothing, paid or not", async (_, origin) => {
    for (const route of ["/quotes/ok", "/free-for-all/ok", "/host-only/open/ok"]) {
      const path = fresh(route);
      const payment = await signPayment("10000");
      for (const response of [await ask(origin + path), await pay(origin + path, payment)]) {
        expect(response.status).toBe(421);
        expect(await response.json()).toEqual({
          error: "misdirected",
          message: "This host is not served here.",
          requestId: expect.any(String),
        });
        expect(response.headers.has("payment-required")).toBe(false);
      }
      expect(await calledEndpoints(payment)).toEqual([]);
      expect(await seen(path)).toEqual([]);
    }
  });

  test("is 421 for the gate's own paths, too", async () => {
    expect((await ask("https://elsewhere.example/~gate/x")).status).toBe(421);
  });
});

describe("a host with a dot at its end is no second name of one of ours", () => {
  test.each(["https://api.example.com.", "https://shop.example.com.", "https://api.example.com.:8443"])(
    "%s",
    async (origin) => {
      for (const route of ["/quotes", "/host-only/open/ok", "/free-for-all"]) {
        const path = fresh(route);
        const response = await ask(origin + path);
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ error: "invalid_host" });
        expect(await seen(path)).toEqual([]);
      }
    },
  );
});

describe("a price belongs to its host", () => {
  test.each([
    ["the same path", `${API}/quotes`, "10000", `${SHOP}/quotes`, "20000"],
    ["what lies below it", `${API}/quotes/x`, "10000", `${SHOP}/quotes/x`, "20000"],
    ["a path that is longer where no host is named", `${API}/quotes/ok`, "30000", `${SHOP}/quotes/ok`, "20000"],
  ])("%s costs what the key with the host says", async (_, url, amount, otherUrl, otherAmount) => {
    expect(await challenged(url)).toEqual({ url, amount });
    expect(await challenged(otherUrl)).toEqual({ url: otherUrl, amount: otherAmount });
  });

  test("and a payment for the cheaper host does not buy at the dearer one", async () => {
    const path = fresh("/quotes/x/ok");
    const payment = await signPayment("10000");
    const response = await pay(SHOP + path, payment);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: "invalid_payment_requirements" });
    expect((await pay(API + path, payment)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test.each(["https://API.Example.COM", "https://api.example.com:443", "https://api.example.com:8443"])(
    "however it is written (%s)",
    async (origin) => {
      const path = fresh("/host-only/open/ok");
      expect((await ask(origin + path)).status).toBe(200);
      expect(await challenged(`${origin}/quotes/ok`)).toMatchObject({ amount: "30000" });
    },
  );

  test("and what is free at one host is not at another", async () => {
    const path = fresh("/host-only/open/ok");
    expect(await challenged(SHOP + path)).toMatchObject({ amount: "10000" });
    expect(await seen(path)).toEqual([]);
  });
});

describe("the client is told the URL", () => {
  test.each([
    ["of the origin that the table names, whatever scheme carried it here", "http://shop.example.com", SHOP],
    ["as it asked, where the table names no scheme", "http://api.example.com", "http://api.example.com"],
    ["with its port, where that is listed", `${API}:8443`, `${API}:8443`],
  ])("%s", async (_, asked, told) => {
    const path = fresh("/quotes/x");
    expect(await challenged(asked + path)).toMatchObject({ url: told + path });
  });

  test("and may echo it in its payment", async () => {
    const path = fresh("/quotes/x/ok");
    const payment = { ...(await signPayment("20000")), resource: { url: SHOP + path } };
    const response = await pay(`http://shop.example.com${path}`, payment);
    expect(response.status).toBe(200);
    expect((await seen(path))[0]?.headers).toMatchObject({
      "x-forwarded-host": "shop.example.com",
      "x-forwarded-proto": "https",
      host: new URL(inject("upstream")).host,
    });
  });
});

describe("the gate's own paths, where the table moved them", () => {
  test.each(["/~gate/nothing", "/~gate", "/~GATE/x", "/%7Egate/x", "/x/../~gate/x"])(
    "%s never reaches the upstream",
    async (path) => {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const response = await ask(path, { method });
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ error: "not_found" });
      }
      expect(await seen("/~gate")).toEqual([]);
      expect(await seen("/~GATE")).toEqual([]);
      expect(await seen("/%7Egate")).toEqual([]);
    },
  );

  test("leave the usual ones to the upstream", async () => {
    const path = fresh("/.faregate/ok");
    expect((await ask(path)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });
});
