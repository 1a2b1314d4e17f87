// The files that are generated from the schema of the pricing table, by their names.

import { pricingSchema } from "./json-schema.ts";
import { pricingReference } from "./reference.ts";

export const generatedFiles = (): Readonly<Record<string, string>> => ({
  "pricing.schema.json": formatJson(pricingSchema()),
  "docs/pricing.md": pricingReference(),
});

/** As the project's formatter writes it: a list of scalars stays on one line. */
const formatJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/\[[^[\]{}]+\]/g, (list) => list.replace(/\s*\n\s*/g, " ").replace(/^\[ | \]$/g, (end) => end.trim()))}\n`;
