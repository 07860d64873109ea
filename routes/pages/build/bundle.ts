/**
 * Bundles the pages and the client.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import type { BuiltFile, BuiltPages } from "../built_pages.ts";
import { writeDocument } from "./document.ts";
import { resolvePackages } from "./resolve_packages.ts";

/** The oldest platforms that run the pages and the client: browsers of 2022, Node 20. */
const TARGET = "es2022";

/** The licences of what is in the bundles ask for it. */
const NOTICE = "/* With preact and @preact/signals (MIT, (c) Preact authors) */";

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** What goes into every bundle. */
const SHARED = {
  bundle: true,
  format: "esm",
  minify: true,
  target: TARGET,
  legalComments: "none",
  logLevel: "error",
  write: false,
} as const;

/**
 * Builds the pages and the client.
 *
 * @param root The project's folder.
 * @param fingerprint The hash of the sources.
 * @throws {Error} When a source has a fault.
 */
export async function bundle(root: string, fingerprint: string): Promise<BuiltPages> {
  try {
    const [pages, client] = await Promise.all([bundlePages(root), bundleClient(root)]);
    return { fingerprint, ...pages, client };
  } finally {
    await esbuild.stop();
  }
}

async function bundlePages(root: string): Promise<Pick<BuiltPages, "document" | "assets">> {
  const folder = `${root}/routes/pages`;
  const { outputFiles } = await esbuild.build({
    ...SHARED,
    entryPoints: { app: `${folder}/app/main.tsx`, style: `${folder}/styles/main.css` },
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    outdir: "/",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: NOTICE },
    plugins: [resolvePackages],
  });
  const assets = Object.fromEntries(
    outputFiles.map(({ path, contents }) => {
      const name = path.replace(/^.*\//, "");
      return [name, builtFile(contents, TYPES[name.replace(/^.*\./, "")]!)];
    }),
  );
  const nameOf = (entry: string) => Object.keys(assets).find((name) => name.startsWith(entry))!;
  return { assets, document: writeDocument(nameOf("app-"), nameOf("style-")) };
}

/** The client as one module, with its version on the first line. */
async function bundleClient(root: string): Promise<BuiltFile> {
  const { version } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const { outputFiles } = await esbuild.build({
    ...SHARED,
    entryPoints: [`${root}/protocol/client/mod.ts`],
    banner: { js: `/* @telemetry/client ${version} */` },
  });
  return builtFile(outputFiles[0]!.contents, TYPES["js"]!);
}

function builtFile(contents: Uint8Array, type: string): BuiltFile {
  const hash = createHash("sha256").update(contents).digest("base64url").slice(0, 22);
  const gzip = gzipSync(contents, { level: 9 }).toString("base64");
  return { type, gzip, etag: `"${hash}"` };
}
