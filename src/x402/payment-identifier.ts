// The `payment-identifier` extension: a client names its call, and a repeat under the same name is the same call
// (extension document "payment-identifier", sections "PaymentRequired" and "Idempotency Behavior").

import { err, isObject, type JsonObject, ok, type Result } from "../std/index.ts";

export const PAYMENT_IDENTIFIER = "payment-identifier";

const ID = /^[A-Za-z0-9_-]{16,128}$/;

/** What is advertised. */
export const paymentIdentifier = (required: boolean): JsonObject => ({
  info: { required },
  schema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { required: { type: "boolean" }, id: { type: "string", minLength: 16, maxLength: 128 } },
    required: ["required"],
  },
});

/** The id in what a client echoes; null where there is none. The error ends a sentence. */
export function readPaymentIdentifier(extensions: JsonObject): Result<string | null, string> {
  const extension = extensions[PAYMENT_IDENTIFIER];
  const info = isObject(extension) ? extension["info"] : null;
  const id = isObject(info) ? info["id"] : undefined;
  if (id === undefined) return ok(null);
  if (typeof id === "string" && ID.test(id)) return ok(id);
  return err("the id of payment-identifier is not 16 to 128 letters, digits, - or _");
}
