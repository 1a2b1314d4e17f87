import { expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, seen } from "../worker/client.ts";
import { payAs, upfront } from "./client.ts";

test("a facilitator whose verify is down uses up no redelivery of an earlier payment, and nobody is charged again", async () => {
  const account = newAccount();
  const path = fresh("/before/ok?settle=lost&verify=valid,html");
  expect((await payAs(path, upfront(await signPayment("10000", {}, account)))).status).toBe(503);
  for (let i = 0; i < 5; i++) {
    const another = upfront(await signPayment("10000", {}, account));
    const response = await payAs(path, another);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: "facilitator_unavailable" });
    expect(await calledEndpoints(another)).toEqual(["/verify"]);
  }
  expect(await seen(path)).toEqual([]);
});
