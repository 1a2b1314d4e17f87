export { type Decimal, decimalText, parseDecimal } from "./decimal.ts";
export { Gauge, isEventStream, needsEnd } from "./gauge.ts";
export {
  type Authorized,
  type Charge,
  chargeFor,
  chargeForMissing,
  type Meter,
  type Rate,
  rateOf,
  type Source,
  type Usage,
} from "./meter.ts";
export { askForUsage } from "./request.ts";
export { parsePath } from "./usage.ts";
