import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import type { BuiltFile, BuiltPages } from "../../../routes/pages/built_pages.ts";
import { writeDocument } from "../../../routes/pages/build/document.ts";
import { addPages } from "../../../routes/pages/serve.ts";
import { withGateway } from "../../support/fake_gateway.ts";
import { gzipSync } from "node:zlib";

function builtFile(text: string, type: string): BuiltFile {
  return { type, gzip: gzipSync(text).toString("base64"), etag: `"${text.length}"` };
}

const PAGES: BuiltPages = {
  fingerprint: "f",
  document: writeDocument("app-ABC.js", "style-DEF.css"),
  assets: { "app-ABC.js": builtFile("let app;", "text/javascript; charset=utf-8") },
  client: builtFile("/* @telemetry/client 1.2.3 */", "text/javascript; charset=utf-8"),
};

function appWith(pages: BuiltPages | undefined): Hono {
  const app = new Hono();
  addPages(app, () => Promise.resolve(pages));
  return app;
}

/** The directives of a policy. */
function directivesOf(policy: string): Map<string, string> {
  return new Map(
    policy.split(";").map((directive) => {
      const [name = "", ...values] = directive.trim().split(/\s+/);
      return [name, values.join(" ")];
    }),
  );
}

const VIEWS = ["/", "/positions?filter=btc", "/alerts", "/market", "/market/BTCUSDT", "/tape"];

Deno.test("every view begins with the same document, which is asked for each time", async () => {
  for (const path of VIEWS) {
    const answer = await appWith(PAGES).request(path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("Content-Type")!, /^text\/html; charset=utf-8/i);
    assert.equal(answer.headers.get("Cache-Control"), "no-cache");
    assert.equal(await answer.text(), PAGES.document);
  }
});

Deno.test("the policy of the pages allows their own origin and nothing inline, and no page around them", async () => {
  const answer = await appWith(PAGES).request("/positions");
  const directives = directivesOf(answer.headers.get("Content-Security-Policy")!);
  assert.equal(directives.get("default-src"), "'none'");
  for (const name of ["script-src", "style-src", "connect-src"]) {
    assert.equal(directives.get(name), "'self'", name);
  }
  for (const name of ["base-uri", "form-action", "frame-ancestors"]) {
    assert.equal(directives.get(name), "'none'", name);
  }
  assert.equal(answer.headers.get("Referrer-Policy"), "no-referrer");
});

Deno.test("the document holds nothing inline, and loads nothing from elsewhere", () => {
  assert.match(PAGES.document, /^<!doctype html>/);
  assert.doesNotMatch(PAGES.document, /<style|<script(?![^>]* src=)/);
  assert.doesNotMatch(PAGES.document, / (?:style|on[a-z]+)=/);
  for (const [, address] of PAGES.document.matchAll(/(?:src|href)="([^"]*)"/g)) {
    assert.match(address!, /^(?:\/(?!\/)|data:)/);
  }
});

Deno.test("what has its hash in the name may be kept for ever", async () => {
  const answer = await appWith(PAGES).request("/assets/app-ABC.js");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
  assert.equal(answer.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  assert.equal(answer.headers.get("Content-Encoding"), null);
  assert.equal(await answer.text(), "let app;");
});

Deno.test("whoever takes gzip gets it, and the two are told apart by caches", async () => {
  const headers = { "Accept-Encoding": "gzip, br" };
  const answer = await appWith(PAGES).request("/assets/app-ABC.js", { headers });
  assert.equal(answer.headers.get("Content-Encoding"), "gzip");
  assert.equal(answer.headers.get("Vary"), "Accept-Encoding");
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(gunzipSync(bytes).toString(), "let app;");
});

Deno.test("an asset that is not there is not found, whatever objects have by nature", async () => {
  for (const name of ["app-OLD.js", "constructor", "__proto__", "%2e%2e%2fdeno.json"]) {
    const answer = await appWith(PAGES).request(`/assets/${name}`);
    assert.equal(answer.status, 404, name);
  }
});

Deno.test("the client is one module with its version, checked by its ETag", async () => {
  const answer = await appWith(PAGES).request("/client.js");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("Cache-Control"), "no-cache");
  assert.equal(await answer.text(), "/* @telemetry/client 1.2.3 */");
  const headers = { "If-None-Match": answer.headers.get("ETag")! };
  const again = await appWith(PAGES).request("/client.js", { headers });
  assert.equal(again.status, 304);
  assert.equal(await again.text(), "");
});

Deno.test("a gateway whose pages were not built says how to build them, and serves all else", async () => {
  const app = appWith(undefined);
  const page = await app.request("/");
  assert.equal(page.status, 503);
  assert.match(await page.text(), /deno task build:pages/);
  assert.equal((await app.request("/assets/app-ABC.js")).status, 404);
  assert.equal((await app.request("/client.js")).status, 404);
});

Deno.test("the pages are open, and nothing in the address is written into them", async () => {
  await withGateway({}, async (fake) => {
    const answer = await fake.request("/?x=<script>alert(1)</script>", {}, null);
    assert.ok([200, 503].includes(answer.status), "built or not");
    assert.equal(answer.headers.get("X-Content-Type-Options"), "nosniff");
    assert.doesNotMatch(await answer.text(), /alert\(1\)/);
  });
});
