// What an operator sees of a request: one line of JSON, without queries, signatures, bodies or secrets.

import type { RequestLine } from "./gateway/index.ts";

/** Enough to recognise a request by. */
const PATH_LENGTH_MAX = 256;

export function logRequest({
  requestId,
  method,
  target,
  route,
  outcome,
  unquoted,
  unavailable,
  durationMs,
  steps,
  ...about
}: RequestLine): void {
  const host = target?.host;
  const path = target?.path.slice(0, PATH_LENGTH_MAX);
  const told = { event: "request", requestId, method, host, path, route };
  const quote = unquoted === null ? null : { quote: unquoted };
  const unheard = unavailable.length === 0 ? null : { facilitators: unavailable };
  const parts = [ending(outcome), money(about, outcome), quote, unheard, { durationMs, steps }];
  console.log(JSON.stringify(Object.assign(told, ...parts)));
}

function ending(outcome: RequestLine["outcome"]): object {
  switch (outcome.kind) {
    case "redelivered":
    case "sold":
      return {
        outcome: outcome.kind === "sold" ? "settled" : outcome.kind,
        status: outcome.answer.status,
        transaction: outcome.receipt.transaction,
      };
    case "refused": {
      const { problem } = outcome;
      return { outcome: problem.reason, ...("code" in problem && { reason: problem.code }) };
    }
    case "told":
      return { outcome: "told" };
    case "served":
      return { outcome: "served", status: outcome.answer.status };
    case "preflight":
      return { outcome: "preflight" };
    case "passed":
    case "waived":
      return { outcome: "passed", status: outcome.answer.status };
    case "unsold":
      return { outcome: "uncharged", status: outcome.answer.status };
  }
}

/** Amounts are atomic units. */
function money(
  { payment, observed }: Pick<RequestLine, "payment" | "observed">,
  outcome: RequestLine["outcome"],
): object | null {
  if (payment) {
    const { network, asset, payer, payTo, isProven } = payment;
    const charged = outcome.kind === "sold" ? outcome.receipt.amount : undefined;
    const amounts = charged === undefined ? amountOf(payment) : { amount: charged };
    // Whose signature could not be checked here is who the request says that it is.
    return { network, asset, ...amounts, payer, payTo, ...(!isProven && { isProven }) };
  }
  if (!observed) return null;
  // Debtors' terms name the same prices.
  const usual = observed.terms.filter(({ flow }) => flow === observed.terms[0]?.flow);
  const offers = usual.map(({ requirements }) => {
    const { network, asset } = requirements;
    return { network, asset, ...amountOf(requirements) };
  });
  return { observed: offers };
}

/** What follows use is settled for at most that much; a stream goes out before anybody knows for how much. */
const amountOf = ({ scheme, amount }: { readonly scheme: string; readonly amount: string }): object =>
  scheme === "upto" ? { max: amount } : { amount };
