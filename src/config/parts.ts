// The parts that a table names, upstreams among them. Equal settings are one part, so that a table
// of ten thousand routes does not build ten thousand of them.

import * as v from "valibot";
import { didYouMean } from "#advice";
import { baseOf } from "../route/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import { type Path, type Report, said } from "./mistake.ts";
import { type Table, type UpstreamEntry, upstreamObject } from "./schema.ts";

/** Settings by what they say; the first of equal ones stands for all. */
export class Parts<Settings> {
  readonly #known = new Map<string, Settings>();

  add(settings: Settings): Settings {
    const key = JSON.stringify(settings);
    const known = this.#known.get(key) ?? settings;
    this.#known.set(key, known);
    return known;
  }

  all(): readonly Settings[] {
    return [...this.#known.values()];
  }
}

type UpstreamValue = Table["upstream"];

/** Null for a name that stands for nothing, which is told. */
export function readUpstream(
  value: UpstreamValue,
  named: Table["upstreams"],
  path: Path,
  report: Report,
): UpstreamSettings | null {
  if (typeof value !== "string" || value.includes(":")) return upstreamSettings(value);
  const known = Object.hasOwn(named, value) ? named[value] : undefined;
  if (known !== undefined) return upstreamSettings(known);
  const names = Object.keys(named);
  const listed = names.length > 0 ? `write a URL or one of ${names.join(", ")}` : "write a URL; upstreams has no names";
  const near = didYouMean(value, names);
  report(path, near === null ? `${listed}${said(value)}` : `"${value}" is no name of upstreams; ${near}`);
  return null;
}

/** A URL alone stands for an object with nothing else. */
function upstreamSettings(value: string | UpstreamEntry): UpstreamSettings {
  const entry = typeof value === "string" ? v.parse(upstreamObject, { url: value }) : value;
  const { url, timeoutSeconds, headers, service = null, host, sign = [] } = entry;
  const timeoutMs = timeoutSeconds * 1000;
  const address = new URL(url.replace(/\/$/, ""));
  return {
    url: address,
    base: baseOf(address),
    timeoutMs,
    headers: Object.entries(headers),
    service,
    host,
    sign: [sign].flat(),
  };
}
