// How often a facilitator is asked. `settlement_pending` is not an end: it has sent a transaction and waits for it.

import { afterAll, describe, expect, test, vi } from "vitest";
import { buildFacilitator } from "../../../src/facilitator/index.ts";
import { startFakeFacilitator } from "../../support/fake-facilitator.ts";
import { NETWORK, signPayment, transactionOf } from "../../support/payment.ts";
import { signUptoPayment } from "../../support/permit2-payment.ts";
import { readText, startServer } from "../../support/server.ts";

const server = await startFakeFacilitator();
afterAll(server.stop);

const NO_NOTES = { read: async () => null, write: async () => undefined };

const PARTS = { authorize: null, notes: NO_NOTES, nowMs: Date.now, random: Math.random };

async function settle(behaviour: string, settleTimeoutMs: number) {
  const facilitator = buildFacilitator({ url: server.url, verifyTimeoutMs: 1000, settleTimeoutMs }, PARTS);
  const payment = await signPayment("10000");
  const { from: payer, nonce } = payment.payload.authorization;
  const body = JSON.stringify({
    paymentPayload: { ...payment, resource: { url: `https://api.example.com/ok?settle=${behaviour}` } },
    paymentRequirements: payment.accepted,
  });
  const startMs = performance.now();
  const settlement = await facilitator.settleAgain(body, { payer, network: NETWORK });
  const tookMs = performance.now() - startMs;
  const calls: { endpoint: string; text: string }[] = await (
    await fetch(`${server.url}/__calls?nonce=${nonce}`)
  ).json();
  return { settlement, tookMs, calls, nonce, failures: facilitator.breaker.health().failures };
}

describe("a settlement that is under way", () => {
  test("is asked for again with the identical body until it is settled", async () => {
    const { settlement, calls, nonce } = await settle("pending:2", 5000);
    expect(settlement).toEqual({ kind: "settled", transaction: transactionOf(nonce) });
    expect(calls.map(({ endpoint }) => endpoint)).toEqual(["/settle", "/settle", "/settle"]);
    expect(new Set(calls.map(({ text }) => text)).size).toBe(1);
  });

  test("is unknown when the time is up, and its hash is kept for who looks at the chain", async () => {
    const { settlement, tookMs, nonce, failures } = await settle("pending:99", 1500);
    expect(settlement).toMatchObject({ kind: "unknown", transaction: transactionOf(nonce) });
    expect(tookMs).toBeLessThan(1500 + 1500);
    // It has answered whenever it was asked, and does not rest for that.
    expect(failures).toBe(0);
  });

  test.each(["pendingthendrop", "pendingthenrejected"])(
    "is no failure, whatever comes later, and keeps its hash (%s)",
    async (behaviour) => {
      const { settlement, calls, nonce } = await settle(behaviour, 2500);
      expect(settlement).toMatchObject({ kind: "unknown", transaction: transactionOf(nonce) });
      expect(calls.length).toBeGreaterThan(1);
    },
  );

  test("is no silence where the facilitator waits for the chain longer than we do", async () => {
    const seen = new Set<string>();
    const { url, stop } = await startServer(async (request, response) => {
      const text = await readText(request);
      // It answers again when there is news, and there is none.
      if (seen.has(text)) return;
      seen.add(text);
      const pending = { success: false, errorReason: "settlement_pending", transaction: `0x${"ab".repeat(32)}` };
      response.writeHead(200).end(JSON.stringify(pending));
    });
    try {
      const facilitator = buildFacilitator({ url, verifyTimeoutMs: 1000, settleTimeoutMs: 1200 }, PARTS);
      const about = { payer: `0x${"11".repeat(20)}`, network: NETWORK };
      const settlements = await Promise.all([1, 2, 3].map((i) => facilitator.settle(`{"i":${i}}`, about)));
      expect(settlements.map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown"]);
      expect(facilitator.breaker.health()).toEqual({ state: "closed", failures: 0 });
    } finally {
      await stop();
    }
  });

  test("is not asked for again where it is not under way", async () => {
    const { settlement, calls } = await settle("rejected:transaction_failed", 5000);
    expect(settlement).toMatchObject({ kind: "unknown", transaction: null });
    expect(calls).toHaveLength(1);
  });
});

test("a verify that breaks off just before its time is up counts once: there was no time to ask again", async () => {
  const { url, stop } = await startServer(({ socket }) => void setTimeout(() => socket.destroy(), 150));
  try {
    const options = { url, verifyTimeoutMs: 200, settleTimeoutMs: 200 };
    const facilitator = buildFacilitator(options, { ...PARTS, random: () => 0.9 });
    const verdict = await facilitator.verify("{}", { payer: "0x1", network: NETWORK, isProven: true });
    expect([verdict.kind, facilitator.breaker.health().failures]).toEqual(["unavailable", 1]);
  } finally {
    await stop();
  }
});

test.each([
  [0, 50],
  [0.5, 100],
  [0.9, 140],
])(
  "a verify that was not answered is asked once more, at another moment by each (%f: after %i ms)",
  async (random, pauseMs) => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      throw new Error("the connection breaks");
    });
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const options = { url: "https://f.example", verifyTimeoutMs: 60_000, settleTimeoutMs: 60_000 };
      const facilitator = buildFacilitator(options, { ...PARTS, random: () => random });
      const verdict = facilitator.verify("{}", { payer: "0x1", network: NETWORK });
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(asked).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toHaveLength(2);
      expect((await verdict).kind).toBe("unavailable");
    } finally {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    }
  },
);

test("a settlement of a part is believed only of the part that was asked for, at once and again", async () => {
  const transaction = `0x${"ab".repeat(32)}`;
  let amount: string | undefined = "1858";
  const lying = await startServer(async (request, response) => {
    const { paymentRequirements } = JSON.parse(await readText(request));
    const { network } = paymentRequirements;
    response.writeHead(200).end(JSON.stringify({ success: true, transaction, network, amount }));
  });
  const facilitator = buildFacilitator({ url: lying.url, verifyTimeoutMs: 1000, settleTimeoutMs: 1000 }, PARTS);
  const { accepted, ...payment } = await signUptoPayment("10000");
  const paymentPayload = { ...payment, accepted };
  const body = JSON.stringify({ paymentPayload, paymentRequirements: { ...accepted, amount: "1858" } });
  const expected = { payer: payment.payload.permit2Authorization.from, network: NETWORK, part: "1858" };
  const kinds = async () => [
    (await facilitator.settle(body, expected)).kind,
    (await facilitator.settleAgain(body, expected)).kind,
  ];
  expect(await kinds()).toEqual(["settled", "settled"]);
  amount = undefined;
  expect(await kinds()).toEqual(["settled", "settled"]);
  amount = "10000";
  expect(await kinds()).toEqual(["unknown", "unknown"]);
  await lying.stop();
});
