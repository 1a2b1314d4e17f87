import { expect, test, vi } from "vitest";
import { ask, seen } from "../worker/client.ts";

test("a gate without one of its secrets answers 500 to everything, and its log says which one", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  for (const path of ["/free/misconfigured", "/paid/misconfigured", "/nowhere"]) {
    const response = await ask(path);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: "misconfigured" });
  }
  expect(log.mock.calls[0]?.[0]).toContain("the secret API_KEY is missing");
  expect(await seen("/free/misconfigured")).toEqual([]);
});
