// What a run has to have seen, and how it is told. A fault that never struck has tested nothing.

import { FAULTS } from "./faults.ts";
import type { Column, Tally } from "./tally.ts";

/** In so many seeds everything that is listed has to have happened a hundred times. */
const SEEDS = 20_000;
const TIMES = 100;
/** Of fewer seeds nothing is asked. */
const SEEDS_MIN = 2_000;

/** Answers of the ledger, transitions by reports (×) and by time (→). */
export const TRANSITIONS: readonly string[] = [
  "claim: answer",
  "claim: bound_elsewhere",
  "claim: ended",
  "claim: granted",
  "claim: in_debt",
  "claim: in_flight",
  "claim: key_reused",
  "claim: over_cap",
  "claim: redeem",
  "claim: settled",
  "claim: unknown",
  "claim: unresolved",
  "present: answer",
  "present: claimable",
  "present: ended",
  "present: in_flight",
  "present: redeem",
  "present: settled",
  "present: unknown",
  "present: unresolved",
  "pay claimed × release",
  "pay claimed × uncharged",
  "pay claimed × rejected",
  "pay claimed × lost",
  "pay claimed × settled",
  "pay claimed × metered",
  "pay claimed × served",
  "pay claimed → unknown",
  "pay owed × lost",
  "pay owed × settled",
  "pay owed × delivered",
  "pay owed × truncated",
  "pay owed × metered",
  "pay owed × waived",
  "pay unknown × lost",
  "pay unknown × settled",
  "pay unknown × postponed",
  "pay unknown × failed",
  "pay unknown × undetermined",
  "pay unknown × delivered",
  "pay released → claimed",
  "pay failed → written_off",
  "delivery none × delivered",
  "delivery none × truncated",
  "delivery none × undelivered",
  "delivery none → undelivered",
  "delivery delivered × settled",
  "delivery delivered × failed",
  "delivery delivered × undetermined",
  "delivery truncated × delivered",
  "delivery truncated × settled",
  "delivery truncated × redeemed",
  "delivery truncated × undelivered",
  "delivery truncated → expired",
  "delivery undelivered × redeemed",
  "delivery undelivered × undelivered",
  "delivery undelivered → expired",
];

export function missing(tally: Tally, seeds: number): readonly string[] {
  if (seeds < SEEDS_MIN) return [];
  const least = Math.floor((TIMES * seeds) / SEEDS);
  const rare = (column: Column, names: readonly string[]): readonly string[] =>
    names
      .filter((name) => tally.of(column, name) < least)
      .map((name) => `${column} ${name}: ${tally.of(column, name)}`);
  const [served, failed] = [tally.of("call", "served"), tally.of("call", "failed")];
  const shares = [served, failed].map((count) => Math.round((100 * count) / (served + failed)));
  const isLopsided = shares.some((share) => share < 20);
  return [
    ...rare("fault", FAULTS),
    ...rare("transition", TRANSITIONS),
    ...(isLopsided ? [`${shares[0]} % of all calls were served, ${shares[1]} % were not`] : []),
  ];
}

export function table(tally: Tally): string {
  const columns: readonly Column[] = ["fault", "transition", "outcome", "call", "world"];
  return columns
    .flatMap((column) => [
      `${column}s`,
      ...tally.all(column).map(([name, count]) => `${String(count).padStart(9)}  ${name}`),
      "",
    ])
    .join("\n");
}
