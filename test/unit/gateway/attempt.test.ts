import { beforeEach, describe, expect, test } from "vitest";
import { type Payment, signPayment } from "../../support/payment.ts";
import { type Around, broken, GOODS, keyed, openGate, reasonOf, type Sent, textOf } from "./gate.ts";

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
