// Fastify, told to be as lenient as it can be.

import Fastify from "fastify";
import { isPaidHost, methodOf, port, ran, urlOf } from "./story.mjs";

const app = Fastify({
  routerOptions: {
    caseSensitive: false,
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true,
    useSemicolonDelimiter: true,
  },
  rewriteUrl: (request) => {
    request.method = methodOf(request.method, request.headers);
    return urlOf(request.url, request.headers);
  },
});
const say = (what) => async (request) =>
  ran(request.headers["x-probe"], typeof what === "function" ? what(request) : what);
app.addContentTypeParser("*", (_, payload, done) => {
  payload.resume();
  payload.on("end", () => done(null, null));
});
app.all("/paid/report", say("paid"));
app.all("/vault/*", say("paid"));
app.all("/sold/*", say("paid"));
app.all("/closed", say("paid"));
app.get("/jobs", say("free"));
app.post("/jobs", say("paid"));
app.all(
  "/vhost/:item",
  say(({ headers }) => (isPaidHost(headers) ? "paid" : "free")),
);
app.all("/free/*", say("free"));
app.all("/open/*", say("open"));
await app.listen({ port, host: "127.0.0.1" });
