// What an operator sees of a payment: one line of JSON, without signatures, bodies or secrets.

import type { PaymentLine } from "./gateway/index.ts";

export function logPayment({ payment, order, outcome, durationMs }: PaymentLine): void {
  const { method } = order.call.request;
  const { network, asset, amount, payer } = payment;
  const about = { event: "payment", method, path: order.call.target.path.text, route: order.route.key };
  console.log(JSON.stringify({ ...about, network, asset, amount, payer, ...ending(outcome), durationMs }));
}

function ending(outcome: PaymentLine["outcome"]): object {
  switch (outcome.kind) {
    case "sold":
      return { outcome: "settled", status: outcome.answer.status, transaction: outcome.receipt.transaction };
    case "refused": {
      const { problem } = outcome;
      return { outcome: problem.reason, ...("code" in problem && { reason: problem.code }) };
    }
    case "preflight":
      return { outcome: "preflight" };
    case "passed":
    case "unsold":
      return { outcome: "uncharged", status: outcome.answer.status };
  }
}
