import { once } from "node:events";
import { decodePaymentResponseHeader } from "@x402/fetch";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { buyer } from "../../tools/stack/chain.ts";
import { encodePayment, newAccount, PAY_TO, type Payment, signPayment, withLowV } from "../support/payment.ts";
import { startWorld, type Way, type World } from "./world.ts";

const PRICE = 10_000n;
let world: World;

/** What changes on the chain while something is done. */
async function moved(action: () => Promise<void>) {
  const before = {
    payee: await world.payee(),
    buyer: await world.balance(buyer.address),
    transfers: await world.transfers(),
  };
  await action();
  return {
    payee: (await world.payee()) - before.payee,
    buyer: (await world.balance(buyer.address)) - before.buyer,
    transfers: (await world.transfers()).length - before.transfers.length,
  };
}

const send = (path: string, payment: Payment, init: RequestInit = {}): Promise<Response> =>
  fetch(world.gate + path, { ...init, headers: { "payment-signature": encodePayment(payment) } });

const WAYS: readonly Way[] = ["a facilitator", "a facilitator that asks for a key", "the gate itself"];

describe.each(WAYS)("verified and settled by %s:", (way) => {
  beforeAll(async () => {
    world = await startWorld(way);
  });
  afterAll(() => world?.stop());
  afterEach(() => Object.assign(world.lose, { settle: "none", verify: "none" }));

  describe("the stock client and a real chain", () => {
    test("a paid call moves exactly the price, reaches the upstream once and brings its receipt", async () => {
      let response = new Response();
      const movement = await moved(async () => {
        response = await world.fetchPaying()(`${world.gate}/paid/ok?once`);
        expect(await response.json()).toEqual({ goods: true });
      });
      expect(movement).toEqual({ payee: PRICE, buyer: -PRICE, transfers: 1 });
      expect(response.status).toBe(200);
      const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
      expect(receipt).toMatchObject({ success: true, network: "eip155:84532", payer: buyer.address });
      expect(receipt.transaction).toMatch(/^0x[0-9a-f]{64}$/);
      const [request, ...more] = await world.seen("/paid/ok?once");
      expect(more).toEqual([]);
      expect(Object.keys(request?.headers ?? {}).filter((name) => name.includes("payment"))).toEqual([]);
    });

    test("a WebSocket is opened for exactly the price, and for nothing it is not", async () => {
      const url = `${world.gate.replace("http", "ws")}/socket/echo`;
      const { headers } = await fetch(`${world.gate}/socket/echo`);
      const { accepts } = JSON.parse(atob(headers.get("payment-required") ?? ""));
      const payment = { ...(await signPayment("10000", {}, buyer)), accepted: accepts[0] };
      let echoed = "";
      const movement = await moved(async () => {
        const refused = new WebSocket(url);
        const [, { statusCode }] = await once(refused, "unexpected-response");
        expect(statusCode).toBe(402);
        const paid = new WebSocket(url, { headers: { "payment-signature": encodePayment(payment) } });
        await once(paid, "open");
        paid.send("hello");
        const [data] = await once(paid, "message");
        echoed = String(data);
        paid.terminate();
      });
      expect(echoed).toBe("hello");
      expect(movement).toEqual({ payee: PRICE, buyer: -PRICE, transfers: 1 });
      expect(await world.seen("/socket/echo")).toHaveLength(1);
    });

    test("an unpaid call moves nothing and costs the upstream nothing", async () => {
      const movement = await moved(async () => {
        expect((await fetch(`${world.gate}/paid/ok?unpaid`)).status).toBe(402);
      });
      expect(movement).toEqual({ payee: 0n, buyer: 0n, transfers: 0 });
      expect(await world.seen("/paid/ok?unpaid")).toEqual([]);
    });

    test("a paid body arrives unchanged", async () => {
      const body = JSON.stringify({ question: "x".repeat(1000) });
      const response = await world.fetchPaying()(`${world.gate}/paid/post`, { method: "POST", body });
      expect(response.status).toBe(200);
      expect((await world.seen("/paid/post")).map((request) => request.body)).toEqual([body]);
    });

    test("a paid stream delivers its first event before the upstream has ended", async () => {
      const response = await world.fetchPaying()(`${world.gate}/paid/stream/ok`);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const startMs = performance.now();
      expect((await reader?.read())?.value).toBe("data: first\n\n");
      expect(performance.now() - startMs).toBeLessThan(200);
      expect((await reader?.read())?.value).toBe("data: last\n\n");
    });

    test("a free route needs no wallet", async () => {
      expect((await fetch(`${world.gate}/free/ok`)).status).toBe(200);
    });
  });

  describe("nobody pays for what was not sold", () => {
    test.each([
      ["an upstream error", "/paid/status/500", 500],
      ["an upstream that breaks off", "/paid/short", 502],
      ["a redirect", "/paid/status/302", 502],
    ])("%s", async (_, path, status) => {
      const movement = await moved(async () => {
        expect((await world.fetchPaying()(world.gate + path)).status).toBe(status);
      });
      expect(movement).toEqual({ payee: 0n, buyer: 0n, transfers: 0 });
    });

    test("a wallet without money is told so, and reaches nothing", async () => {
      const response = await world.fetchPaying(newAccount())(`${world.gate}/paid/ok?poor`);
      expect(response.status).toBe(402);
      expect(await response.json()).toMatchObject({ error: "invalid_exact_evm_insufficient_balance" });
      expect(await world.seen("/paid/ok?poor")).toEqual([]);
    });

    // The gate's own word on a payment comes from the chain, and nothing between them can be made to believe another.
    if (way !== "the gate itself") {
      test("a wallet that is emptied between verify and settle gets a failed receipt and no goods", async () => {
        world.lose.verify = "believe";
        const response = await world.fetchPaying(newAccount())(`${world.gate}/paid/ok?emptied`);
        expect(response.status).toBe(402);
        expect(await response.text()).not.toContain("goods");
        const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
        expect(receipt).toMatchObject({ success: false, transaction: "" });
        expect(response.headers.has("payment-required")).toBe(true);
      });
    }
  });

  // No answer of a third party can be lost where there is none.
  if (way !== "the gate itself") {
    describe("a settlement whose answer was lost", () => {
      test("is charged once; the payment is told 503, and nobody is asked to pay again", async () => {
        world.lose.settle = "answer";
        const payment = await signPayment("10000", {}, buyer);
        const movement = await moved(async () => {
          const response = await send("/paid/ok?lost", payment);
          expect(response.status).toBe(503);
          expect(response.headers.get("retry-after")).not.toBeNull();
          expect(response.headers.has("payment-required")).toBe(false);
          world.lose.settle = "none";
          // The chain shows what became of it, and everybody can read the payment there: it gets the truth, not the goods.
          for (let again = 0; again < 3; again++) {
            const repeated = await send("/paid/ok?lost", payment);
            expect(repeated.status).toBe(409);
            expect(repeated.headers.has("payment-required")).toBe(false);
          }
        });
        expect(movement).toEqual({ payee: PRICE, buyer: -PRICE, transfers: 1 });
        expect(await world.seen("/paid/ok?lost")).toHaveLength(1);
      });
    });
  }

  describe("a client that leaves", () => {
    test("while the upstream works stops neither the settlement nor its record", async () => {
      const payment = await signPayment("10000", {}, buyer);
      const leave = new AbortController();
      const movement = await moved(async () => {
        const left = send("/paid/late?left", payment, { signal: leave.signal });
        await expect.poll(() => world.seen("/paid/late?left")).toHaveLength(1);
        leave.abort();
        await expect(left).rejects.toThrow();
        await expect
          .poll(async () => (await send("/paid/late?left", payment)).json())
          .toMatchObject({
            error: "payment_settled",
          });
      });
      expect(movement).toEqual({ payee: PRICE, buyer: -PRICE, transfers: 1 });
      expect(await world.seen("/paid/late?left")).toHaveLength(1);
    });
  });

  describe("200 copies of one payment at once, in every spelling", () => {
    test("buy one execution and move one price", async () => {
      const payment = await signPayment("10000", {}, buyer);
      const copies = Array.from({ length: 200 }, (_, i) => respell(payment, i));
      expect(new Set(copies.map(encodePayment)).size).toBeGreaterThan(15);
      let statuses: number[] = [];
      const movement = await moved(async () => {
        const responses = await Promise.all(copies.map((copy) => send("/paid/slow?storm", copy)));
        statuses = responses.map(({ status }) => status);
      });
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(new Set(statuses)).toEqual(new Set([200, 409]));
      expect(movement).toEqual({ payee: PRICE, buyer: -PRICE, transfers: 1 });
      expect(await world.seen("/paid/slow?storm")).toHaveLength(1);
    });
  });
});

/** Five choices that mean the same: v, hex case, address case, key order, and what a client may add. */
function respell({ payload: { signature, authorization }, accepted, ...payment }: Payment, choices: number): Payment {
  const isChosen = (bit: number): boolean => Boolean(choices & (1 << bit));
  const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;
  const { from, nonce, ...rest } = authorization;
  const signed = isChosen(0) ? withLowV(signature) : signature;
  const respelled = {
    ...rest,
    nonce: isChosen(1) ? upper(nonce) : nonce,
    from: isChosen(2) ? from.toLowerCase() : from,
    to: isChosen(2) ? PAY_TO.toLowerCase() : PAY_TO,
  };
  const payload = { signature: isChosen(1) ? upper(signed) : signed, authorization: respelled };
  const added = isChosen(4) ? { ...accepted, extra: { name: "USDC", mine: choices } } : accepted;
  return isChosen(3) ? { payload, accepted: added, ...payment } : { ...payment, accepted: added, payload };
}
