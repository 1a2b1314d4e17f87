import { expect, test } from "vitest";
import { type Result, rowsOf } from "../../../bench/comparison.ts";
import { GATE, LIMIT } from "../../../bench/subjects.ts";

const measured = (subject: string, ratePerSecond: number, wrong: string | null = null): Result => ({
  name: "free path",
  connections: 50,
  subject,
  measurement: {
    count: 1,
    ratePerSecond,
    p50Ms: 1000 / ratePerSecond,
    p99Ms: 1,
    cpuMsPerCall: 10 / ratePerSecond,
    busy: 1,
    clientBusy: 0,
    facilitatorMsPerCall: 0,
    wrong,
  },
});

const PEER = "a peer";
const drifting = [100, 1000, 10].flatMap((speed) => [
  measured(LIMIT, speed),
  measured(GATE, speed * 0.8),
  measured(PEER, speed * 0.4),
]);

test("what drifts from round to round does not move a ratio", () => {
  const [limit, gate, peer] = rowsOf(drifting);
  expect(limit?.ofLimit).toEqual({ median: 1, min: 1, max: 1 });
  expect(gate?.ofLimit).toEqual({ median: 0.8, min: 0.8, max: 0.8 });
  expect(gate?.cpuOfLimit?.median).toBeCloseTo(1.25);
  expect(peer?.gateToIt).toEqual({ median: 2, min: 2, max: 2 });
  expect(peer?.ratePerSecond).toEqual({ median: 40, min: 4, max: 400 });
});

test("who answered wrongly in one round is wrong, and compared with nobody", () => {
  const wrong = measured(GATE, 1e6, "3 of 9 answered 503");
  const [limit, gate, peer] = rowsOf([...drifting, measured(LIMIT, 10), wrong, measured(PEER, 4)]);
  expect(gate).toMatchObject({ wrong: "3 of 9 answered 503", ofLimit: null, cpuOfLimit: null });
  expect(peer).toMatchObject({ wrong: null, gateToIt: null });
  expect(peer?.ofLimit?.median).toBeCloseTo(0.4);
  expect(limit?.wrong).toBeNull();
});

test("without the limit there is no ratio to it", () => {
  const [gate] = rowsOf([measured(GATE, 10)]);
  expect(gate).toMatchObject({ ofLimit: null, p50BeyondLimitMs: null });
});
