import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, chunked, eventually, fresh, pay, seen } from "./client.ts";

const TOO_LARGE = {
  error: "body_too_large",
  message: "Keep the body within 10 bytes. You were not charged.",
  requestId: expect.any(String),
};
const post = (body: BodyInit): RequestInit => ({ method: "POST", body });

describe("a body that says that it is longer than the route takes is 413 before anything is claimed", () => {
  test("with a payment, which stays good", async () => {
    const path = fresh("/small/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment, post("x".repeat(11)));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual(TOO_LARGE);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await calledEndpoints(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
    expect((await pay(path, payment, post("x".repeat(10)))).status).toBe(200);
  });

  test("without a payment: nobody pays for what would not be taken", async () => {
    const response = await ask("/small/ok", post("x".repeat(11)));
    expect(response.status).toBe(413);
    expect(response.headers.has("payment-required")).toBe(false);
  });

  test("on a free route", async () => {
    const path = fresh("/free/small/ok");
    const response = await ask(path, post("x".repeat(11)));
    expect(response.status).toBe(413);
    expect(await seen(path)).toEqual([]);
  });
});

describe("a body that turns out to be longer than the route takes is 413", () => {
  test("and its payment ends uncharged", async () => {
    const path = fresh("/small/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment, post(chunked("x".repeat(8), "x".repeat(8))));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual(TOO_LARGE);
    expect(response.headers.has("payment-response")).toBe(false);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
    expect(await seen(path)).toEqual([]);

    const again = await eventually(() => pay(path, payment, post(chunked("x"))), 402);
    expect(again.status).toBe(402);
    expect(await again.json()).toMatchObject({ error: "body_too_large" });
    expect(again.headers.has("payment-required")).toBe(true);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  });

  test("on a free route", async () => {
    const path = fresh("/free/small/ok");
    const response = await ask(path, post(chunked("x".repeat(8), "x".repeat(8))));
    expect(response.status).toBe(413);
    expect(await seen(path)).toEqual([]);
  });
});

describe("a body of exactly what the route takes", () => {
  test.each<[string, () => BodyInit]>([
    ["whose length is declared", () => "x".repeat(10)],
    ["whose length is not", () => chunked("x".repeat(5), "x".repeat(5))],
  ])("%s is served and paid", async (_, body) => {
    const path = fresh("/small/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment, post(body()));
    expect(response.status).toBe(200);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await seen(path)).toMatchObject([{ body: "x".repeat(10) }]);
  });

  test("passes a free route", async () => {
    const path = fresh("/free/small/ok");
    expect((await ask(path, post(chunked("x".repeat(10))))).status).toBe(200);
    expect(await seen(path)).toMatchObject([{ body: "x".repeat(10) }]);
  });
});

test("an API that drops a short body's connection is not told from one that drops any other", async () => {
  const payment = await signPayment("10000");
  const response = await pay(fresh("/small/drop"), payment, post(chunked("x")));
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: "upstream_unreachable" });
});
