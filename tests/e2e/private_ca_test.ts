/**
 * README's commands behind a proxy with a certificate authority of its own: what they download for the
 * first start, with each of the settings that README names.
 *
 * @module
 */
import assert from "node:assert/strict";
import { canIntercept, InterceptingProxy } from "../support/intercepting_proxy.ts";
import { projectPath } from "../support/paths.ts";
import { TempDir } from "../support/store_fixture.ts";

/** Deno reads `NODE_EXTRA_CA_CERTS` since 2.8, or before; 2.4.2 does not. */
const READS_NODE_VARIABLE = !/^2\.[4-7]\./.test(Deno.version.deno);

const SETTINGS: readonly ((authority: string) => Record<string, string>)[] = [
  (authority) => ({ SSL_CERT_FILE: authority, DENO_TLS_CA_STORE: "system,mozilla" }),
  ...(READS_NODE_VARIABLE ? [(authority: string) => ({ NODE_EXTRA_CA_CERTS: authority })] : []),
];

const ignore = !await canIntercept();
// deno-lint-ignore no-console
if (ignore) console.info("skipped: openssl is not installed (Debian package openssl)");

for (const settings of SETTINGS) {
  const names = Object.keys(settings("")).join(" and ");
  Deno.test(`deno task demo downloads behind a private authority with ${names}`, {
    ignore,
  }, async () => {
    await using proxy = await InterceptingProxy.start();
    using home = new TempDir();
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "demo"],
      cwd: projectPath("."),
      clearEnv: true,
      env: {
        HOME: home.path,
        PATH: Deno.env.get("PATH") ?? "",
        RUST_MIN_STACK: "67108864", // Deno 2.4.2 overflows its stack on larger npm graphs without it.
        HTTPS_PROXY: proxy.url,
        TELEMETRY_DATA_DIR: home.path,
        ...settings(proxy.authority),
      },
      stdin: "null",
    }).output();
    const output = new TextDecoder().decode(stderr);
    assert.equal(code, 1, "the proxy knows no package");
    assert.ok(proxy.asked.some((path) => path.startsWith("/hono")), output);
  });
}
