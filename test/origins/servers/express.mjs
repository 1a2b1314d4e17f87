// Express with its defaults, in which letter case and a trailing slash do not matter; EXPRESS names the version.

import { isPaidHost, methodOf, port, ran, urlOf } from "./story.mjs";

const { default: express } = await import(process.env.EXPRESS);
const app = express();
app.use((request, _, next) => {
  request.method = methodOf(request.method, request.headers);
  request.url = urlOf(request.url, request.headers);
  next();
});
const say = (what) => (request, response) => {
  response.send(ran(request.headers["x-probe"], typeof what === "function" ? what(request) : what));
};
app.all("/paid/report", say("paid"));
app.use("/vault", say("paid"));
app.use("/sold", say("paid"));
app.all("/closed", say("paid"));
app.get("/jobs", say("free"));
app.post("/jobs", say("paid"));
app.all(
  "/vhost/:item",
  say(({ headers }) => (isPaidHost(headers) ? "paid" : "free")),
);
app.use("/free", say("free"));
app.use("/open", say("open"));
app.listen(port, "127.0.0.1");
