// Extensions (core specification, section 5.1.2): what we advertise, clients echo. An echo has to contain the info that we
// sent, so that nobody is made to sign for terms that were tampered with on the way; its schema may stay behind, and
// leaving out the whole is fine. What we did not advertise is ignored and goes nowhere.

import { isObject, type JsonObject } from "../std/index.ts";
import { isGasSponsoring } from "./gas-sponsoring.ts";

/** Whether everything of `advertised` that the client echoes contains what we sent. */
export function isFaithfulEcho(advertised: JsonObject, echoed: JsonObject): boolean {
  return echoedNames(advertised, echoed).every((name) => contains(echoed[name], boundOf(advertised[name])));
}

/** What of ours binds its echo: the info alone, and the whole of an extension that has none. */
const boundOf = (extension: unknown): unknown =>
  isObject(extension) && Object.hasOwn(extension, "info") ? { info: extension["info"] } : extension;

/** What of ours the client echoed, in our own words. What it is to sign something for is the scheme's to rebuild. */
export function echoedOf(advertised: JsonObject, echoed: JsonObject): JsonObject {
  const names = echoedNames(advertised, echoed).filter((name) => !isGasSponsoring(name));
  return Object.fromEntries(names.map((name) => [name, advertised[name]]));
}

const echoedNames = (advertised: JsonObject, echoed: JsonObject): readonly string[] =>
  Object.keys(advertised).filter((name) => Object.hasOwn(echoed, name));

/** Objects may have members that ours do not; lists and scalars are the same. */
function contains(theirs: unknown, ours: unknown): boolean {
  if (isObject(ours)) {
    return (
      isObject(theirs) &&
      Object.keys(ours).every((key) => Object.hasOwn(theirs, key) && contains(theirs[key], ours[key]))
    );
  }
  if (!Array.isArray(ours)) return theirs === ours;
  return Array.isArray(theirs) && theirs.length === ours.length && ours.every((one, i) => contains(theirs[i], one));
}
