// The places of JSON at which a use may stand: paths that begin alike share their beginning.

import type { Decimal } from "./decimal.ts";

export interface Place {
  /** Of a member, or the index of an element. */
  readonly name: string;
  readonly below: Place[];
  /** What stands there, as far as the text was read. */
  value: Decimal | null;
}

export const newPlace = (name: string): Place => ({ name, below: [], value: null });

/** The place at the end of a path, which is added below `root` where it is not there yet. */
export const placeOf = (root: Place, path: readonly string[]): Place =>
  path.reduce((place, name) => {
    const known = place.below.find((one) => one.name === name);
    if (known) return known;
    const added = newPlace(name);
    place.below.push(added);
    return added;
  }, root);

/** Forgets what stood there and below. */
export function clear(place: Place): void {
  place.value = null;
  for (const one of place.below) clear(one);
}
