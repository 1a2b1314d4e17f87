// Faregate's own endpoints, below the table's prefix. They never reach the upstream, and no route can shadow them.

import type { Outcome } from "../outcome/index.ts";
import type { Target } from "../route/index.ts";
import type { JsonObject } from "../std/index.ts";
import { type Gate, refuse } from "./gate.ts";
import { standingOf } from "./offered.ts";
import { openSealed } from "./seal.ts";

export async function answerOwn(gate: Gate, method: string, { path }: Target): Promise<Outcome> {
  const [, , room, ...below] = path.split("/");
  const isKeys = room === "keys" && below.length === 0;
  const isHealth = room === "health" && below.length === 0;
  const isPayment = room === "payments" && below.length === 1;
  if (!isKeys && !isHealth && !isPayment) return refuse({ reason: "not_found" });
  if (method !== "GET" && method !== "HEAD") return refuse({ reason: "method_not_allowed", allow: ["GET", "HEAD"] });
  if (isHealth) return { kind: "told", json: await healthOf(gate) };
  // A JWK set (RFC 7517 section 5).
  if (!isPayment) return { kind: "told", json: { keys: await gate.publicKeys() } };
  const [sealed] = below as [string];
  return tellPayment(gate, sealed);
}

/** As this isolate sees it. */
async function healthOf(gate: Gate): Promise<JsonObject> {
  const { all, publicName } = gate.facilitators;
  const { unheard, isSold } = await standingOf(gate);
  const seen = all.map((one) => ({
    ...{ name: publicName(one), ...one.breaker.health() },
    ...(unheard.includes(one) && { heard: false }),
  }));
  const isWell = isSold && seen.every(({ state }) => state === "closed");
  return { status: isWell ? "ok" : "degraded", facilitators: seen };
}

/** The MAC is checked before any ledger is looked for. */
async function tellPayment(gate: Gate, sealed: string): Promise<Outcome> {
  const id = await openSealed(gate.seal, "payment", sealed);
  if (id === null) return refuse({ reason: "not_found" });
  const entry = await gate.books.entry(id);
  if (!entry.ok) return refuse({ reason: "ledger_unavailable" });
  if (entry.value === null) return refuse({ reason: "not_found" });
  const { network, asset, payer, payTo, amount, calculation, pay, delivery } = entry.value;
  const { transaction, createdAtMs, updatedAtMs } = entry.value;
  return {
    kind: "told",
    json: {
      ...{ network, asset, payer, payTo, amount, ...(calculation !== null && { calculation }) },
      ...{ pay, delivery, transaction, createdAtMs, updatedAtMs },
    },
  };
}
