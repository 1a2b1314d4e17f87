// An object of the file, read key by key: a mistake in one leaves the others known, so that what depends on them is
// checked too and every mistake of the file is told at once.

import * as v from "valibot";
import type { JsonObject } from "../std/index.ts";
import { MISSING_KEY, unknownKey } from "./fields.ts";
import { mistakesOf, type Path, type Report } from "./mistake.ts";

/** What is left out is no key of it; what is wrong, and told already, is a key that is undefined. */
export type Members<Entries extends v.ObjectEntries> = {
  readonly [K in keyof Entries]?: v.InferOutput<Entries[K]> | undefined;
};

export const isTold = (members: object, key: string): boolean =>
  Object.hasOwn(members, key) && members[key as keyof typeof members] === undefined;

export function readMembers<const Entries extends v.ObjectEntries>(
  entries: Entries,
  object: JsonObject,
  path: Path,
  report: Report,
): Members<Entries> {
  for (const key of Object.keys(object)) {
    if (!Object.hasOwn(entries, key)) report([...path, key], unknownKey(entries, key));
  }
  const members: { [key: string]: unknown } = {};
  for (const [key, entry] of Object.entries(entries)) {
    const schema = entry as v.GenericSchema;
    const isLeftOut = object[key] === undefined && schema.type === "optional";
    // As it is written in the schema: no default there is transformed.
    const member = isLeftOut ? v.getDefault(schema) : readMember(schema, object[key], [...path, key], report);
    if (member !== undefined || !isLeftOut) members[key] = member;
  }
  return members as Members<Entries>;
}

export function readMember<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  path: Path,
  report: Report,
): v.InferOutput<Schema> | undefined {
  if (value === undefined) {
    report(path, MISSING_KEY);
    return undefined;
  }
  const result = v.safeParse(schema, value);
  for (const issue of result.issues ?? []) mistakesOf(issue, path, report);
  return result.success ? result.output : undefined;
}
