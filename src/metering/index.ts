export { type Decimal, parseDecimal } from "./decimal.ts";
export { Gauge, isEventStream } from "./gauge.ts";
export {
  type Bounds,
  type Charge,
  chargeFor,
  type Meter,
  type Rate,
  rateOf,
  type Source,
  type Usage,
} from "./meter.ts";
export { parsePath } from "./usage.ts";
