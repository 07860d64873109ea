/**
 * Builds the client as a package: `deno task build:client`. Plain ESM with declarations and source
 * maps, in `dist/client`.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { projectPath } from "../../support/paths.ts";
import { flattenTypes } from "./flatten_types.ts";
import { installTools, requireTool, TOOLS } from "./tools.ts";

/** Most bytes of the bundle, gzipped. */
export const MAX_GZIPPED_BYTES = 10 * 1024;

/** The package's name. */
export const PACKAGE = "@telemetry/client";

const SOURCE = projectPath("protocol/client");

/** Entries of the package: the name of the built file, and its source. */
const ENTRIES = { client: "mod", file_outbox: "file_outbox" } as const;

/** The oldest platforms that run it: browsers of 2022, Node 20. */
const TARGET = "es2022";

/** What was built. */
export interface Built {
  /** Size of the bundle that pages load, gzipped, in bytes. */
  readonly gzippedBytes: number;
}

/**
 * Builds the package.
 *
 * @param folder Where to; made anew.
 * @throws {Error} When it is too large, or does not compile.
 */
export async function buildClient(folder: string): Promise<Built> {
  await installTools();
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${folder}/types`, { recursive: true });
  const { version, license } = JSON.parse(Deno.readTextFileSync(projectPath("deno.json")));
  await bundle(folder, version);
  declare(`${folder}/types`);
  Deno.writeTextFileSync(
    `${folder}/package.json`,
    `${JSON.stringify(manifest(version, license), undefined, 2)}\n`,
  );
  Deno.copyFileSync(projectPath("docs/websocket_client.md"), `${folder}/README.md`);
  Deno.copyFileSync(projectPath("LICENSE"), `${folder}/LICENSE`);
  const gzippedBytes = gzipSync(Deno.readFileSync(`${folder}/client.js`), { level: 9 }).length;
  if (gzippedBytes > MAX_GZIPPED_BYTES) {
    throw new Error(`client.js has ${gzippedBytes} bytes gzipped, at most ${MAX_GZIPPED_BYTES}`);
  }
  return { gzippedBytes };
}

async function bundle(folder: string, version: string): Promise<void> {
  const esbuild = requireTool("esbuild");
  const shared = {
    bundle: true,
    format: "esm",
    minify: true,
    target: TARGET,
    sourcemap: true,
    legalComments: "none",
    logLevel: "error",
    banner: { js: `/* ${PACKAGE} ${version} */` },
  };
  try {
    for (const [name, source] of Object.entries(ENTRIES)) {
      await esbuild.build({
        ...shared,
        entryPoints: [`${SOURCE}/${source}.ts`],
        outfile: `${folder}/${name}.js`,
        plugins: name === "client" ? [] : [SHARED_ENTRY],
        external: ["node:fs/promises"],
      });
    }
  } finally {
    await esbuild.stop();
  }
}

/** The second entry loads the first one: there is one class of errors. */
const SHARED_ENTRY = {
  name: "shared-entry",
  setup(build: { onResolve: (filter: { filter: RegExp }, resolve: () => unknown) => void }) {
    build.onResolve({ filter: /\/mod\.ts$/ }, () => ({ path: "./client.js", external: true }));
  },
};

function declare(folder: string): void {
  const ts = requireTool("typescript");
  const options = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    allowImportingTsExtensions: true,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    skipLibCheck: true,
    types: [],
    outDir: folder,
    rootDir: projectPath("protocol"),
    paths: { "zod": [`${TOOLS}node_modules/zod`] },
  };
  const files = Object.values(ENTRIES).map((name) => `${SOURCE}/${name}.ts`);
  const program = ts.createProgram(files, options);
  const wire = `${SOURCE}/wire_types.ts`;
  // The files outside are not part of the package; `node:fs` has no types here.
  const isOurs = (name: string) => name.startsWith(SOURCE) && !name.endsWith("file_outbox.ts");
  const faults = ts.getPreEmitDiagnostics(program).filter(
    ({ file }: { file?: { fileName: string } }) => file === undefined || isOurs(file.fileName),
  );
  if (faults.length > 0) {
    throw new Error(ts.formatDiagnostics(faults, {
      getCanonicalFileName: (name: string) => name,
      getCurrentDirectory: () => SOURCE,
      getNewLine: () => "\n",
    }));
  }
  const write = (name: string, text: string) => {
    const base = name.split("/").at(-1)!;
    if (!name.startsWith(`${folder}/client/`) || base === "wire_types.d.ts") return;
    Deno.writeTextFileSync(`${folder}/${base}`, text.replaceAll(/(from "\.\/\w+)\.ts"/g, '$1.js"'));
  };
  program.emit(undefined, write);
  Deno.writeTextFileSync(`${folder}/wire_types.d.ts`, flattenTypes(ts, program, wire));
}

function manifest(version: string, license: string): object {
  const entry = (name: string, types: string) => ({
    types: `./types/${types}.d.ts`,
    default: `./${name}.js`,
  });
  return {
    name: PACKAGE,
    version,
    license,
    description: "Client of the telemetry gateway: tables, logs and publishers that stay right.",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: {
      ".": entry("client", "mod"),
      "./file-outbox": entry("file_outbox", "file_outbox"),
      "./package.json": "./package.json",
    },
    types: "./types/mod.d.ts",
    files: ["*.js", "*.js.map", "types"],
  };
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? projectPath("dist/client");
  const { gzippedBytes } = await buildClient(folder);
  // deno-lint-ignore no-console -- a script talks to whoever runs it
  console.log(`${folder}: client.js has ${gzippedBytes} bytes gzipped`);
}
