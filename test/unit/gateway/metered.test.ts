// A call that is charged for what it used: in one piece or as a stream, and whatever breaks.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Fate } from "../../../src/chain/index.ts";
import type { Outcome } from "../../../src/outcome/index.ts";
import { encodeChallenge, PERMIT2_ADDRESS, permit2PaymentId } from "../../../src/x402/index.ts";
import { ASSET, NETWORK, newAccount, type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import { FACILITATOR, type Permit2Payment, signUptoPayment } from "../../support/permit2-payment.ts";
import {
  type Around,
  broken,
  codeOf,
  HASH,
  isSettled,
  keyed,
  openGate,
  paidWith,
  readErrors,
  reasonOf,
  rejected,
  type Sent,
  textOf,
  tokenOf,
} from "./gate.ts";

const METER = [{ usd: "1", per: "1K", of: "usage.units" }];
/** Whom payers sign for. */
const supported = (): object => ({
  kinds: [{ x402Version: 2, scheme: "upto", network: NETWORK, extra: { facilitatorAddress: FACILITATOR } }],
});
const tableOf = (changes: object = {}) => ({
  bufferBytesMax: 1000,
  routes: { "/m": { price: { upto: "$0.05", meter: METER, min: "$0.0001", ...changes } } },
});

const account = newAccount();
let payment: Permit2Payment;
beforeEach(async () => {
  payment = await signUptoPayment("50000", {}, account);
});

const answered =
  (text: string, type = "application/json"): Around["upstream"] =>
  () => ({
    status: 200,
    headers: { "content-type": type, "content-length": String(new TextEncoder().encode(text).byteLength) },
    body: text,
  });
const using = (units: number): Around["upstream"] => answered(JSON.stringify({ usage: { units } }));

/** Nobody says how long it is. */
const unmeasured =
  (text: string, type = "text/event-stream"): Around["upstream"] =>
  () => ({ status: 200, headers: { "content-type": type }, body: text });

/** A stream of events that the test writes. */
function streaming() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    new CountQueuingStrategy({ highWaterMark: 100 }),
    new CountQueuingStrategy({ highWaterMark: 100 }),
  );
  const writer = writable.getWriter();
  const write = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  const upstream: Around["upstream"] = () => ({
    status: 200,
    headers: { "content-type": "text/event-stream" },
    body: readable,
  });
  return { upstream, write, close: () => writer.close(), abort: () => writer.abort(new Error("reset")) };
}

const USED = 'data: {"usage":{"units":7}}\n\n';

function open(changes: object = {}, around: Partial<Around> = {}, table: object = {}) {
  const settledFor: string[] = [];
  const settle = around.settle ?? isSettled;
  const gate = openGate(
    { ...tableOf(changes), ...table },
    {
      supported,
      ...around,
      settle(body, url) {
        settledFor.push(JSON.parse(body).paymentRequirements.amount);
        return settle(body, url);
      },
    },
  );
  const { from, nonce } = payment.payload.permit2Authorization;
  const id = permit2PaymentId(NETWORK, from, nonce);
  const held = () => gate.place.ledger(`${NETWORK}|${from.toLowerCase()}`).entry(id);
  const buy = async (): ReturnType<typeof gate.pay> => {
    // Who asks first is not told whom to sign for yet.
    await gate.ask("/m");
    return gate.pay("/m", payment as unknown as Payment);
  };
  const entry = (): string => `${held()?.pay}, ${held()?.delivery}, ${held()?.amount}`;
  const exposed = async (): Promise<boolean> =>
    !(await gate.gate.exposure.reserve({ attempt: "x", micros: 1n, untilMs: 1e15, nowMs: 1, microsMax: 1n }));
  return { ...gate, buy, held, entry, settledFor, exposed };
}

const transaction = (): string =>
  transactionOf(`0x${BigInt(payment.payload.permit2Authorization.nonce).toString(16).padStart(64, "0")}`);

describe("while every facilitator is down, and nobody ever heard of one,", () => {
  const asked = async (facilitator: object) => {
    const around = { supported: broken, verify: broken, upstream: using(7) };
    const { ask } = open({}, around, { facilitators: [{ url: "https://facilitator.example", ...facilitator }] });
    return [await ask("/m"), await ask("/m")] as const;
  };

  test("nothing is sold by use, because nobody knows for whom buyers sign", async () => {
    expect((await asked({})).map(reasonOf)).toEqual(["facilitator_unknown", "facilitator_unknown"]);
  });

  test("a call has its price where the table says for whom they do, from the first one on", async () => {
    for (const outcome of await asked({ facilitatorAddress: FACILITATOR.toLowerCase() })) {
      expect(reasonOf(outcome)).toBe("payment_required");
      const { tail } = (outcome.kind === "refused" &&
        "invitation" in outcome.problem &&
        outcome.problem.invitation.challenge) || { tail: "" };
      expect(tail).toContain(`"facilitatorAddress":"${FACILITATOR}"`);
    }
  });

  test("and one is bought for that account as soon as its facilitator is back, though it says nothing of itself", async () => {
    const facilitators = [{ url: "https://facilitator.example", facilitatorAddress: FACILITATOR }];
    const { buy, entry } = open({}, { supported: broken, upstream: using(7) }, { facilitators });
    expect(reasonOf(await buy())).toBe("sold");
    expect(entry()).toBe("settled, delivered, 7000");
  });
});

describe("an answer in one piece", () => {
  test("is verified with what was authorized, and settled and delivered for what it used", async () => {
    const verifiedFor: string[] = [];
    const verify: Around["verify"] = (body) => {
      verifiedFor.push(JSON.parse(body).paymentRequirements.amount);
      return { isValid: true };
    };
    const { buy, settledFor, entry, held, exposed } = open({}, { upstream: using(7), verify });
    const outcome = await buy();
    expect(outcome).toMatchObject({
      kind: "sold",
      receipt: { success: true, transaction: transaction(), amount: "7000" },
    });
    expect(await textOf(outcome)).toBe('{"usage":{"units":7}}');
    expect([verifiedFor, settledFor, entry()]).toEqual([["50000"], ["7000"], "settled, delivered, 7000"]);
    expect(held()?.calculation).toBe("7 usage.units at $1/1K = $0.007");
    expect(await exposed()).toBe(false);
  });

  test("is told to the operator as one of which the most was signed, and with its charge", async () => {
    const { buy, lines } = open({}, { upstream: using(7) });
    await buy();
    expect(lines.at(-1)).toMatchObject({
      payment: { scheme: "upto", amount: "50000" },
      outcome: { kind: "sold", receipt: { amount: "7000" } },
    });
  });

  test("is read whole also where nobody said how long it is", async () => {
    const upstream: Around["upstream"] = () => ({
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"usage":{"units":8}}',
    });
    const outcome = await open({}, { upstream }).buy();
    expect(outcome).toMatchObject({ kind: "sold", receipt: { amount: "8000" }, answer: { length: 21 } });
  });

  test("is read where it says that it is not encoded", async () => {
    const upstream: Around["upstream"] = () => ({
      status: 200,
      headers: { "content-type": "application/json", "content-encoding": "identity" },
      body: '{"usage":{"units":8}}',
    });
    expect(await open({}, { upstream }).buy()).toMatchObject({ receipt: { amount: "8000" } });
  });

  test("of a length that nobody said costs nothing where it breaks off", async () => {
    const { upstream, write, abort } = streaming();
    const { buy, entry, settledFor, exposed } = open(
      {},
      { upstream: async (sent) => ({ ...(await upstream(sent)), headers: { "content-type": "application/json" } }) },
    );
    void write('{"usage":').then(abort);
    expect(reasonOf(await buy())).toBe("upstream_unreachable");
    expect([entry(), settledFor, await exposed()]).toEqual(["uncharged, none, 100", [], false]);
  });

  test("that used next to nothing costs the least", async () => {
    const { buy, settledFor } = open({}, { upstream: using(0) });
    expect(await buy()).toMatchObject({ receipt: { amount: "100" } });
    expect(settledFor).toEqual(["100"]);
  });

  test("that used nothing, where there is no least, is delivered without a transaction", async () => {
    const { buy, settledFor, entry, exposed, reports } = open({ min: "$0" }, { upstream: using(0) });
    expect(await buy()).toMatchObject({ kind: "sold", receipt: { success: true, transaction: "", amount: "0" } });
    expect([settledFor, entry(), await exposed()]).toEqual([[], "uncharged, delivered, 0", false]);
    expect(reports.at(-1)).toBe("waived no_usage");
  });

  test.each([
    ["minimum", "100", "settled, delivered, 100"],
    ["maximum", "50000", "settled, delivered, 50000"],
    ["nothing", "0", "uncharged, delivered, 0"],
  ])("that does not say what it used costs the %s where the table says so", async (onMissingUsage, amount, entry) => {
    const gate = open({ onMissingUsage }, { upstream: answered("{}") });
    expect(await gate.buy()).toMatchObject({ kind: "sold", receipt: { amount } });
    expect(gate.entry()).toBe(entry);
  });

  test("costs nothing where it is not for sale", async () => {
    const { buy, settledFor, entry, exposed } = open({}, { upstream: () => ({ status: 500 }) });
    expect(reasonOf(await buy())).toBe("unsold");
    expect([settledFor, entry(), await exposed()]).toEqual([[], "uncharged, none, 100", false]);
  });

  test("may have no body at all", async () => {
    const { buy, entry } = open({}, { upstream: () => ({ status: 204 }) });
    expect(await buy()).toMatchObject({ kind: "sold", receipt: { amount: "100" } });
    expect(entry()).toBe("settled, delivered, 100");
  });

  test("to HEAD has no bytes, and counts against its payer where it costs nothing for that; one to GET does not", async () => {
    const meter = [{ usd: "1", per: "1K", of: { measured: "bytes" } }];
    const upstream: Around["upstream"] = () => ({ status: 200, headers: { "content-length": "0" } });
    for (const [method, min, amounts, ending] of [
      ["HEAD", "$0.0001", ["100"], "settled, delivered, 100"],
      ["HEAD", "$0", [], "uncharged, delivered, 0"],
      ["GET", "$0", [], "uncharged, delivered, 0"],
    ] as const) {
      payment = await signUptoPayment("50000", {}, account);
      const gate = open({ meter, min }, { upstream }, { maxUncharged: 1 });
      await gate.ask("/m");
      const ask = async (paid: Permit2Payment) => gate.pay("/m", paid as unknown as Payment, { method });
      expect([(await ask(payment)).kind, gate.settledFor, gate.entry()]).toEqual(["sold", amounts, ending]);
      const again = await ask(await signUptoPayment("50000", {}, account));
      expect(reasonOf(again)).toBe(method === "HEAD" && min === "$0" ? "payer_over_cap" : "sold");
    }
  });

  test.each(["HEAD", "GET"])("to %s costs its fixed part where it does not say what it used", async (method) => {
    const gate = open({ fixed: "$0.01", min: "$0" }, { upstream: () => ({ status: 200 }) });
    await gate.ask("/m");
    expect((await gate.pay("/m", payment as unknown as Payment, { method })).kind).toBe("sold");
    expect([gate.settledFor, gate.entry()]).toEqual([["10000"], "settled, delivered, 10000"]);
  });

  test("goes to nobody where the settlement is refused", async () => {
    const { buy, entry, exposed } = open({}, { upstream: using(7), settle: rejected("invalid_payload") });
    expect(reasonOf(await buy())).toBe("settlement_rejected");
    expect([entry(), await exposed()]).toEqual(["rejected, none, 7000", false]);
  });

  test("whose settlement is refused is told so also by a gate that cannot say whom to sign for", async () => {
    const settle = rejected("invalid_payload");
    const cold = openGate(tableOf(), { upstream: using(7), settle });
    expect(reasonOf(await cold.pay("/m", payment as unknown as Payment))).toBe("settlement_rejected");
    expect(reasonOf(await openGate(tableOf()).ask("/m"))).toBe("facilitator_unknown");
  });

  test("is the buyer's when it turns out to be settled, for what it used", async () => {
    let isLost = true;
    const settle: Around["settle"] = (body) => (isLost ? broken() : isSettled(body));
    const { buy, ask, alarm, entry, seen, settledFor } = open({}, { upstream: using(7), settle });
    const refused = await buy();
    expect([reasonOf(refused), entry()]).toEqual(["settlement_unknown", "unknown, none, 7000"]);
    isLost = false;
    await alarm(60_000);
    expect([entry(), new Set(settledFor)]).toEqual(["settled, undelivered, 7000", new Set(["7000"])]);
    const headers = new Headers({ "faregate-redeem": tokenOf(refused) });
    expect(reasonOf(await ask("/m", { headers }))).toBe("redelivered");
    expect(seen).toHaveLength(1);
  });
});

describe("a stream of a payer who has another one open", () => {
  const unused = (): Fate => ({ kind: "unused", chainTimeMs: 0 });

  /** The first is open, and no end of it comes. */
  async function second(covers: Around["covers"], fate: Around["fate"] = unused) {
    const streams = [streaming(), streaming()];
    const upstream: Around["upstream"] = (sent) => (streams.shift() ?? expect.fail()).upstream(sent);
    const wallets: object[] = [];
    const around: Partial<Around> = {
      ...{ upstream, fate },
      covers: async (wallet) => {
        wallets.push(wallet);
        return covers(wallet);
      },
    };
    const { buy, answer, place, settledFor } = open({}, around);
    expect(reasonOf(await buy())).toBe("served");
    expect(wallets).toEqual([]);
    const other = await signUptoPayment("50000", {}, account);
    const outcome = await answer("/m", paidWith(other as unknown as Payment));
    const { from, nonce } = other.payload.permit2Authorization;
    const held = () => place.ledger(`${NETWORK}|${from.toLowerCase()}`).entry(permit2PaymentId(NETWORK, from, nonce));
    const nonces = () => [payment.payload.permit2Authorization.nonce, nonce];
    return { outcome, wallets, settledFor, nonces, entry: (): string => `${held()?.pay}, ${held()?.delivery}` };
  }

  test("goes out where the wallet has what both may cost, and lets Permit2 move it", async () => {
    const { outcome, wallets, entry, nonces } = await second(async () => true);
    expect([reasonOf(outcome), entry()]).toEqual(["served", "owed, none"]);
    const wallet = { network: NETWORK, asset: ASSET, payer: account.address, spender: PERMIT2_ADDRESS };
    const promised = nonces().map((nonce) => ({ assetTransferMethod: "permit2", nonce, amount: 50_000n }));
    expect(wallets).toMatchObject([{ ...wallet, promised }]);
  });

  test("goes to nobody where it has less: neither is it owed, nor anything settled", async () => {
    const { outcome, entry, settledFor } = await second(async () => false);
    expect(outcome).toMatchObject({ problem: { reason: "payer_over_cap", cap: "funds" } });
    await expect.poll(entry).toBe("uncharged, none");
    expect(settledFor).toEqual([]);
  });

  test.each<[string, Around["covers"], Around["fate"]]>([
    ["no RPC says what it has", async () => null, unused],
    ["the RPC breaks", broken, unused],
    ["there is none", async () => false, null],
  ])("goes out within the caps where %s", async (_, covers, fate) => {
    expect(reasonOf((await second(covers, fate)).outcome)).toBe("served");
  });
});

describe("a stream", () => {
  const read = async (outcome: Awaited<ReturnType<ReturnType<typeof open>["buy"]>>) => {
    if (!("answer" in outcome) || !(outcome.answer.body instanceof ReadableStream))
      return expect.fail(reasonOf(outcome));
    return { reader: outcome.answer.body.getReader(), headers: outcome.answer.headers };
  };

  test("goes out as it comes, and is settled behind its end for what it used", async () => {
    const { upstream, write, close } = streaming();
    const { buy, settled, settledFor, entry, asked, exposed } = open({}, { upstream });
    const { reader, headers } = await read(await buy());
    expect(entry()).toBe("owed, none, 100");
    void write("data: 1\n\n");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 1\n\n");
    expect(asked).not.toContain("settle");
    void write(USED);
    void close();
    await reader.read();
    expect((await reader.read()).done).toBe(true);
    await settled();
    expect([settledFor, entry(), await exposed()]).toEqual([["7000"], "settled, delivered, 7000", false]);
    expect(headers.get("faregate-payment")).toMatch(/^https:\/\/api\.example\.com\/\.faregate\/payments\/./);
  });

  test("whose payment's address cannot be had goes out all the same", async () => {
    const { upstream, write, close } = streaming();
    const { buy } = open({}, { upstream, changes: { seal: { sign: async () => null } } });
    const { reader, headers } = await read(await buy());
    void write(USED).then(close);
    await reader.read();
    expect(headers.has("faregate-payment")).toBe(false);
  });

  test("is paid for by who leaves, for what it used to its end", async () => {
    const { upstream, write, close } = streaming();
    const { buy, settled, settledFor, entry } = open({}, { upstream });
    const { reader } = await read(await buy());
    await reader.cancel();
    void write(USED).then(close);
    await settled();
    expect([settledFor, entry()]).toEqual([["7000"], "settled, delivered, 7000"]);
  });

  test("that is metered by its bytes is not read on for who leaves, and costs what was handed on", async () => {
    const { upstream, write } = streaming();
    const meter = [{ usd: "1", per: "1K", of: { measured: "bytes" } }];
    const { buy, settled, entry, settledFor } = open({ meter }, { upstream });
    const { reader } = await read(await buy());
    void write("12345");
    await reader.read();
    void write("what nobody reads");
    await new Promise((resolve) => setTimeout(resolve, 10));
    await reader.cancel();
    // Its upstream says no more, and nobody waits for that.
    await settled();
    expect([settledFor, entry()]).toEqual([["5000"], "settled, delivered, 5000"]);
  });

  test.each([
    ["minimum", ["100"], "settled, truncated, 100"],
    ["maximum", ["50000"], "settled, truncated, 50000"],
    ["nothing", [], "uncharged, truncated, 0"],
  ])(
    "that breaks off before it says what it used costs the %s where the table says so",
    async (rule, amounts, state) => {
      const { upstream, write, abort } = streaming();
      const { buy, settled, settledFor, entry, exposed } = open({ onMissingUsage: rule }, { upstream });
      const { reader } = await read(await buy());
      void write("data: 1\n\n");
      await reader.read();
      void abort();
      await expect(reader.read()).rejects.toThrow();
      await settled();
      expect([settledFor, entry(), await exposed()]).toEqual([amounts, state, false]);
    },
  );

  /** A stream that says nothing of its use, and whose buyer leaves it before it ends in that way. */
  async function left(changes: object, end: (stream: ReturnType<typeof streaming>) => Promise<void>) {
    const streams = streaming();
    const gate = open(changes, { upstream: streams.upstream });
    const { reader } = await read(await gate.buy());
    void streams.write("data: 1\n\n");
    await reader.read();
    await reader.cancel();
    void end(streams);
    await gate.settled();
    return gate;
  }

  test.each<[string, object, readonly string[], string]>([
    ["most where the table does not say", {}, ["50000"], "settled, delivered, 50000"],
    ["least where it says so", { onMissingUsage: { left: "minimum" } }, ["100"], "settled, delivered, 100"],
  ])("that its buyer left before anybody could say what it used costs the %s", async (_, changes, amounts, state) => {
    const { settledFor, entry, held } = await left(changes, ({ abort }) => abort());
    expect([settledFor, entry()]).toEqual([amounts, state]);
    expect(held()?.calculation).toMatch(/^usage\.units at \$1\/1K missing, its buyer left: m/);
  });

  test("that ends without a word of its use costs what the API did not say, also where its buyer left before that", async () => {
    const { entry, held } = await left({}, ({ close }) => close());
    expect([entry(), held()?.calculation]).toEqual([
      "settled, delivered, 100",
      "usage.units at $1/1K missing: minimum",
    ]);
  });

  test("goes to nobody where no book would hold that it is owed", async () => {
    const { upstream } = streaming();
    const ledger: Around["ledger"] = (_, events) => (events.includes("served") ? "away" : "answers");
    const { buy, settledFor, entry, exposed } = open({}, { upstream, ledger });
    expect(reasonOf(await buy())).toBe("ledger_unavailable");
    expect([settledFor, entry(), await exposed()]).toEqual([[], "uncharged, none, 100", false]);
  });

  test.each([
    ["nothing", [], "uncharged, truncated, 0"],
    ["minimum", ["100"], "settled, truncated, 100"],
  ])("is not settled for what no book has taken down: it ends by its claim (%s)", async (rule, amounts, state) => {
    const { upstream, write, close } = streaming();
    const ledger: Around["ledger"] = (_, events) => (events.includes("metered") ? "away" : "answers");
    const { buy, settled, settledFor, entry, alarm } = open({ onMissingUsage: rule }, { upstream, ledger });
    const { reader } = await read(await buy());
    void write(USED).then(close);
    while (!(await reader.read()).done);
    await settled();
    expect([settledFor, entry().split(",")[0]]).toEqual([[], "owed"]);
    await alarm(286_000);
    expect([settledFor, entry()]).toEqual([amounts, state]);
  });

  test("is on record with its charge where its settlement was lost", async () => {
    const { upstream, write, close } = streaming();
    const { buy, settled, settledFor, held } = open({}, { upstream, settle: () => ({}) });
    const { reader } = await read(await buy());
    void write(USED).then(close);
    while (!(await reader.read()).done);
    await settled();
    expect([new Set(settledFor), held()?.pay]).toEqual([new Set(["7000"]), "unknown"]);
    expect(held()?.calculation).toBe("7 usage.units at $1/1K = $0.007");
  });

  test.each([
    ["an answer", "application/json", `{"x":"${"x".repeat(300_000)}","usage":{"units":7}}`],
    ["an event", "text/event-stream", `data: {"x":"${"x".repeat(300_000)}","usage":{"units":7}}\n\n`],
  ])("of %s that nobody would hold is settled behind its end for what it used", async (_, type, text) => {
    const { buy, settled, entry } = open({}, { upstream: unmeasured(text, type) });
    const outcome = await buy();
    expect(await textOf(outcome)).toBe(text);
    await settled();
    expect([outcome.kind, entry()]).toEqual(["served", "settled, delivered, 7000"]);
  });

  describe("with a comment at its end", () => {
    const receiptIn = (line: string) => JSON.parse(atob(line.split(" ")[2] as string));

    test.each([USED, USED.slice(0, -1), USED.slice(0, -2)])("says its receipt there: %j", async (text) => {
      const { buy, settled, entry } = open({ receiptComment: true }, { upstream: unmeasured(text) });
      const got = await textOf(await buy());
      await settled();
      expect(got.startsWith(text)).toBe(true);
      // It ends no event that the stream did not end.
      const [line, end, ...more] = got
        .slice(text.length)
        .replace(text.endsWith("\n") ? "" : "\n", "")
        .split("\n");
      expect([line?.split(" ").slice(0, 2), end, more]).toEqual([[":", "payment-response"], "", []]);
      const receipt = { success: true, amount: "7000", transaction: transaction(), network: NETWORK };
      expect(receiptIn(line as string)).toMatchObject(receipt);
      expect(entry()).toBe("settled, delivered, 7000");
    });

    test("begins no line there where the last piece that had bytes ended one", async () => {
      const { upstream, write, close } = streaming();
      const { buy } = open({ receiptComment: true }, { upstream });
      const outcome = await buy();
      void write(USED);
      void write("").then(close);
      expect((await textOf(outcome)).slice(USED.length)).toMatch(/^: payment-response /);
    });

    test("says there that it cost nothing", async () => {
      const text = 'data: {"usage":{"units":0}}\n\n';
      const changes = { receiptComment: true, min: "$0" };
      const { buy } = open(changes, { upstream: unmeasured(text) });
      const got = await textOf(await buy());
      expect(receiptIn(got.slice(text.length))).toMatchObject({ success: true, amount: "0", transaction: "" });
    });

    test.each([
      ["that is not settled at once", { settle: () => rejected("insufficient_funds")() }, "text/event-stream", {}],
      ["that is no stream of events", {}, "text/plain", { onMissingUsage: "minimum" }],
    ])("has none where it is one %s", async (_, around, type, changes) => {
      const text = USED.repeat(100);
      const { buy } = open({ receiptComment: true, ...changes }, { upstream: unmeasured(text, type), ...around });
      expect(await textOf(await buy())).toBe(text);
    });
  });

  test("goes on being settled by the alarm where that did not work at once, for what it used", async () => {
    let isPoor = true;
    const settle: Around["settle"] = (body) => (isPoor ? rejected("insufficient_funds")() : isSettled(body));
    const { upstream, write, close } = streaming();
    const { buy, settled, alarm, settledFor, entry } = open({}, { upstream, settle });
    const { reader } = await read(await buy());
    void write(USED).then(close);
    while (!(await reader.read()).done);
    await settled();
    expect(entry()).toBe("owed, delivered, 7000");
    isPoor = false;
    await alarm(60_000);
    expect([new Set(settledFor), entry()]).toEqual([new Set(["7000"]), "settled, delivered, 7000"]);
  });

  test.each([
    ["minimum", ["100"], "settled, truncated, 100"],
    ["nothing", [], "uncharged, truncated, 0"],
  ])(
    "whose invocation died is settled by the alarm just before its authorization ends: the %s",
    async (rule, amounts, state) => {
      const { upstream } = streaming();
      const { buy, alarm, settledFor, entry } = open({ onMissingUsage: rule }, { upstream });
      await buy();
      await alarm(200_000);
      expect([settledFor, entry().split(",")[0]]).toEqual([[], "owed"]);
      await alarm(86_000);
      expect([settledFor, entry()]).toEqual([amounts, state]);
    },
  );

  test("whose invocation died is settled by then also where the first facilitator was silent for long", async () => {
    const { upstream } = streaming();
    const verify: Around["verify"] = (_, url) => {
      if (url.startsWith("https://second.example")) return { isValid: true };
      gate.clock.nowMs += 14_000;
      return broken();
    };
    const urls = ["https://facilitator.example", "https://second.example"];
    const facilitators = urls.map((url) => ({ url, verifyTimeoutSeconds: 30 }));
    const gate: ReturnType<typeof open> = open({}, { upstream, verify }, { facilitators });
    await gate.buy();
    const endMs = Number(payment.payload.permit2Authorization.deadline) * 1000;
    await gate.alarm(endMs - 1_000 - gate.clock.nowMs);
    expect([gate.settledFor, gate.entry()]).toEqual([["100"], "settled, truncated, 100"]);
  });
});

/** A stream that the API broke off, and then what it says when it is asked again; all of it is the buyer's by the key. */
async function brokenOff(
  later: readonly ReturnType<typeof streaming>[],
  changes: object = {},
  state = "settled, truncated, 100",
) {
  const streams = [streaming(), ...later];
  let calls = 0;
  const upstream: Around["upstream"] = (sent) => (streams[calls++] as ReturnType<typeof streaming>).upstream(sent);
  const gate = open(changes, { upstream });
  const present = () => gate.answer("/m", paidWith(payment as unknown as Payment, keyed()));
  await gate.ask("/m");
  const reader = readerOf(await present());
  void streams[0]?.abort();
  await expect(reader.read()).rejects.toThrow();
  await gate.settled();
  expect(gate.entry()).toBe(state);
  return { ...gate, present };
}

async function handOn(reader: ReturnType<typeof readerOf>, to: ReadableStreamDefaultController): Promise<void> {
  const { done, value } = await reader.read();
  if (done) to.close();
  else to.enqueue(value);
}

const readerOf = (outcome: Awaited<ReturnType<ReturnType<typeof open>["answer"]>>) =>
  "answer" in outcome && outcome.answer.body instanceof ReadableStream
    ? outcome.answer.body.getReader()
    : expect.fail(reasonOf(outcome));

describe("a stream that the API broke off", () => {
  test("is delivered again, whole, and not for a second time by who leaves that one near its end", async () => {
    for (const isLeft of [false, true]) {
      payment = await signUptoPayment("50000", {}, account);
      const again = streaming();
      const { present, settled, entry, settledFor } = await brokenOff([again]);
      const reader = readerOf(await present());
      void again.write(USED);
      await reader.read();
      void (isLeft ? reader.cancel() : again.close());
      await settled();
      expect([entry(), settledFor]).toEqual(["settled, redeemed, 100", ["100"]]);
      expect(reasonOf(await present())).toBe("payment_settled");
    }
  });

  test("is the buyer's still where the API breaks it off again", async () => {
    const again = [streaming(), streaming()] as const;
    const { present, settled, entry } = await brokenOff(again);
    const reader = readerOf(await present());
    void again[0].abort();
    await expect(reader.read()).rejects.toThrow();
    await settled();
    expect(entry()).toBe("settled, truncated, 100");
    void again[1].write(USED).then(again[1].close);
    expect(await textOf(await present())).toBe(USED);
    await settled();
    expect(entry()).toBe("settled, redeemed, 100");
  });

  test.each([
    ["with no minimum", { min: undefined }],
    ["whose use the table waives", { onMissingUsage: "nothing" }],
  ])("is no credit where nothing is charged for it: one %s", async (_, changes) => {
    const { present, seen } = await brokenOff([], changes, "uncharged, truncated, 0");
    expect([reasonOf(await present()), seen.length]).toEqual(["payment_ended", 1]);
  });

  test("is lent to nobody else for as long as it may be delivered", async () => {
    const again = [streaming(), streaming()] as const;
    const { present, clock, settled, entry } = await brokenOff(again);
    const first = readerOf(await present());
    clock.nowMs += 299_000;
    expect(reasonOf(await present())).toBe("payment_in_flight");
    clock.nowMs += 100_000;
    const second = readerOf(await present());
    // Whoever is so late has nothing to say about it any more.
    const errors = await readErrors(async () => {
      await Promise.all([first.cancel(), second.cancel()]);
      await settled();
    });
    expect([errors, entry()]).toEqual([["not_recorded"], "settled, redeemed, 100"]);
  });
});

describe("a stream, as time goes by,", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const UNITS = { usd: "1", per: "1K", of: "usage.units" };

  async function begun(changes: object = {}, around: Partial<Around> = {}) {
    const streams = streaming();
    const gate = open(changes, { upstream: streams.upstream, ...around });
    const reader = readerOf(await gate.buy());
    void streams.write("data: 1\n\n");
    await reader.read();
    return { ...gate, ...streams, reader };
  }

  test.each([
    [20_000, "", "100", "missing: minimum"],
    [20_000, ": late\n", "50000", "missing, its buyer left: maximum"],
    [19_000, "", "50000", "missing, its buyer left: maximum"],
  ])(
    "whose API said nothing for %i ms when its buyer gave it up, and then %j, costs %s",
    async (ms, later, ...told) => {
      const { reader, write, settled, entry, held } = await begun();
      await pass(ms);
      await reader.cancel();
      if (later !== "") void write(later);
      await pass(25_000);
      await settled();
      const [amount, calculation] = told;
      expect([entry(), held()?.calculation]).toEqual([
        `settled, delivered, ${amount}`,
        `usage.units at $1/1K ${calculation}`,
      ]);
    },
  );

  test.each([
    [24_999, "7000", "7 usage.units at $1/1K = $0.007"],
    [25_000, "50000", "usage.units at $1/1K missing, its buyer left: maximum"],
  ])("whose use comes %i ms after its buyer has hung up costs %s", async (ms, amount, calculation) => {
    const { reader, write, close, settled, entry, held } = await begun();
    await reader.cancel();
    // The API goes on.
    void write("data: 2\n\n");
    await pass(ms);
    void write(USED).then(close, () => undefined);
    await settled();
    expect([entry(), held()?.calculation]).toEqual([`settled, delivered, ${amount}`, calculation]);
  });

  test.each([
    [9_999, "its receipt", /^: payment-response \S+\n$/],
    [10_000, "nothing", /^$/],
  ])("whose settlement takes %i ms ends with %s behind its last event", async (ms, _, ending) => {
    const chain = Promise.withResolvers<void>();
    const settle: Around["settle"] = (body) => chain.promise.then(() => isSettled(body));
    const { reader, write, close, settled, entry } = await begun({ receiptComment: true }, { settle });
    void write(USED).then(close);
    await reader.read();
    const rest = new Response(new ReadableStream({ pull: (to) => handOn(reader, to) })).text();
    await pass(ms);
    chain.resolve();
    expect(await rest).toMatch(ending);
    await settled();
    expect(entry()).toBe("settled, delivered, 7000");
  });

  test("whose API falls silent until it can no longer be settled is the buyer's credit, and costs what the API did not say", async () => {
    const { reader, settled, entry } = await begun();
    const rest = reader.read();
    rest.catch(() => undefined);
    await pass(300_000);
    await expect(rest).rejects.toThrow("broke off");
    await settled();
    expect(entry()).toBe("settled, truncated, 100");
  });

  test.each([
    [224, "settled, delivered, 50000"],
    [230, "settled, truncated, 100"],
  ])("is cut off in a pause of its API's, by who signed for %i of 300 seconds: %s", async (seconds, state) => {
    const deadline = String(Math.floor(Date.now() / 1000) + seconds);
    payment = await signUptoPayment("50000", { deadline }, account);
    const { reader, settled, entry } = await begun();
    const rest = reader.read();
    rest.catch(() => undefined);
    await pass(300_000);
    await expect(rest).rejects.toThrow("broke off");
    await settled();
    expect(entry()).toBe(state);
  });

  describe.each(["stays open", "is reset"])("that has said [DONE], though its connection %s,", (how) => {
    /** Its last event, and then as long as it lasts. */
    async function readToEnd(
      { write, abort }: Pick<ReturnType<typeof streaming>, "write" | "abort">,
      reader: ReturnType<typeof readerOf>,
    ) {
      void write(`${USED}data: [DONE]\n\n`);
      await reader.read();
      const rest = reader.read();
      rest.catch(() => undefined);
      if (how === "is reset") void abort();
      await pass(300_000);
      await expect(rest).rejects.toThrow("broke off");
    }

    test("was delivered, for what it used", async () => {
      const { reader, settled, entry, ...stream } = await begun();
      await readToEnd(stream, reader);
      await settled();
      expect(entry()).toBe("settled, delivered, 7000");
    });

    test("is redeemed where it was delivered again", async () => {
      const again = streaming();
      const { present, settled, entry } = await brokenOff([again]);
      await readToEnd(again, readerOf(await present()));
      await settled();
      expect(entry()).toBe("settled, redeemed, 100");
    });
  });

  describe.each([
    ["seconds", "20000"],
    ["bytes", "900"],
  ])("that is metered by %s alone", (measured, amount) => {
    const meter = [{ usd: "0.1", per: "1K", of: { measured } }];

    test("goes out as it comes, whatever it is and however long", async () => {
      const { upstream, write } = streaming();
      const headers = { "content-type": "text/plain" };
      const { buy } = open({ meter }, { upstream: async (sent) => ({ ...(await upstream(sent)), headers }) });
      const reader = readerOf(await buy());
      void write("a word");
      expect(new TextDecoder().decode((await reader.read()).value)).toBe("a word");
    });

    test("and says nothing when its time is over was delivered for as long as its buyer wanted it", async () => {
      const { reader, clock, settled, entry } = await begun({ meter });
      const rest = reader.read();
      rest.catch(() => undefined);
      clock.nowMs += 200_000;
      await pass(300_000);
      await settled();
      expect(entry()).toBe(`settled, delivered, ${amount}`);
    });

    test("and says nothing when its time is over is redeemed where it was delivered again", async () => {
      const { present, settled, entry } = await brokenOff([streaming()], { meter });
      const rest = readerOf(await present()).read();
      rest.catch(() => undefined);
      await pass(300_000);
      await settled();
      expect(entry()).toBe("settled, redeemed, 100");
    });
  });

  test("that its API breaks off behind a reader who held it up is his own, and no credit", async () => {
    const { reader, clock, write, abort, settled, entry } = await begun();
    void write("data: 2\n\n");
    await pass(5_100);
    clock.nowMs += 5_100;
    await reader.read();
    void abort();
    await expect(reader.read()).rejects.toThrow();
    await settled();
    expect(entry()).toBe("settled, delivered, 50000");
  });

  test("has of its bytes what was handed on, also where it is read on for what the API says at its end", async () => {
    const bytes = { usd: "1", per: "1K", of: { measured: "bytes" } };
    const { reader, write, close, settled, held } = await begun({ meter: [UNITS, bytes] });
    await reader.cancel();
    void write(USED).then(close);
    await settled();
    expect(held()?.calculation).toBe("7 usage.units at $1/1K + 9 bytes at $1/1K = $0.016");
  });

  test("has of its seconds those until its buyer left, also where it is read on", async () => {
    const seconds = { usd: "1", per: "1K", of: { measured: "seconds" } };
    const { reader, clock, write, close, settled, held } = await begun({ meter: [UNITS, seconds] });
    clock.nowMs += 2_000;
    await reader.cancel();
    clock.nowMs += 20_000;
    void write(USED).then(close);
    await settled();
    expect(held()?.calculation).toBe("7 usage.units at $1/1K + 2 seconds at $1/1K = $0.009");
  });

  test.each<[string, string, (stream: ReturnType<typeof streaming>) => Promise<unknown>]>([
    ["is the buyer's still where the API is silent until its end", "truncated", () => pass(300_000)],
    [
      "is redeemed by who takes nothing of it for 30 seconds",
      "redeemed",
      async ({ write }) => {
        void write(USED);
        await pass(30_000);
      },
    ],
  ])("delivered again, %s", async (_, delivery, happens) => {
    const again = streaming();
    const { present, settled, entry } = await brokenOff([again]);
    expect(reasonOf(await present())).toBe("redelivered");
    await happens(again);
    await settled();
    expect(entry()).toBe(`settled, ${delivery}, 100`);
  });
});

test("who leaves what is metered by bytes before taking any has the API work, and that is counted", async () => {
  const meter = [{ usd: "1", per: "1K", of: { measured: "bytes" } }];
  const price = { upto: "$0.05", meter };
  const upstream: Around["upstream"] = () => ({ status: 200, headers: {}, body: "x".repeat(5000) });
  const gate = openGate({ maxUncharged: 2, routes: { "/m": { price } } }, { supported, upstream });
  await gate.ask("/m");
  const said: string[] = [];
  for (let i = 0; i < 3; i++) {
    const outcome = await gate.pay("/m", (await signUptoPayment("50000", {}, account)) as unknown as Payment);
    said.push(reasonOf(outcome));
    if ("answer" in outcome && outcome.answer.body instanceof ReadableStream) await outcome.answer.body.cancel();
    await gate.settled();
  }
  expect(said).toEqual(["served", "served", "payer_over_cap"]);
});

test("a stream whose invocation died, and whose use costs nothing where it is missing, is no debt while no RPC answers", async () => {
  let fate: Fate = { kind: "unavailable", detail: "down" };
  const { upstream, write } = streaming();
  const gate = open({ onMissingUsage: "nothing" }, { upstream, fate: () => fate });
  const reader = readerOf(await gate.buy());
  void write("data: 1\n\n");
  await reader.read();
  const endMs = Number(payment.payload.permit2Authorization.deadline) * 1000;
  await gate.alarm(endMs - 10_000 - gate.clock.nowMs);
  fate = { kind: "unused", chainTimeMs: endMs + 200_000 };
  await gate.alarm(210_000);
  expect([gate.entry(), gate.settledFor]).toEqual(["uncharged, truncated, 0", []]);
});

test("the time that the gate itself takes to verify is not what an honest buyer signed too little for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { upstream, write } = streaming();
  const verify: Around["verify"] = () => {
    gate.clock.nowMs += 20_000;
    return { isValid: true };
  };
  const gate = open({}, { upstream, verify }, { maxTimeoutSeconds: 80 });
  payment = await signUptoPayment("50000", { deadline: String(Math.floor(gate.clock.nowMs / 1000) + 80) }, account);
  payment.accepted.maxTimeoutSeconds = 80;
  const reader = readerOf(await gate.buy());
  void write("data: 1\n\n");
  await reader.read();
  const rest = reader.read();
  rest.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(80_000);
  await gate.settled();
  vi.useRealTimers();
  expect(gate.settledFor).toEqual(["100"]);
});

describe("a request's body", () => {
  const long = JSON.stringify({ x: "x".repeat(2000) });
  const lengthOf = (text: string): object => ({ "content-length": String(text.length) });
  const send = async (gate: ReturnType<typeof open>, headers: object, body: Sent["body"]) => {
    await gate.ask("/m");
    const all = new Headers({ ...headers });
    return gate.answer("/m", paidWith(payment as unknown as Payment, { method: "POST", headers: all, body }));
  };
  const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
  const TOO_LARGE = { reason: "body_too_large", bytesMax: 1000 };

  test("is read whole before anything is claimed, also where nobody declared its length", async () => {
    const gate = open({}, { upstream: using(7) });
    const request = new TransformStream<Uint8Array, Uint8Array>();
    const writer = request.writable.getWriter();
    const sold = send(gate, {}, request.readable);
    void writer.write(encoded("half"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([gate.held(), gate.asked.includes("verify")]).toEqual([null, false]);
    void writer.write(encoded(" and half"));
    void writer.close();
    expect((await sold).kind).toBe("sold");
    expect(new TextDecoder().decode(gate.seen[0]?.body as Uint8Array)).toBe("half and half");
  });

  const breaking = (): Sent["body"] =>
    new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }, { highWaterMark: 0 });
  test.each<[string, object, () => Sent["body"], object]>([
    ["that says that it is too long, and is not read,", lengthOf(long), breaking, TOO_LARGE],
    ["that turns out to be too long", {}, () => encoded(long), TOO_LARGE],
    ["that its buyer breaks off", {}, breaking, { reason: "body_incomplete" }],
    ["that is not as long as it says", lengthOf("abc"), () => encoded("ab"), { reason: "body_incomplete" }],
  ])("%s has nothing claimed, executed or charged", async (_, headers, body, problem) => {
    const gate = open({}, { upstream: using(7) });
    expect(await send(gate, headers, body())).toEqual({ kind: "refused", problem });
    expect([gate.seen, gate.settledFor, gate.held(), await gate.exposed()]).toEqual([[], [], null, false]);
  });

  test("is no longer than the route takes, whoever declared that", async () => {
    const gate = open({}, { upstream: using(7) }, { bodyBytesMax: 10 });
    expect(await send(gate, {}, encoded("x".repeat(11)))).toMatchObject({
      problem: { reason: "body_too_large", bytesMax: 10 },
    });
  });

  test("of no declared length is what a credit is redeemed with, and no other", async () => {
    const streams = [streaming(), streaming()] as const;
    let calls = 0;
    const upstream: Around["upstream"] = (sent) => (streams[calls++] as ReturnType<typeof streaming>).upstream(sent);
    const gate = open({}, { upstream });
    const key = { "idempotency-key": "k".repeat(22) };
    const reader = readerOf(await send(gate, key, encoded("small")));
    void streams[0].abort();
    await expect(reader.read()).rejects.toThrow();
    await gate.settled();
    expect(gate.entry()).toBe("settled, truncated, 100");
    expect(reasonOf(await send(gate, key, encoded("large!")))).toBe("payment_bound_elsewhere");
    void streams[1].write(USED).then(streams[1].close);
    expect(await textOf(await send(gate, key, encoded("small")))).toBe(USED);
  });
});

describe("by what the request asks for", () => {
  const metered = (usd: string, upto: string) => ({ upto, meter: [{ usd, per: "1K", of: "usage.units" }] });
  const table = {
    bufferBytesMax: 1000,
    routes: {
      "POST /m": {
        price: {
          by: { body: "/model" },
          table: { small: metered("1", "$0.05"), large: metered("4", "$0.20"), tiny: "free", fixed: "$0.03" },
          otherwise: "closed",
        },
      },
    },
  };
  const asked = (model: string) => {
    const body = new TextEncoder().encode(JSON.stringify({ model }));
    const headers = new Headers({ "content-type": "application/json", "content-length": String(body.byteLength) });
    return { method: "POST", headers, body };
  };

  test.each([
    ["small", "50000", "7000"],
    ["large", "200000", "28000"],
  ])("the model %s has a most and rates of its own", async (model, most, amount) => {
    const settledFor: string[] = [];
    const settle: Around["settle"] = (body) => {
      settledFor.push(JSON.parse(body).paymentRequirements.amount);
      return isSettled(body);
    };
    const gate = openGate(table, { supported, upstream: using(7), settle });
    await gate.ask("/m", asked(model));
    const paid = (await signUptoPayment(most)) as unknown as Payment;
    const outcome = await gate.pay("/m", paid, asked(model));
    expect([outcome, settledFor]).toEqual([expect.objectContaining({ kind: "sold" }), [amount]]);
    expect(outcome).toMatchObject({ receipt: { amount } });
  });

  test("what was authorized for another model buys nothing", async () => {
    const gate = openGate(table, { supported, upstream: using(7) });
    await gate.ask("/m", asked("large"));
    const outcome = await gate.pay("/m", payment as unknown as Payment, asked("large"));
    expect([outcome.kind, gate.seen.length]).toEqual(["refused", 0]);
  });

  describe("what was quoted, and has another price by then,", () => {
    const tableOfSmall = (small: unknown): object => ({
      ...table,
      routes: { "POST /m": { price: { by: { body: "/model" }, table: { small, large: "$0.20" } } } },
    });
    const quoteIn = (outcome: Outcome): object => {
      if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return expect.fail(reasonOf(outcome));
      const { challenge, resourceUrl } = outcome.problem.invitation;
      const { extensions } = JSON.parse(atob(encodeChallenge(challenge, resourceUrl, "why")));
      return { "price-quote": extensions["price-quote"] };
    };

    /** Asked at the one price, and paid as that asks when it is the other. */
    async function payLater(before: unknown, after: unknown, paid: object) {
      const early = openGate(tableOfSmall(before), { supported });
      // Who asks first is not told whom to sign for yet.
      await early.ask("/m", asked("small"));
      const extensions = quoteIn(await early.ask("/m", asked("small")));
      const late = openGate(tableOfSmall(after), { supported, before: early.place, upstream: using(7) });
      await late.ask("/m", asked("small"));
      return { late, outcome: await late.pay("/m", { ...paid, extensions } as unknown as Payment, asked("small")) };
    }

    test.each([
      ["more", "$0.20"],
      ["less", "$0.03"],
    ])("is still the most of it, where that is %s now", async (_, most) => {
      const { outcome } = await payLater(metered("1", "$0.05"), metered("1", most), payment);
      expect(outcome).toMatchObject({ kind: "sold", receipt: { amount: "7000" } });
    });

    test("is the most alone: the rates are those of the table that serves the call", async () => {
      const least = { ...metered("2", "$0.03"), fixed: "$0.001" };
      const { outcome } = await payLater(metered("1", "$0.05"), least, payment);
      expect(outcome).toMatchObject({ kind: "sold", receipt: { amount: "15000" } });
      const dear = await payLater(metered("1", "$0.05"), metered("100", "$1"), await signUptoPayment("50000"));
      expect(dear.outcome).toMatchObject({ kind: "sold", receipt: { amount: "50000" } });
    });

    test.each([
      ["a price without a use", metered("1", "$0.05"), "$0.03", () => payment],
      ["a price by use", "$0.05", metered("1", "$0.20"), () => signPayment("50000")],
    ])("is asked for anew where it is %s now, and nobody is charged", async (_, before, after, sign) => {
      const { late, outcome } = await payLater(before, after, await sign());
      expect([codeOf(outcome), late.seen, late.asked.includes("settle")]).toEqual(["invalid_scheme", [], false]);
      expect(quoteIn(outcome)).toHaveProperty("price-quote");
    });
  });
});

describe("a request for a stream", () => {
  const send = (gate: ReturnType<typeof open>, body: string) => {
    const bytes = new TextEncoder().encode(body);
    const headers = new Headers({ "content-type": "application/json", "content-length": String(bytes.byteLength) });
    return gate.pay("/m", payment as unknown as Payment, { method: "POST", headers, body: bytes });
  };

  test.each([
    [true, '{"stream_options":{"include_usage":true},"stream":true}'],
    [false, '{"stream":true}'],
  ])("asks for its use where the table says so: %s", async (includeUsage, body) => {
    const gate = open({ includeUsage }, { upstream: using(7) });
    expect((await send(gate, '{"stream":true}')).kind).toBe("sold");
    expect(new TextDecoder().decode(gate.seen[0]?.body as Uint8Array)).toBe(body);
  });

  test("that other parsers may take for another one is refused where it was to ask for its use, and neither served nor charged", async () => {
    const gate = open({ includeUsage: true }, { upstream: using(7) });
    expect(reasonOf(await send(gate, '{"stream":1}'))).toBe("price_ambiguous");
    await gate.settled();
    expect([gate.seen, gate.settledFor, gate.entry(), await gate.exposed()]).toEqual([
      [],
      [],
      "uncharged, none, 100",
      false,
    ]);
  });

  test("without a body passes as it is", async () => {
    const gate = open({ includeUsage: true }, { upstream: using(7) });
    expect((await gate.buy()).kind).toBe("sold");
  });

  test("asks for an answer that can be read", async () => {
    const gate = open({}, { upstream: using(7) });
    await gate.pay("/m", payment as unknown as Payment, { headers: new Headers({ "accept-encoding": "gzip" }) });
    expect(gate.seen[0]?.headers.get("accept-encoding")).toBe("identity");
  });
});

describe("an answer in one piece whose transaction is another payment's", () => {
  test("keeps its room in what all may owe until that is found out", async () => {
    const settle: Around["settle"] = (body) => ({ ...isSettled(body), transaction: HASH });
    const first = open({}, { upstream: using(7), settle });
    expect((await first.buy()).kind).toBe("sold");
    payment = await signUptoPayment("50000");
    const { buy, entry, exposed } = open({}, { upstream: using(7), settle, before: first.place });
    expect((await buy()).kind).toBe("sold");
    expect([entry(), await exposed()]).toEqual(["unknown, delivered, 7000", true]);
  });
});

describe("where a chain can be asked, a metered call", () => {
  const later = 200_000;

  test("that is looked for there costs what was moved, whatever its bill was", async () => {
    const fate = (): Fate => ({ kind: "paid", transaction: HASH, amount: "50000" });
    const table = { rpc: { "base-sepolia": "https://rpc.example" }, verifyAbove: "$0" };
    const { buy, entry } = open({}, { upstream: using(7), fate }, table);
    expect(await buy()).toMatchObject({ receipt: { transaction: HASH, amount: "50000" } });
    expect(entry()).toBe("settled, delivered, 50000");
  });

  test.each([
    ["is not looked for there where its charge is not above verifyAbove, whatever was authorized", "$0.007", 0],
    ["is looked for there where its charge is", "$0.006999", 1],
  ])("%s", async (_, verifyAbove, looks) => {
    let asked = 0;
    const fate = (): Fate => {
      asked++;
      return { kind: "paid", transaction: transaction(), amount: "7000" };
    };
    const table = { rpc: { "base-sepolia": "https://rpc.example" }, verifyAbove };
    const { buy, entry } = open({}, { upstream: using(7), fate }, table);
    expect(await buy()).toMatchObject({ kind: "sold", receipt: { amount: "7000" } });
    expect([asked, entry()]).toEqual([looks, "settled, delivered, 7000"]);
  });

  test("whose settlement nobody answered for is charged what the chain has moved", async () => {
    const fate = (): Fate => ({ kind: "paid", transaction: transaction(), amount: "6000" });
    const { buy, alarm, entry } = open({}, { upstream: using(7), settle: broken, fate });
    expect(reasonOf(await buy())).toBe("settlement_unknown");
    expect(entry()).toBe("unknown, none, 7000");
    await alarm(later);
    expect(entry()).toBe("settled, undelivered, 6000");
  });

  test("that was cut short before its use was on record is waived where the table charges nothing for that", async () => {
    const fate = (): Fate => ({ kind: "unused", chainTimeMs: 0 });
    const { buy, alarm, entry, reports, settledFor } = open(
      { onMissingUsage: "nothing" },
      { upstream: streaming().upstream, fate },
    );
    expect((await buy()).kind).toBe("served");
    await alarm(later + 86_000);
    expect([entry(), reports.at(-1), settledFor]).toEqual(["uncharged, truncated, 0", "waived usage_missing", []]);
  });

  test("tells at the address of its payment how its charge came to be", async () => {
    const { buy, ask, settled, held } = open({}, { upstream: unmeasured(USED) });
    const outcome = await buy();
    if (outcome.kind !== "served") throw new Error(outcome.kind);
    await textOf(outcome);
    await settled();
    const { pathname } = new URL(String(outcome.answer.headers.get("faregate-payment")), "https://api.example");
    const told = await ask(pathname);
    expect(told).toMatchObject({ kind: "told", json: { amount: "7000", calculation: held()?.calculation } });
  });
});

test("what all payers together may owe is asked for before the upstream works", async () => {
  const { upstream, write, close } = streaming();
  let isStreamed = true;
  const either: Around["upstream"] = (sent) => (isStreamed ? upstream(sent) : using(7)(sent));
  const gate = openGate({ ...tableOf(), maxUnsettledTotal: "$0.09" }, { supported, upstream: either });
  await gate.ask("/m");
  // What is behind a stream is over when that is.
  const buy = async () => gate.answer("/m", paidWith((await signUptoPayment("50000")) as unknown as Payment));
  const first = await buy();
  expect([first.kind, codeOf(await buy()), gate.seen.length]).toEqual(["served", "gate_over_cap", 1]);
  void write(USED).then(close);
  await textOf(first);
  await gate.settled();
  isStreamed = false;
  expect((await buy()).kind).toBe("sold");
});

describe("a hundred calls at once of a payer who can pay for ten", () => {
  const PRICE = 50_000n;

  /** A chain with one wallet: what it has is what was not moved yet. */
  function walletOf(balance: bigint) {
    let left = balance;
    const verify: Around["verify"] = () =>
      left >= PRICE ? { isValid: true } : { isValid: false, invalidReason: "permit2_insufficient_balance" };
    const settle: Around["settle"] = (body) => {
      const amount = BigInt(JSON.parse(body).paymentRequirements.amount);
      if (amount > left) return { success: false, errorReason: "permit2_insufficient_balance", transaction: "" };
      left -= amount;
      return { ...isSettled(body), amount: amount.toString() };
    };
    return { verify, settle, left: () => left };
  }

  test.each([10, 4])(
    "is served no more than may be owed at once (%i prices), and all of that where it has it",
    async (cap) => {
      const wallet = walletOf(10n * PRICE);
      const account = newAccount();
      const upstream: Around["upstream"] = () => ({
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: 'data: {"usage":{"units":50}}\n\n',
      });
      const table = { ...tableOf(), maxUnsettled: `$${cap * 0.05}` };
      const gate = openGate(table, { ...wallet, supported, upstream });
      await gate.ask("/m");
      const payments = await Promise.all(Array.from({ length: 100 }, () => signUptoPayment("50000", {}, account)));
      const outcomes = await Promise.all(payments.map((one) => gate.answer("/m", paidWith(one as unknown as Payment))));
      const served = outcomes.filter(({ kind }) => kind === "served");
      // Nobody has read a stream to its end yet, so all of it is owed.
      expect([served.length, wallet.left()]).toEqual([cap, 10n * PRICE]);
      expect(new Set(outcomes.filter(({ kind }) => kind === "refused").map(reasonOf))).toEqual(
        new Set(["payer_over_cap"]),
      );
      await Promise.all(served.map(textOf));
      await gate.settled();
      expect(wallet.left()).toBe(BigInt(10 - cap) * PRICE);
    },
  );
});
