import { beforeEach, describe, expect, test } from "vitest";
import { type Payment, signPayment } from "../../support/payment.ts";
import { type Around, endless, GOODS, openGate, reasonOf, type Sent, textOf } from "./gate.ts";

let payment: Payment;
beforeEach(async () => {
  payment = await signPayment("10000");
});

const table = {
  routes: {
    "/free": { price: "free", bodyBytesMax: 5 },
    "/paid": { price: "$0.01", bodyBytesMax: 5 },
    "/watched": { price: "$0.01", mode: "observe" },
  },
};

describe("an answer", () => {
  test.each([
    ["/paid", true],
    ["/free", false],
    ["/watched", false],
  ])("of %s is kept by no cache, and is read before it is handed over, where it is sold: %s", async (path, isSold) => {
    const { pay, seen } = openGate(table);
    const outcome = await pay(path, payment);
    expect(seen[0]?.cache).toBe(isSold ? "no-store" : undefined);
    expect("answer" in outcome && outcome.answer.body instanceof Uint8Array).toBe(isSold);
    expect(await textOf(outcome)).toBe("goods");
  });
});

describe("a body of a length that nobody says", () => {
  const post = (...chunks: (string | Error)[]): Partial<Sent> => ({
    method: "POST",
    body: new ReadableStream({
      pull(controller) {
        const next = chunks.shift();
        if (next === undefined) controller.close();
        else if (next instanceof Error) controller.error(next);
        else controller.enqueue(new TextEncoder().encode(next));
      },
    }),
  });
  const flaws: [string, () => Partial<Sent>, object][] = [
    ["that is longer than the route takes", () => post("abc", "def"), { reason: "body_too_large", bytesMax: 5 }],
    ["that breaks off on its way", () => post("abc", new Error("gone")), { reason: "body_incomplete" }],
  ];
  const drained = ({ body }: Sent): Promise<string | null> => new Response(body as BodyInit).text().catch(() => null);

  test("that fits is passed on as it comes", async () => {
    const read: (string | null)[] = [];
    const upstream: Around["upstream"] = async (sent) => {
      read.push(await drained(sent));
      return GOODS;
    };
    const { ask, pay } = openGate(table, { upstream });
    expect(reasonOf(await ask("/free", post("ab", "cde")))).toBe("passed");
    expect(reasonOf(await pay("/paid", payment, post("ab", "cde")))).toBe("sold");
    expect(read).toEqual(["abcde", "abcde"]);
  });

  test.each(flaws)("%s is never answered, although the API took it for whole", async (_, body, problem) => {
    const { body: answer, reader } = endless();
    const upstream: Around["upstream"] = async (sent) => {
      await drained(sent);
      return { status: 200, body: answer };
    };
    expect(await openGate(table, { upstream }).ask("/free", body())).toEqual({
      kind: "refused",
      problem: expect.objectContaining(problem),
    });
    expect(reader.isGone).toBe(true);
  });

  test.each(flaws)("%s breaks the request off, and nobody is charged", async (_, body, problem) => {
    const isBrokenOff: boolean[] = [];
    const upstream: Around["upstream"] = async (sent) => {
      await drained(sent);
      isBrokenOff.push(sent.signal.aborted);
      throw new Error("the connection is gone");
    };
    const { pay, asked, entry } = openGate(table, { upstream });
    expect(await pay("/paid", payment, body())).toMatchObject({ kind: "refused", problem });
    expect(isBrokenOff).toEqual([true]);
    expect(asked).toEqual(["verify"]);
    expect(entry(payment)).toBe("uncharged, none");
  });
});
