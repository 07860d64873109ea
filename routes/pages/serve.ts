/**
 * Serves the pages, their scripts and styles, and the client for pages of others.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { type BuiltFile, type BuiltPages, loadPages } from "./built_pages.ts";
import { ASSETS_PATH, CLIENT_PATH, VIEW_PATHS } from "./paths.ts";

/** What the pages may load, and from where: their own origin, and nothing inline. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Hardens the pages: no scripts but theirs, and no page around them. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("Content-Security-Policy", POLICY);
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cross-Origin-Opener-Policy", "same-origin");
};

/** The name holds a hash of the contents: what has it never changes. */
const FOREVER = "public, max-age=31536000, immutable";

/** Seen when the gateway was started without the task that builds the pages. */
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Telemetry</title>
<h1>The gateway runs, its pages are not built</h1>
<p>Run <code>deno task build:pages</code> and start it again, or start it with
<code>deno task start</code>, which builds them.</p>
</html>`;

/**
 * Adds the pages.
 *
 * @param load Where the built pages come from; what the build has written when absent.
 */
// deno-lint-ignore no-explicit-any -- what the rest of the app keeps in its context is not used here
export function addPages(app: Hono<any>, load: () => Promise<BuiltPages | undefined> = loadPages) {
  for (const path of [...Object.values(VIEW_PATHS), `${VIEW_PATHS.market}/:symbol`]) {
    app.get(path, securityHeaders, async (c) => {
      c.header("Cache-Control", "no-cache");
      const pages = await load();
      return pages === undefined ? c.html(NOT_BUILT, 503) : c.html(pages.document);
    });
  }
  app.get(`${ASSETS_PATH}/:name`, async (c, next) => {
    const assets = (await load())?.assets ?? {};
    const name = c.req.param("name");
    return Object.hasOwn(assets, name) ? serveFile(c, assets[name]!, FOREVER) : next();
  });
  app.get(CLIENT_PATH, async (c, next) => {
    const pages = await load();
    return pages === undefined ? next() : serveFile(c, pages.client, "no-cache");
  });
}

function serveFile(c: Context, { type, gzip, etag }: BuiltFile, caching: string): Response {
  c.header("Cache-Control", caching);
  c.header("ETag", etag);
  c.header("Vary", "Accept-Encoding");
  if (c.req.header("If-None-Match")?.includes(etag)) return c.body(null, 304);
  c.header("Content-Type", type);
  const bytes = Buffer.from(gzip, "base64");
  if (!/\bgzip\b/.test(c.req.header("Accept-Encoding") ?? "")) {
    return c.body(new Uint8Array(gunzipSync(bytes)));
  }
  c.header("Content-Encoding", "gzip");
  return c.body(bytes);
}
