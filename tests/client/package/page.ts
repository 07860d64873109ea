/**
 * A page of the guide in a real browser, against a gateway of its own.
 *
 * @module
 */
import { position } from "../../support/events.ts";
import { GatewayProcess } from "../../support/gateway_process.ts";
import { HttpApi } from "../../support/http_api.ts";
import { ProcessOutput } from "../../support/process_output.ts";
import { TempDir } from "../../support/store_fixture.ts";
import { waitUntil } from "../../support/wait.ts";
import type { InstalledPackage } from "./installed.ts";

/**
 * Opens a page of the guide in Chromium.
 *
 * @param id A position that is published for it to show.
 * @returns What the page shows once it names the position.
 */
export async function inChromium(
  installed: InstalledPackage,
  html: string,
  key: string,
  id: string,
): Promise<string> {
  let shown = "";
  let page = "";
  const reporting = `<script>
    setInterval(() => fetch("/shown", { method: "POST", body: document.body.innerText }), 100);
  </script>`;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/shown") shown = await request.text();
      if (pathname !== "/client.js") return asHtml(page);
      const code = Deno.readTextFileSync(`${installed.source}/client.js`);
      return new Response(code, { headers: { "Content-Type": "text/javascript" } });
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const env = { TELEMETRY_ALLOWED_ORIGINS: origin };
  await using gateway = await GatewayProcess.start({ apiKey: key, env });
  await new HttpApi(gateway).publish(position(id));
  page = html.replace("ws://localhost:8080", gateway.wsUrl).replace("…", key) + reporting;
  using profile = new TempDir();
  const child = new Deno.Command("chromium", {
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
      `--user-data-dir=${profile.path}`,
      origin,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = new ProcessOutput(child);
  try {
    const isShown = (text: string) => text.includes(id);
    return await waitUntil("the page shows the position", () => shown, isShown, {
      withinMs: 30_000,
    });
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.status, output.ended]);
  }
}

function asHtml(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}
