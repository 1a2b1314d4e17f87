// Loaded before the simulation in Node: where the ledger's object asks for the platform, it gets what there is of it.

import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier === "cloudflare:workers" ? new URL("./cloudflare-workers.ts", import.meta.url).href : specifier,
      context,
    ),
});
