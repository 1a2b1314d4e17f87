// Where an answer points to. An address of the API behind us is of no use to a client, and leads around the gate where it
// can be reached: it becomes the gate's own. Whatever else an answer points to is none of our business.

import type { Base } from "../route/index.ts";

export interface Standing {
  readonly upstream: Base;
  /** The URL that was asked, which has another host where the table says so. */
  readonly asked: string;
  /** Scheme and host that the client asked. */
  readonly publicOrigin: string;
}

/** @param value of Location or Content-Location (RFC 9110 sections 10.2.2 and 8.7) */
export function publicLocation(value: string, { upstream, asked, publicOrigin }: Standing): string {
  const url = /^https?:/i.test(value) ? URL.parse(value) : null;
  if (url === null || url.username !== "" || url.password !== "") return value;
  const { prefix } = upstream;
  const isUpstream = url.origin === upstream.origin || url.origin === new URL(asked).origin;
  const isBelow = `${url.pathname}/`.startsWith(`${prefix}/`);
  if (!isUpstream || !isBelow) return value;
  return `${publicOrigin}${url.pathname.slice(prefix.length) || "/"}${url.search}${url.hash}`;
}
