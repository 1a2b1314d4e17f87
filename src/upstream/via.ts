// Via (RFC 9110 section 7.6.3): a gateway names itself in each request that it hands on, and knows by that a request that
// comes back to it. Responses are left as they are, which the section allows a gateway.

const PSEUDONYM = "faregate";

/** Gates may stand behind gates, an API's own behind another seller's; a request that loops meets far more. */
const GATES_MAX = 3;

export function isLoop(headers: Headers): boolean {
  const receivers = (headers.get("via") ?? "").split(",").map((entry) => entry.trim().split(/\s+/)[1]);
  return receivers.filter((name) => name?.toLowerCase() === PSEUDONYM).length > GATES_MAX;
}

/** @param before what the request brought along, null for nothing */
export const nextVia = (before: string | null): string => [...(before ? [before] : []), `1.1 ${PSEUDONYM}`].join(", ");
