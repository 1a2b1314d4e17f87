// How the gate grows: with the routes of its table, with payers and what they paid, with the length of bodies and headers.

import type { Stage } from "../measure.ts";
import { buildGate, tableOf } from "../subjects.ts";
import { growBook } from "./book.ts";
import { growBodies, growHeaders } from "./lengths.ts";
import { growMatches } from "./matches.ts";
import { growLedger, growPayers } from "./payments.ts";
import { growRoutes } from "./routes.ts";
import type { Section } from "./section.ts";

/** @param payments how many a ledger keeps in the end */
export async function scale(
  stage: Stage,
  directory: string,
  payments: number,
  tell: (line: string) => void,
): Promise<readonly Section[]> {
  const gate = await buildGate(stage.backends, tableOf(stage.backends), directory);
  const parts: readonly (readonly [name: string, grow: () => Promise<Section>])[] = [
    ["matches", async () => growMatches(tableOf(stage.backends))],
    ["routes", () => growRoutes(stage, directory)],
    ["payers", () => growPayers(stage, gate)],
    ["kept payments", () => growLedger(stage, gate, payments)],
    ["the book alone", async () => growBook()],
    ["bodies", () => growBodies(stage, gate)],
    ["headers", () => growHeaders(stage, gate)],
  ];
  const sections: Section[] = [];
  for (const [name, grow] of parts) {
    tell(name);
    sections.push(await grow());
  }
  return sections;
}
