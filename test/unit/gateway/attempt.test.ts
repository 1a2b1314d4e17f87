import { beforeEach, describe, expect, test, vi } from "vitest";
import { newAccount, type Payment, signPayment } from "../../support/payment.ts";
import {
  type Around,
  broken,
  GOODS,
  keyed,
  openGate,
  paidWith,
  reasonOf,
  type Sent,
  textOf,
  tokenOf,
  upfront,
} from "./gate.ts";

let payment: Payment;
beforeEach(async () => {
  payment = await signPayment("10000");
});

const MEBIBYTE = 1_048_576;
const table = { bufferBytesMax: 2 * MEBIBYTE };
const whole = (length: number) => ({
  ...{ status: 201, headers: { "content-length": String(length), "x-goods": "yes" } },
  body: "x".repeat(length),
});
const streamed = { status: 200, body: "goods" };

describe("an answer that was bought with a key that is too long to be guessed", () => {
  /** How the same call is answered the second time. */
  const repeat = async (answer: ReturnType<Around["upstream"]>, call: () => Partial<Sent> = () => ({})) => {
    const { pay, settled, seen } = openGate(table, { upstream: () => answer });
    const first = await pay("/paid", payment, { ...call(), ...keyed() });
    expect(reasonOf(first)).toBe("sold");
    await textOf(first);
    await settled();
    const second = await pay("/paid", payment, { ...call(), ...keyed() });
    expect(seen).toHaveLength(1);
    return second;
  };

  test.each<[string, Awaited<ReturnType<Around["upstream"]>>]>([
    ["with its headers and its body", whole(5)],
    ["as long as answers are kept", whole(MEBIBYTE)],
  ])("is there once more %s, without another execution", async (_, answer) => {
    const again = await repeat(answer);
    expect(again).toMatchObject({ kind: "redelivered", answer: { status: 201 } });
    expect("answer" in again && again.answer.headers.get("x-goods")).toBe("yes");
    expect(await textOf(again)).toBe(answer.body);
  });

  test("is there once more without a body, where it had none", async () => {
    const again = await repeat({ status: 204 });
    expect(again).toMatchObject({ kind: "redelivered", answer: { status: 204, body: new Uint8Array() } });
  });

  const stream = (): Partial<Sent> => ({ method: "POST", body: new TextEncoder().encode("body") });
  test.each<[string, Awaited<ReturnType<Around["upstream"]>>, () => Partial<Sent>]>([
    ["longer than answers are kept", whole(MEBIBYTE + 1), () => ({})],
    ["a stream", streamed, () => ({})],
    ["one to a body that no repeat can be held against", whole(5), stream],
  ])("is not kept where it is %s", async (_, answer, call) => {
    expect(reasonOf(await repeat(answer, call))).toBe("payment_settled");
  });
});

test("a settlement that nobody answered for is on record whether its goods can be kept or not", async () => {
  for (const answer of [streamed, whole(5), whole(MEBIBYTE + 1)]) {
    payment = await signPayment("10000");
    const { pay, entry } = openGate(table, { upstream: () => answer, settle: broken });
    expect(reasonOf(await pay("/paid", payment))).toBe("settlement_unknown");
    expect(entry(payment)).toBe("unknown, none");
  }
});

describe("a streamed answer", () => {
  const chunks = (...texts: readonly (string | Error)[]) => {
    const left = [...texts];
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else if (next instanceof Error) controller.error(next);
        else controller.enqueue(new TextEncoder().encode(next));
      },
    });
  };

  test("is on record as settled while it goes out, and as delivered with its end", async () => {
    const { pay, entry, settled, reports } = openGate(
      {},
      { upstream: () => ({ status: 200, body: chunks("go", "ods") }) },
    );
    const outcome = await pay("/paid", payment);
    expect(reasonOf(outcome)).toBe("sold");
    await expect.poll(() => entry(payment), { interval: 1 }).toBe("settled, none");
    expect(await textOf(outcome)).toBe("goods");
    await settled();
    expect(entry(payment)).toBe("settled, delivered");
    expect(reports).toEqual(["settled", "delivered"]);
  });

  test("that lasts longer than its attempt was to is nobody's credit before its end: two calls at once are two", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    let calls = 0;
    const upstream = (): Awaited<ReturnType<Around["upstream"]>> =>
      ++calls === 1 ? { status: 200, body: readable } : GOODS;
    const { answer, clock, entry, settled, asked } = openGate({}, { upstream });
    const account = newAccount();
    const sign = (): Promise<Payment> =>
      signPayment("10000", { validBefore: String(Math.floor(clock.nowMs / 1000) + 300) }, account);
    const first = await sign();
    const outcome = await answer("/paid", paidWith(first));
    for (let ms = 0; ms < 200_000; ms += 20_000) {
      clock.nowMs += 20_000;
      await vi.advanceTimersByTimeAsync(20_000);
    }
    expect([entry(first), reasonOf(await answer("/paid", paidWith(await sign())))]).toEqual(["settled, none", "sold"]);
    expect(asked.filter((to) => to === "settle")).toHaveLength(2);
    void writable.close();
    expect(await textOf(outcome)).toBe("");
    await settled();
    expect([entry(first), vi.getTimerCount()]).toEqual(["settled, delivered", 0]);
    vi.useRealTimers();
  });

  test("that broke off is its buyer's credit, also where the book heard late that it was on its way", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const answers = [{ status: 200, body: readable }];
    const upstream = (): Awaited<ReturnType<Around["upstream"]>> => answers.shift() ?? GOODS;
    let isAway = true;
    const ledger: Around["ledger"] = (_, events) => {
      if (!events.includes("delivering") || !isAway) return "answers";
      isAway = false;
      return "away";
    };
    const { answer, clock, entry, settled } = openGate({}, { upstream, ledger });
    const outcome = await answer("/paid", paidWith(payment, keyed()));
    const read = textOf(outcome).catch(() => "broke off");
    clock.nowMs += 20_000;
    await vi.advanceTimersByTimeAsync(20_000);
    await writable.abort(new Error("the API breaks off"));
    expect(await read).toBe("broke off");
    await vi.advanceTimersByTimeAsync(200);
    await settled();
    expect(entry(payment)).toBe("settled, truncated");
    expect(reasonOf(await answer("/paid", paidWith(payment, keyed())))).toBe("redelivered");
    vi.useRealTimers();
  });

  test("whose reader is gone without a word is his credit in the end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const endless = () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) });
    const { answer, clock, reports } = openGate({}, { upstream: () => ({ status: 200, body: endless() }) });
    await answer("/paid", paidWith(payment, keyed()));
    for (let ms = 0; ms < 3_600_000; ms += 20_000) {
      clock.nowMs += 20_000;
      await vi.advanceTimersByTimeAsync(20_000);
    }
    expect(reports.filter((report) => report === "delivering")).toHaveLength(6);
    expect(reasonOf(await answer("/paid", paidWith(payment, keyed())))).toBe("redelivered");
    vi.useRealTimers();
  });

  test("that is delivered again holds its payment no longer than it was lent for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { readable } = new TransformStream<Uint8Array, Uint8Array>();
    const answers = [{ status: 500 }, { status: 200, body: readable }];
    const upstream = (): Awaited<ReturnType<Around["upstream"]>> => answers.shift() ?? GOODS;
    const gate = openGate({ routes: { "/before": { price: "$0.01", settle: "before" } } }, { upstream });
    const token = tokenOf(await gate.pay("/before", upfront(payment)));
    expect(reasonOf(await gate.ask("/before", { headers: new Headers({ "faregate-redeem": token }) }))).toBe(
      "redelivered",
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gate.reports).not.toContain("delivering");
    vi.useRealTimers();
  });

  test.each<[string, Awaited<ReturnType<Around["upstream"]>>]>([
    ["breaks off", { status: 200, body: chunks("go", new Error("gone")) }],
    ["is shorter than it says", { status: 200, headers: { "content-length": "20" }, body: chunks("goods") }],
  ])("that %s was not delivered whole", async (_, answer) => {
    const { pay, entry, settled } = openGate({}, { upstream: () => answer });
    await expect(textOf(await pay("/paid", payment))).rejects.toThrow();
    await settled();
    expect(entry(payment)).toBe("settled, truncated");
  });

  test("that its client leaves was not delivered whole", async () => {
    const { pay, entry, settled } = openGate(
      {},
      { upstream: () => ({ ...GOODS, headers: {}, body: chunks("go", "ods") }) },
    );
    const outcome = await pay("/paid", payment);
    if ("answer" in outcome && outcome.answer.body instanceof ReadableStream) await outcome.answer.body.cancel();
    await settled();
    expect(entry(payment)).toBe("settled, truncated");
  });
});
