// What the origins in JavaScript have in common: their log, and the old habits by which a request may claim to be another
// one. An origin that had none of them would show nothing about the gate.

import { appendFileSync } from "node:fs";

const { ORIGIN_LOG, PORT } = process.env;
export const port = Number(PORT);

/** One line for each handler that ran: who asked, and what it was. */
export function ran(probe, what) {
  appendFileSync(ORIGIN_LOG, `${probe ?? "-"} ${what}\n`);
  return what;
}

const named = (headers, name) =>
  Object.entries(headers).find(([one]) => one.toLowerCase().replaceAll("_", "-") === name)?.[1];

/** The method that an override names, as its middleware reads it. */
export function methodOf(method, headers) {
  const names = ["x-http-method-override", "x-method-override", "x-http-method"];
  const said = names.map((name) => named(headers, name)).find((value) => value !== undefined);
  return String(said ?? method).toUpperCase();
}

/** The URL that a header of an older proxy names. */
export const urlOf = (url, headers) => named(headers, "x-original-url") ?? named(headers, "x-rewrite-url") ?? url;

/** Whether the request is for the host whose goods are sold. */
export function isPaidHost(headers) {
  const forwarded = /host="?([^;,"]+)/i.exec(named(headers, "forwarded") ?? "")?.[1];
  const host = forwarded ?? named(headers, "x-forwarded-host") ?? named(headers, "host") ?? "";
  return /^paid\.example\.?$/i.test(host.split(",")[0].trim().replace(/:\d*$/, ""));
}
