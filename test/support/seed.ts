// Properties draw the same cases on every machine: a run that fails says something of the change it was made for.
// FAREGATE_SEED draws others.

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FAREGATE_SEED"] ?? 20_261_127) });
