// One line of JSON for each request: what an operator looks for with the id that a client was told.

import { describe, expect, test } from "vitest";
import { newAccount, PAY_TO, signPayment, transactionOf } from "../support/payment.ts";
import { lineOf, lineOfPath, lines } from "../support/request-log.ts";
import { ask, eventually, fresh, ORIGIN, pay } from "./client.ts";

const NETWORK = "eip155:84532";
const ASSET = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const timed = { durationMs: expect.any(Number) };
const steps = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name): [string, unknown] => [name, expect.any(Number)]));
const about = (path: string, route: string | null, method = "GET") => ({
  event: "request",
  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  method,
  host: "api.example.com",
  path,
  route,
});

let counter = 0;
/** A place of its own, because a line knows no query. */
const place = (route: string, behaviour: string): string => `${route}/log-${counter++}/${behaviour}`;

async function bought(path: string, init?: RequestInit, sign = () => signPayment("10000")) {
  const payment = await sign();
  const response = await pay(fresh(path), payment, init);
  await response.clone().arrayBuffer();
  const money = { network: NETWORK, asset: ASSET, amount: "10000", payer: payment.payload.authorization.from };
  return { payment, response, money: { ...money, payTo: PAY_TO } };
}

describe("the log says", () => {
  test("of a challenge that nothing was asked", async () => {
    const path = place("/paid", "ok");
    const line = await lineOf(await ask(fresh(path)));
    expect(line).toEqual({ ...about(path, "/paid"), outcome: "payment_required", ...timed, steps: {} });
  });

  test("of a paid call who paid what to whom, by which transaction, and what took its time", async () => {
    const path = place("/paid", "slow");
    const { money, payment } = await bought(path, { method: "POST", body: "a body" });
    expect(lineOfPath(path)).toEqual({
      ...about(path, "/paid", "POST"),
      ...{ outcome: "settled", status: 200, transaction: transactionOf(payment.payload.authorization.nonce) },
      ...money,
      ...timed,
      steps: steps("body", "claim", "verify", "upstream", "settle"),
    });
  });

  test("of a call how long its parts took", async () => {
    const path = place("/paid", "slow");
    await bought(path);
    // The upstream waits for 400 ms, and everything else for next to nothing.
    const { durationMs, steps } = lineOfPath(path) as unknown as { durationMs: number; steps: { upstream: number } };
    expect(steps.upstream).toBeGreaterThanOrEqual(390);
    expect(durationMs).toBeGreaterThanOrEqual(steps.upstream);
  });

  test("of a free call what its answer was", async () => {
    const path = place("/free", "missing");
    await ask(fresh(path));
    const passed = { outcome: "passed", status: 404 };
    expect(lineOfPath(path)).toEqual({ ...about(path, "/free/*"), ...passed, ...timed, steps: steps("upstream") });
  });

  test("of a forged payment why it was refused, and nothing of what it claims", async () => {
    const path = place("/paid", "ok");
    const { response } = await bought(path, {}, () => signPayment("10000", { from: newAccount().address }));
    expect(response.status).toBe(402);
    expect(await lineOf(response)).toEqual({
      ...about(path, "/paid"),
      ...{ outcome: "payment_refused", reason: "invalid_exact_evm_payload_signature" },
      ...timed,
      steps: {},
    });
  });

  test("of an answer that is not sold that nobody was charged", async () => {
    const path = place("/paid", "missing");
    const { money } = await bought(path);
    expect(lineOfPath(path)).toEqual({
      ...about(path, "/paid"),
      ...{ outcome: "uncharged", status: 404 },
      ...money,
      ...timed,
      steps: steps("claim", "verify", "upstream"),
    });
  });

  test.each([
    [
      "a facilitator that refuses",
      "/paid",
      "ok?verify=invalid:insufficient_funds",
      "payment_refused",
      "insufficient_funds",
    ],
    ["a facilitator that is down", "/paid", "ok?verify=drop", "facilitator_unavailable", undefined],
    [
      "a settlement that is rejected",
      "/paid",
      "ok?settle=rejected:insufficient_funds",
      "settlement_rejected",
      "insufficient_funds",
    ],
    ["a settlement that nobody knows about", "/paid", "ok?settle=drop", "settlement_unknown", undefined],
    ["an upstream that is too slow", "/paid", "hang", "upstream_timeout", undefined],
  ])("of %s what became of the payment", async (_, route, behaviour, outcome, reason) => {
    const { response, money } = await bought(place(route, behaviour));
    expect(await lineOf(response)).toMatchObject({ ...money, outcome, ...(reason && { reason }) });
  });

  test("of a payment that comes late what the ledger knows", async () => {
    const path = fresh(place("/paid", "ok"));
    const payment = await signPayment("10000");
    await pay(path, payment);
    const again = await eventually(() => pay(path, payment), 409);
    expect(await lineOf(again)).toMatchObject({ outcome: "payment_settled", amount: "10000", payTo: PAY_TO });
  });

  test("of a preflight which route was meant", async () => {
    const path = place("/paid", "ok");
    const headers = { origin: "https://app.example.com", "access-control-request-method": "GET" };
    await ask(path, { method: "OPTIONS", headers });
    expect(lineOfPath(path)).toEqual({ ...about(path, "/paid", "OPTIONS"), outcome: "preflight", ...timed, steps: {} });
  });

  test("of a path that nothing names that no route was meant", async () => {
    const path = place("/nowhere", "x");
    expect(await lineOf(await ask(path))).toEqual({ ...about(path, null), outcome: "not_found", ...timed, steps: {} });
  });

  test("of a host that is not ours no more than that", async () => {
    const line = await lineOf(await ask("https://elsewhere.example/paid/ok?key=secret"));
    const { requestId } = about("", null);
    expect(line).toEqual({
      ...{ event: "request", requestId, method: "GET", route: null, outcome: "misdirected" },
      ...timed,
      steps: {},
    });
  });
});

test("one line is written for one request, whatever comes of it", async () => {
  const path = place("/paid", "ok");
  const before = lines.length;
  const payment = await signPayment("10000");
  await ask(path);
  await pay(path, payment);
  await pay(path, payment);
  await ask(`${ORIGIN}/free//ok`);
  expect(lines).toHaveLength(before + 4);
});

test("no line has a signature, a query, a body or a secret of what was sent", async () => {
  const path = place("/paid", "ok");
  const before = lines.length;
  const init = { method: "POST", body: "words of a body", headers: { authorization: "Bearer of-the-client" } };
  const payment = await signPayment("10000");
  await pay(`${path}?password=of-the-client`, payment, init);
  await pay(`${path}?password=of-the-client`, { ...payment, extensions: { note: "of-the-client" } }, init);
  const written = lines.slice(before).join("\n");
  expect(lines).toHaveLength(before + 2);
  const { signature, authorization } = payment.payload;
  for (const word of [signature.slice(2, 20), authorization.nonce, "of-the-client", "words", "goods", "secret-of"]) {
    expect(written.toLowerCase()).not.toContain(word.toLowerCase());
  }
});
