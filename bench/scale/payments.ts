// Who pays, and what is kept of it: payers have a Durable Object each, and a payer's object keeps what was paid.

import type { Stage } from "../measure.ts";
import { newKeys, signPayments } from "../payments.ts";
import type { Subject } from "../subjects.ts";
import { callFigures, pay, type Row, type Section, signed, withWarm } from "./section.ts";

const PAYERS = [1, 10, 100, 1000, 10_000];
const CALLS = 4000;

export async function growPayers(stage: Stage, gate: Subject): Promise<Section> {
  const rows: Row[] = [];
  for (const payers of PAYERS) {
    const payments = await signed(Math.max(CALLS, payers), payers);
    const row = await withWarm(stage, gate, async (running) => ({
      payers,
      ...callFigures(await pay(stage, running, payments)),
      "memory, MB": running.runtime.memoryMb(),
    }));
    rows.push(row);
  }
  return { title: "payers: the first call of each creates a Durable Object", rows };
}

/** On the way to what a ledger keeps in the end, figures are taken at these. */
const KEPT = [100_000, 1_000_000];
const FILL = 10_000;

/** @param payments how many one payer's ledger keeps in the end */
export async function growLedger(stage: Stage, gate: Subject, payments: number): Promise<Section> {
  const steps = [0, ...KEPT.filter((step) => step < payments), payments];
  const keys = newKeys(1);
  return withWarm(stage, gate, async (running) => {
    const rows: Row[] = [];
    let kept = 0;
    const add = async (count: number) => {
      const measurement = await pay(stage, running, await signPayments({ count, keys }));
      kept += measurement.count;
      return measurement;
    };
    for (const step of steps) {
      while (kept < step) {
        const { wrong } = await add(Math.min(FILL, step - kept));
        if (wrong !== null) throw new Error(`The ledger cannot be filled: ${wrong}.`);
      }
      const before = kept;
      const figures = callFigures(await add(CALLS));
      rows.push({ kept: before, ...figures, "memory, MB": running.runtime.memoryMb() });
    }
    return { title: "payments that one payer's ledger keeps: the rates stay as they are", rows };
  });
}
