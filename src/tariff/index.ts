export { isJson, memberOf, textOf } from "./json-body.ts";
export { withMember } from "./json-text.ts";
export { likeName, likeValue } from "./likeness.ts";
export { type Choice, choose, type PriceTable } from "./price-table.ts";
export { type Asked, MCP_FREE, MCP_FREE_PREFIX, needsBody, type Selector, selectorText } from "./selector.ts";
