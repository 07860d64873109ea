/**
 * The page at `/`: says that the gateway runs, and where to go from here.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { MiddlewareHandler } from "hono";
import type { AppContext, AppDeps, AppEnv } from "../context.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --line: #d9dee7; --page: #f6f7f9;
  --card: #fff; --good: #11794b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf2; --soft: #9aa5b8; --line: #2c3444;
  --page: #11151c; --card: #181e28; --good: #4cc38a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { color: var(--soft); margin: .25rem 0; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1px; margin: 1.5rem 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
dl div { background: var(--card); padding: .8rem 1rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; margin: 0; }
`;

const SCRIPT = `
const show = (id, text, tone) => {
  const field = document.getElementById(id);
  field.textContent = text;
  if (tone) field.className = tone;
};
const duration = (s) => s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min"
  : s < 86400 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " d";
async function refresh() {
  try {
    const answer = await fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(2000) });
    const { data } = await answer.json();
    show("status", data.status === "ok" ? "running" : data.status, data.status === "ok" ? "good" : "bad");
    show("connections", data.activeConnections.toLocaleString());
    show("uptime", duration(data.uptimeSeconds));
    show("store", data.store);
  } catch {
    show("status", "not answering", "bad");
    for (const id of ["connections", "uptime"]) show(id, "–");
  }
}
refresh();
setInterval(refresh, 2000);
`;

/** Outside the template, because versions of the formatter write it in different case. */
const DOCTYPE = raw("<!doctype html>");

const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Where operators look. */
const OPERATE = `GET /api/health
GET /metrics
GET /api/v1/websocket/stats
GET /api/v1/websocket/clients`;

const subscribeExample = (host: string) =>
  `ws://${host}/ws/telemetry?channels=market-data,positions&replay=true`;

const publishExample = (host: string) =>
  `curl http://${host}/api/v1/telemetry/events \\
  -H "X-API-Key: $TELEMETRY_API_KEY" -H "Content-Type: application/json" \\
  -d '{"channel":"market-data","data":{"symbol":"BTCUSDT","price":"9750.25",
       "source":"demo","isSnapshot":false}}'`;

/** Headers of every page: no foreign content, no frames, no guessing of types. */
export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.header("Content-Security-Policy", POLICY);
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cache-Control", "no-cache");
};

/** `GET /` */
export function statusPage(c: AppContext, { version }: AppDeps): Response | Promise<Response> {
  const { host } = new URL(c.req.url);
  return c.html(html`
    ${DOCTYPE}
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Telemetry gateway</title>
        <link rel="icon" href="data:,">
        ${raw(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <main>
          <h1>Telemetry gateway</h1>
          <p>Version ${version}. Real-time events of automated trading over WebSocket.</p>
          <dl aria-live="polite">
            <div>
              <dt>Status</dt>
              <dd id="status">…</dd>
            </div>
            <div>
              <dt>Connections</dt>
              <dd id="connections">…</dd>
            </div>
            <div>
              <dt>Up for</dt>
              <dd id="uptime">…</dd>
            </div>
            <div>
              <dt>Store</dt>
              <dd id="store">…</dd>
            </div>
          </dl>
          <h2>Subscribe</h2>
          <pre>${subscribeExample(host)}</pre>
          <h2>Publish</h2>
          <pre>${publishExample(host)}</pre>
          <h2>Operate</h2>
          <pre>${OPERATE}</pre>
        </main>
        ${raw(`<script>${SCRIPT}</script>`)}
      </body>
    </html>
  `);
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
