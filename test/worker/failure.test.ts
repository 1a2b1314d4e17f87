// What becomes of a request when the gate itself is wrong: it fails closed, and tells its client nothing but an id.

import { afterEach, describe, expect, test, vi } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, fresh, pay, seen } from "./client.ts";

afterEach(() => void vi.restoreAllMocks());

describe("a mistake of the gate's own", () => {
  test.each(["/free/ok", "/paid/ok"])(
    "passes nothing on, charges nobody and is told to the operator alone (%s)",
    async (url) => {
      const path = fresh(url);
      // A name that the gate was not asked by before is the first thing that it looks at.
      const unseen = `https://${url.split("/")[1]}.example.com${path}`;
      expect((await ask("/free/ok")).status).toBe(200);
      const payment = await signPayment("10000");
      const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
      vi.spyOn(URL, "parse").mockImplementation(() => {
        throw new Error("a detail of the inside");
      });
      const response = await pay(unseen, payment);
      vi.mocked(URL.parse).mockRestore();
      expect(response.status).toBe(500);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const { requestId, ...said } = (await response.json()) as { readonly requestId: string };
      expect(said).toEqual({ error: "internal_error", message: "The gate failed." });
      const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
      expect(lines).toEqual([expect.objectContaining({ requestId, error: "Error: a detail of the inside" })]);
      expect(await seen(path)).toEqual([]);
      expect(await calledEndpoints(payment)).toEqual([]);
      expect((await pay(path, payment)).status).toBe(200);
    },
  );
});
