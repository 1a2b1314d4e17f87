// Hono on node-server, which makes a URL of the request target and so resolves what stands in it.

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { isPaidHost, methodOf, port, ran, urlOf } from "./story.mjs";

const app = new Hono({ strict: false });
const headersOf = (c) => c.req.header();
const say = (what) => (c) => {
  const headers = headersOf(c);
  return c.text(ran(headers["x-probe"], typeof what === "function" ? what(headers) : what));
};
app.all("/paid/report", say("paid"));
app.all("/vault/*", say("paid"));
app.all("/sold/*", say("paid"));
app.all("/closed", say("paid"));
app.get("/jobs", say("free"));
app.post("/jobs", say("paid"));
app.all(
  "/vhost/:item",
  say((headers) => (isPaidHost(headers) ? "paid" : "free")),
);
app.all("/free/*", say("free"));
app.all("/open/*", say("open"));
app.all("/Case/Gold", say("paid"));
app.all("/Case/gold", say("free"));

/** Overrides are read before the router, as middleware around an app does. */
function overridden(request) {
  const headers = Object.fromEntries(request.headers);
  const url = new URL(urlOf(request.url, headers), request.url);
  const method = methodOf(request.method, headers);
  return app.fetch(new Request(url, { method, headers }));
}
serve({ fetch: overridden, port, hostname: "127.0.0.1" });
