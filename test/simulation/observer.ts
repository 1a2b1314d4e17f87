// What is seen of the ledger's messages on their way: what was granted, and which transitions were taken.

import { givesWhatWasBought, grantsNoSecond, grantsOnce } from "./invariants.ts";
import type { Invocation } from "./invocation.ts";
import type { Method, Node, Observer } from "./ledgers.ts";
import { namesOfReport, namesOfTime } from "./rows.ts";
import type { World } from "./world.ts";

interface Reply {
  readonly kind?: string;
  readonly id?: string;
}

type Claim = Parameters<typeof grantsNoSecond>[1];
type Report = Parameters<typeof namesOfReport>[1];

export function observe(world: World): Observer {
  return {
    performed(node, method, args, before, reply) {
      node.isStale = true;
      if (method === "record") return noteReport(world, args[0] as Report, before);
      noteTime(world, before, node.rows);
      const { kind, id } = (reply ?? {}) as Reply;
      if (id && (kind === "redeem" || kind === "answer")) givesWhatWasBought(node, id, (args[0] as Claim).fingerprint);
      if (method === "claim") noteClaim(world, node, args[0] as Claim, before, reply as Reply);
      if (method === "present") world.tally.count("transition", `present: ${(reply as Reply).kind}`);
    },
    replied: (invocation, method, args, reply) => noteReply(invocation, method, args, reply),
  };
}

function noteClaim(world: World, node: Node, claim: Claim, before: Node["rows"], { kind }: Reply): void {
  world.tally.count("transition", `claim: ${kind}`);
  const own = before.get(claim.id);
  if (kind !== "granted") return;
  grantsOnce(own, claim.attempt, claim.id);
  if (own?.attempt !== claim.attempt) grantsNoSecond(node, claim);
}

function noteReport(world: World, report: Report, before: Node["rows"]): void {
  world.say("report", `${report.id.slice(-6)} ${report.events.map(({ kind }) => kind).join(", ")}`);
  for (const name of namesOfReport(before.get(report.id), report)) world.tally.count("transition", name);
}

/** What changed without a report changed by time, or because it was handed out. */
export function noteTime(world: World, before: Node["rows"], after: Node["rows"]): void {
  for (const row of after.values()) {
    const was = before.get(row.id);
    if (was) for (const name of namesOfTime(was, row)) world.tally.count("transition", name);
  }
}

function noteReply(invocation: Invocation, method: Method, args: readonly unknown[], answer: unknown): void {
  const { kind, id } = (answer ?? {}) as Reply;
  if (method === "claim" && kind === "granted") {
    invocation.execution = { id: (args[0] as Claim).id, kind: "first" };
  } else if (kind === "redeem" && id) invocation.execution = { id, kind: "redelivery" };
  else if (kind === "answer" && id) invocation.goodsOf = id;
}
