// Evaluated before a Worker's own modules: puts its Durable Objects so far away as FAR_MS says, there and back. The
// Worker itself stays byte by byte what is deployed; only its binding is another one.

import { env } from "cloudflare:workers";

const wait = () => new Promise((resolve) => setTimeout(resolve, Number(env.FAR_MS) / 2));

const far = (stub) =>
  new Proxy(stub, {
    get:
      (_, method) =>
      async (...args) => {
        await wait();
        const answer = await stub[method](...args);
        await wait();
        return answer;
      },
  });

for (const [name, binding] of Object.entries(env)) {
  if (typeof binding?.getByName === "function") env[name] = { getByName: (of) => far(binding.getByName(of)) };
}
