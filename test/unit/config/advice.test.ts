import { expect, test } from "vitest";
import * as advice from "../../../src/config/advice.ts";
import * as none from "../../../src/config/no-advice.ts";

test("the Worker has an answer to every question about a table, which is none", () => {
  expect(Object.keys(none).toSorted()).toEqual(Object.keys(advice).toSorted());
  for (const answer of Object.values(none)) expect(answer() ?? null).toBeNull();
});
