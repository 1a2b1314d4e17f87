import { expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, pay } from "../worker/client.ts";

test("what the table does not name passes, where the operator says so", async () => {
  const response = await ask("/anything?q=1", { method: "POST", body: "x" });
  expect(await response.json()).toEqual({ service: true, method: "POST", url: "https://legacy.internal/anything?q=1" });
});

test("a priced path without the method is 405 all the same", async () => {
  expect((await ask("/paid", { method: "POST" })).status).toBe(405);
});

test("a paid call is served through the service binding", async () => {
  const response = await pay("/paid/x", await signPayment("10000"));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ service: true, method: "GET", url: "https://legacy.internal/paid/x" });
});

test.each(["/.faregate/nothing", "/.Faregate"])("%s is the gate's own, and never the upstream's", async (path) => {
  const response = await ask(path);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: "not_found" });
});
