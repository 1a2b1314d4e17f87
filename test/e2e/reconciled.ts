// `npm run reconcile` against a world's chain and the books in its gate's state.

import { npmRun } from "../support/command.ts";
import { PAY_TO } from "../support/payment.ts";
import type { World } from "./world.ts";

/** The books are told a moment later, so a difference counts only when it stays. */
const PATIENCE_MS = 60_000;

export interface Reconciled {
  readonly code: number | null;
  readonly words: string;
}

export async function reconcile(rpc: string, books: string, ...more: readonly string[]): Promise<Reconciled> {
  const { code, stdout, stderr } = await npmRun("reconcile", ["--rpc", rpc, "--books", books, ...more]).ended;
  return { code, words: stdout + stderr };
}

/** What it says when there is no difference, or when there has been one for too long. */
export async function reconciled({ rpc, stateDir }: Pick<World, "rpc" | "stateDir">): Promise<Reconciled> {
  const untilMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const result = await reconcile(rpc, stateDir, "--pay-to", PAY_TO);
    if (result.code === 0 || Date.now() > untilMs) return result;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
