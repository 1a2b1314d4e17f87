// How often each kind of request reaches outside of the invocation, and in which order: exactly what the way of a request
// names. A budget like this one does not depend on how fast a machine is.

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildBooks, buildSpentPayments, buildTransactions, type LedgerStub } from "../../src/ledger/index.ts";
import { type Payment, signPayment } from "../support/payment.ts";
import { fresh } from "./client.ts";
import { answerOf, configOf, gateOf, newHeld, openLedger, requestOf } from "./gate.ts";
import pricing from "./pricing.ts";

const config = configOf(pricing);
const { SPENT } = env as unknown as { SPENT: KVNamespace };

/** What began and what ended, in order. */
let lines: string[] = [];

async function noted<T>(name: string, work: () => Promise<T>): Promise<T> {
  lines.push(name);
  try {
    return await work();
  } finally {
    lines.push(`${name} ended`);
  }
}

const begun = (): readonly string[] => lines.filter((line) => !line.endsWith(" ended"));

beforeEach(() => {
  lines = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, "fetch").mockImplementation((to, init) => {
    const endpoint = /\/(?:verify|settle)$/.exec(String(to))?.[0] ?? "upstream";
    return noted(endpoint, () => fetch(to, init));
  });
});

afterEach(() => void vi.restoreAllMocks());

const countedLedger = (name: string): LedgerStub => {
  const ledger = openLedger(name) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const method =
    (of: string) =>
    (...words: unknown[]) =>
      noted(of, async () => ledger[of]?.(...words));
  const [claim, record, present, assign] = ["claim", "record", "present", "assign"].map(method);
  return { claim, record, present, assign } as unknown as LedgerStub;
};

const countedKv = {
  get: (id: string) => noted("KV read", () => SPENT.get(id)),
  put: (id: string, text: string, options: KVNamespacePutOptions) =>
    noted("KV write", () => SPENT.put(id, text, options)),
} as unknown as KVNamespace;

/** The signature of another authorization. */
const forged = ({ payload, ...envelope }: Payment): Payment => ({
  ...envelope,
  payload: { ...payload, authorization: { ...payload.authorization, nonce: `0x${"12".repeat(32)}` } },
});

/** An isolate of its own, which has seen no payment. */
function newIsolate() {
  const held = newHeld();
  const transactions = buildTransactions(countedLedger);
  const parts = { books: buildBooks(countedLedger), transactions, spent: buildSpentPayments(countedKv, new Map()) };
  const gate = gateOf(config, held, parts);
  return async (path: string, payment: Payment | null, headers?: Record<string, string>) => {
    lines = [];
    const { status } = await answerOf(gate, requestOf(path, payment, headers));
    // What has begun and is not over when the answer is there.
    const behind = begun().filter((name) => !lines.includes(`${name} ended`));
    await held.over();
    return { status, asked: begun(), behind };
  };
}

describe("without I/O ends", () => {
  test.each<[string, number, string, () => Promise<Payment> | null, Record<string, string>]>([
    ["a request without a payment", 402, "/paid/ok", () => null, {}],
    ["a path that the table closes", 404, "/nowhere", () => null, {}],
    ["a path that is read in two ways", 400, "/paid%2fok", () => null, {}],
    ["a header that is no payment", 400, "/paid/ok", () => null, { "payment-signature": "nonsense" }],
    ["a forged payment", 402, "/paid/ok", async () => forged(await signPayment("10000")), {}],
  ])("%s", async (_, status, path, payment, headers) => {
    const answer = await newIsolate()(path, await payment(), headers);
    expect(answer).toEqual({ status, asked: [], behind: [] });
  });

  test("a payment that this isolate has seen spent", async () => {
    const ask = newIsolate();
    const payment = await signPayment("10000");
    const path = fresh("/paid/ok");
    expect((await ask(path, payment)).status).toBe(200);
    expect(await ask(path, payment)).toEqual({ status: 409, asked: [], behind: [] });
  });
});

test("a payment that is off the price is looked up in the ledger, and asked about nowhere else", async () => {
  const answer = await newIsolate()("/paid/ok", await signPayment("1"));
  expect(answer).toEqual({ status: 402, asked: ["present"], behind: [] });
});

test("a free request is one fetch", async () => {
  expect(await newIsolate()(fresh("/free/ok"), null)).toEqual({ status: 200, asked: ["upstream"], behind: [] });
});

describe("a paid call", () => {
  test("asks what has to be asked, once each, and records behind the answer", async () => {
    const { status, asked, behind } = await newIsolate()(fresh("/paid/ok"), await signPayment("10000"));
    expect(status).toBe(200);
    expect(asked.toSorted()).toEqual([
      "/settle",
      "/verify",
      "KV read",
      "KV write",
      "assign",
      "claim",
      "record",
      "upstream",
    ]);
    expect(behind).toEqual(["assign"]);
  });

  test("begins the claim, KV and verify together, and goes on when they have answered", async () => {
    await newIsolate()(fresh("/paid/ok"), await signPayment("10000"));
    expect(lines.slice(0, 3).toSorted()).toEqual(["/verify", "KV read", "claim"]);
    const at = (line: string): number => lines.indexOf(line);
    expect(at("upstream")).toBeGreaterThan(at("claim ended"));
    expect(at("upstream")).toBeGreaterThan(at("/verify ended"));
    expect(at("/settle")).toBeGreaterThan(at("upstream ended"));
    expect(at("assign")).toBeGreaterThan(at("/settle ended"));
    // Neither waits for the other.
    expect(at("record")).toBeGreaterThan(at("assign ended"));
    expect(at("KV write")).toBeGreaterThan(at("assign ended"));
  });

  test("that another isolate has settled asks the same three, and nothing more", async () => {
    const payment = await signPayment("10000");
    const path = fresh("/paid/ok");
    await newIsolate()(path, payment);
    const { status, asked } = await newIsolate()(path, payment);
    expect(status).toBe(409);
    expect(asked.toSorted()).toEqual(["/verify", "KV read", "claim"]);
  });
});
