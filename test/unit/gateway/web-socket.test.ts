import { expect, test } from "vitest";
import { signPayment } from "../../support/payment.ts";
import { type Around, keyed, openGate, reasonOf, upfront } from "./gate.ts";

const table = { routes: { "/socket": { price: "$0.01", websocket: true } } };
const handshake = (): Headers => new Headers([["upgrade", "websocket"], ...(keyed().headers ?? [])]);
/** No message passes through the gate, so there is nothing to be known of it. */
const OPENED = { status: 101, webSocket: {} as WebSocket };
const PLAIN = { status: 200, headers: { "content-length": "5" }, body: "goods" };

async function buy(answer: ReturnType<Around["upstream"]>, headers = handshake()) {
  const gate = openGate(table, { upstream: () => answer });
  const payment = upfront(await signPayment("10000"));
  const outcome = await gate.pay("/socket", payment, { headers });
  return { ...gate, payment, outcome, again: () => gate.pay("/socket", payment, { headers: handshake() }) };
}

test("a handshake that the API takes is sold, and delivered with that", async () => {
  const { outcome, entry, payment, seen } = await buy(OPENED);
  expect(outcome).toMatchObject({ kind: "sold", answer: { status: 101, webSocket: OPENED.webSocket } });
  expect(entry(payment)).toBe("settled, delivered");
  expect(seen[0]?.headers.get("upgrade")).toBe("websocket");
});

test("a WebSocket is not kept: a repeat by its key opens no other one, and is told that it was delivered", async () => {
  const { again, seen } = await buy(OPENED);
  expect(reasonOf(await again())).toBe("payment_settled");
  expect(seen).toHaveLength(1);
});

test("a handshake that is answered as a plain request is not what was sold", async () => {
  const { outcome, entry, payment } = await buy(PLAIN);
  expect(reasonOf(outcome)).toBe("paid_undelivered");
  expect(entry(payment)).toBe("settled, undelivered");
});

test("a plain request to such a route is sold as elsewhere", async () => {
  const { outcome, seen } = await buy(PLAIN, new Headers(keyed().headers));
  expect(outcome).toMatchObject({ kind: "sold", answer: { status: 200 } });
  expect(seen[0]?.headers.has("upgrade")).toBe(false);
});

test.each([
  ["7", "upgrade_required"],
  ["8, 13", "upgrade_required"],
  ["13", "sold"],
  [null, "sold"],
])("a handshake of the version %s is %s: another one would be paid and then refused", async (version, reason) => {
  const headers = handshake();
  if (version !== null) headers.set("sec-websocket-version", version);
  const { outcome, asked } = await buy(OPENED, headers);
  expect(reasonOf(outcome)).toBe(reason);
  expect(asked).toEqual(reason === "sold" ? ["verify", "settle"] : []);
});
