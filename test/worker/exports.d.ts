// Tells the runtime's types which Worker `exports.default` is.

declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../src/index.ts");
  }
}
