// Requests by which somebody once got what is sold without paying, or nearly: kept for ever, and sent to every origin on
// every run. `{paid}` and its like stand for the origin's own places, `{probe}` for the id that its log gets.

export interface Case {
  /** What goes wrong where it is let through. */
  readonly why: string;
  /** Latin-1, whole. */
  readonly raw: string;
}

const get = (target: string, ...headers: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, "Host: api.example", "X-Probe: {probe}", ...headers, "Connection: close", "", ""].join(
    "\r\n",
  );

export const cases: readonly Case[] = [
  { why: "Tomcat drops the parameters and then climbs", raw: get("{free}/..;{paid}") },
  {
    why: "Tomcat drops the parameters and then climbs, where a route takes semicolons",
    raw: get("{open}/x/..;/..;{paid}"),
  },
  { why: "an encoded slash is decoded before dot segments are resolved", raw: get("{open}/x%2F..%2F..{paid}") },
  { why: "slashes before it are merged, and what is left is sold", raw: get("/{paid}") },
  { why: "an encoded slash before it is merged with the one that stands there", raw: get("/%2f{paid}") },
  { why: "two slashes are one behind a route that takes them", raw: get("{open}//..{paid}") },
  {
    why: "nginx puts the rest of the path behind an alias without its last slash",
    raw: get("/static../vault/secret.txt"),
  },
  { why: "nginx decodes and resolves before it forwards", raw: get("{free}/%2e%2e{paid}") },
  { why: "a header names another URL", raw: get("{free}/x", "X-Original-URL: {paid}") },
  { why: "a header that CGI reads alike names another URL", raw: get("{free}/x", "X_Original_URL: {paid}") },
  { why: "a header names another method", raw: get("{jobs}", "X-HTTP-Method-Override: POST") },
  { why: "a header that CGI reads alike names another method", raw: get("{jobs}", "X_HTTP_METHOD_OVERRIDE: POST") },
  { why: "a header names the host whose goods are sold", raw: get("{vhost}/item", "X-Forwarded-Host: paid.example") },
  { why: "a header that CGI reads alike names that host", raw: get("{vhost}/item", "X_Forwarded_Host: paid.example") },
  { why: "Forwarded names that host", raw: get("{vhost}/item", "Forwarded: for=1;host=paid.example") },
  {
    why: "the gate's own header is taken away as one of the connection",
    raw: get("{vhost}/item", "X-Forwarded-Host: paid.example", "Connection: X-Forwarded-Host"),
  },
  { why: "the host stands in the request target", raw: get("http://paid.example{vhost}/item") },
];
