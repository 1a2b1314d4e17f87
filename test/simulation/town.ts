// Where clients live, and how they write down what they want.

import type { Blocks } from "./chain.ts";
import type { Errand, Facts } from "./facts.ts";
import type { Isolate } from "./isolate.ts";
import type { Visits } from "./visit.ts";
import type { World } from "./world.ts";

export interface Town {
  readonly world: World;
  readonly facts: Facts;
  readonly visits: Visits;
  readonly isolates: readonly Isolate[];
  readonly chain: Blocks;
}

export const urlOf = ({ route, id }: Errand): string => `${route}/thing?errand=${id}`;

export const bodyOf = ({ method, id }: Errand): Uint8Array | null =>
  method === "POST" ? new TextEncoder().encode(`please, for ${id}`) : null;
