/**
 * The gateway behind nginx and haproxy, configured as `docs/network.md` says: TLS ends there, sockets
 * pass, and the gateway knows its clients.
 *
 * @module
 */
import assert from "node:assert/strict";
import { canMakeCertificates, TestCertificate } from "../support/certificates.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { projectPath } from "../support/paths.ts";
import { TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

/** A proxy: how its snippet becomes a configuration, and how it is started. */
interface Proxy {
  readonly name: "nginx" | "haproxy";
  /** Puts the snippet into a whole configuration in a directory of its own. */
  readonly complete: (snippet: string, directory: string, port: number) => string;
  readonly args: (path: string) => string[];
}

const PROXIES: readonly Proxy[] = [
  {
    name: "nginx",
    complete: (snippet, directory, port) => {
      const served = snippet.replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`).replace(
        "# ssl_certificate, ssl_certificate_key …",
        `ssl_certificate ${directory}/both.pem; ssl_certificate_key ${directory}/both.pem;`,
      );
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
        `${name}_temp_path ${directory}/${name};`
      );
      return `daemon off; master_process off; pid ${directory}/pid; error_log stderr;
        events {} http { access_log off; ${paths.join(" ")} ${served} }`;
    },
    args: (path) => ["-c", path, "-e", "stderr"],
  },
  {
    name: "haproxy",
    complete: (snippet, directory, port) =>
      snippet.replace(
        ":443 ssl crt /etc/haproxy/desk.pem",
        `127.0.0.1:${port} ssl crt ${directory}/both.pem`,
      ),
    args: (path) => ["-db", "-f", path],
  },
];

/** The snippet of a proxy in the guide. */
function snippetOf(name: string): string {
  const text = Deno.readTextFileSync(projectPath("docs/network.md"));
  return new RegExp(`\`\`\`${name}\\n(.*?)\`\`\``, "s").exec(text)![1]!;
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    await new Deno.Command(name, { args: ["-v"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const { name, complete, args } of PROXIES) {
  const ignore = !await isInstalled(name) || !await canMakeCertificates();
  // deno-lint-ignore no-console
  if (ignore) console.info(`skipped: ${name} or openssl is not installed (Debian packages)`);

  Deno.test(`behind ${name}, as the guide configures it, sockets pass and clients are known`, {
    ignore,
  }, async () => {
    using certificate = new TestCertificate();
    const cert = await certificate.renew("desk");
    using directory = new TempDir();
    const key = await Deno.readTextFile(certificate.keyPath);
    await Deno.writeTextFile(`${directory.path}/both.pem`, cert + key);
    const port = freePort();
    await using gateway = await GatewayProcess.start({
      env: { TELEMETRY_TRUSTED_PROXIES: "127.0.0.1", TELEMETRY_PUBLIC_HOSTS: `127.0.0.1:${port}` },
    });
    const path = `${directory.path}/proxy.conf`;
    const snippet = snippetOf(name).replace("127.0.0.1:8080", `127.0.0.1:${gateway.port}`);
    await Deno.writeTextFile(path, `${complete(snippet, directory.path, port)}\n`);
    const proxy = new Deno.Command(name, { args: args(path), stdout: "null", stderr: "null" })
      .spawn();
    try {
      using client = Deno.createHttpClient({ caCerts: [cert], poolMaxIdlePerHost: 0 });
      const ask = async (headers: Record<string, string> = {}) => {
        const init = { client, headers: { "X-API-Key": gateway.apiKey, ...headers } };
        const answer = await fetch(`https://127.0.0.1:${port}/api/v1/websocket/clients`, init);
        return { status: answer.status, body: await answer.json() };
      };
      await waitUntil(
        `${name} answers`,
        () => ask().catch(() => ({ status: 0, body: undefined })),
        ({ status }) => status === 200,
      );
      // The client writes an address of its own before what the proxy appends.
      const made = { "X-Forwarded-For": "203.0.113.5", Forwarded: "for=203.0.113.5" };
      await using socket = await RawWebSocket.open(`wss://127.0.0.1:${port}/ws/telemetry`, {
        caCerts: [cert],
        headers: { ...made, "X-API-Key": gateway.apiKey, Origin: `https://127.0.0.1:${port}` },
      });
      assert.match((await socket.nextText()).text, /"welcome"/);
      const { body } = await ask();
      // The proxy is trusted and so is its client here: the next one before it counts.
      assert.equal(body.data[0].remoteAddress, "203.0.113.5");
      const refused = await ask({ "X-API-Key": "wrong" });
      assert.equal(refused.status, 401);
    } finally {
      proxy.kill("SIGKILL");
      await proxy.status;
    }
  });
}
