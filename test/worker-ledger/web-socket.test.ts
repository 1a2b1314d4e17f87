import { describe, expect, test } from "vitest";
import { encodePayment, type Payment, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, eventually, fresh, seen } from "../worker/client.ts";
import { idempotent, newKey, upfront } from "./client.ts";

const shake = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, { headers: { upgrade: "websocket", ...headers } });

const buy = (path: string, payment: Payment, headers: Record<string, string> = {}): Promise<Response> =>
  shake(path, { ...headers, "payment-signature": encodePayment(payment) });

const signUpfront = async (): Promise<Payment> => upfront(await signPayment("10000"));

/** What comes back for a word that is sent; the socket is closed then. */
async function echoOf({ webSocket }: Response, word: string): Promise<unknown> {
  const socket = webSocket ?? expect.fail("there is no WebSocket");
  const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
  socket.accept();
  socket.send(word);
  const data = await heard;
  socket.close(1000);
  return data;
}

describe("a handshake at a route that sells WebSockets", () => {
  test("without a payment is asked to pay first, and opens nothing", async () => {
    const path = fresh("/socket/echo");
    const response = await shake(path);
    expect(response.status).toBe(402);
    expect(response.webSocket).toBeNull();
    const { accepts } = decode(response.headers.get("payment-required"));
    expect(accepts).toEqual([expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) })]);
    expect(await seen(path)).toEqual([]);
  });

  test("with a payment opens one, which is paid by then", async () => {
    const path = fresh("/socket/echo");
    const payment = await signUpfront();
    const response = await buy(path, payment);
    expect(response.status).toBe(101);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await echoOf(response, "hello")).toBe("hello");
    const [arrived] = await seen(path);
    expect(Object.keys(arrived?.headers ?? {})).not.toContain("payment-signature");
  });

  test("opens one for each payment, and none for the same again", async () => {
    const path = fresh("/socket/echo");
    const payment = await signUpfront();
    const key = idempotent(newKey());
    expect((await buy(path, payment, key)).status).toBe(101);
    const again = await eventually(() => buy(path, payment, key), 409);
    expect(await again.json()).toMatchObject({ error: "payment_settled" });
    expect(await seen(path)).toHaveLength(1);
  });

  test("of a payment that is rejected does not reach the API", async () => {
    const path = fresh("/socket/echo?settle=rejected:insufficient_funds");
    const response = await buy(path, await signUpfront());
    expect(response.status).toBe(402);
    expect(response.webSocket).toBeNull();
    expect(await seen(path)).toEqual([]);
  });

  test.each([
    ["with an error", "/socket/status/403", 403],
    ["with a plain answer, as if nobody had asked for a WebSocket", "/socket/ok", 502],
    ["not at all", "/socket/hang", 504],
  ])("that the API answers %s leaves the buyer with the right to one", async (_, url, status) => {
    const path = fresh(url);
    const response = await buy(path, await signUpfront());
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: "paid_undelivered", redeem: expect.any(String) });
  });

  test("is redeemed when the API could not open one at first", async () => {
    const path = fresh("/socket/echo/later");
    const payment = await signUpfront();
    const failed = await buy(path, payment);
    expect(failed.status).toBe(503);
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const opened = await shake(path, { "faregate-redeem": redeem });
    expect(opened.status).toBe(101);
    expect(await echoOf(opened, "at last")).toBe("at last");
    const again = await eventually(() => shake(path, { "faregate-redeem": redeem }), 409);
    expect(again.status).toBe(409);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("and a plain call of the same URL are two calls", async () => {
    const path = fresh("/socket/echo/later");
    const failed = await buy(path, await signUpfront());
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const response = await ask(path, { headers: { "faregate-redeem": redeem } });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_bound_elsewhere" });
  });
});

describe("elsewhere", () => {
  test.each(["/after/echo", "/before/echo", "/async/echo"])("%s is 426 and opens nothing, paid or not", async (url) => {
    const path = fresh(url);
    const payment = await signPayment("10000");
    for (const response of [await shake(path), await buy(path, payment), await buy(path, upfront(payment))]) {
      expect(response.status).toBe(426);
      expect(response.webSocket).toBeNull();
    }
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("an upgrade to something else is a plain request", async () => {
    const path = fresh("/after/ok");
    const payment = encodePayment(await signPayment("10000"));
    const response = await ask(path, {
      headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "payment-signature": payment },
    });
    expect(response.status).toBe(200);
    const [arrived] = await seen(path);
    expect(Object.keys(arrived?.headers ?? {})).not.toContain("upgrade");
  });
});
