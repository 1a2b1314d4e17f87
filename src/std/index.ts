export { attempted } from "./attempted.ts";
export { decodeBase58, encodeBase58 } from "./base58.ts";
export { decodeBase64, decodeBytes, encodeBase64, encodeBytes, fromBase64Url, toBase64Url } from "./base64.ts";
export { endOfString, isObject, type JsonLimits, type JsonObject, parseJson } from "./json.ts";
export { holdsKey, redacted } from "./redacted.ts";
export { remembering } from "./remember.ts";
export { err, ok, type Result } from "./result.ts";
export { fillSecrets, missingSecret, type Secrets, secretNames, withoutSecretNames } from "./secrets.ts";
export {
  capped,
  declaredLength,
  gathered,
  isEncoded,
  limited,
  readAnswer,
  readBounded,
  readFramed,
  readWithin,
} from "./stream.ts";
