/**
 * The gateway as one binary, built with the task that people use and the runtime that is prepared
 * for tests: `deno compile` downloads it otherwise.
 *
 * @module
 */
import { buildPages } from "../../routes/pages/build/main.ts";
import { fileExists, projectPath } from "./paths.ts";

/** Prepares a `deno` and the runtime that belongs to it; it is not part of the project. */
const TOOL = projectPath("../shared/tools/denort.sh");

/** What the tool prepared, as environment variables; or why it did not. */
export type Compiler = { readonly env: Readonly<Record<string, string>> } | {
  readonly missing: string;
};

/** Prepares the compiler. The first time it fetches it from npm, which may take a minute. */
export function prepareCompiler(): Compiler {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    return { missing: "the prepared runtime is for Linux on x86_64" };
  }
  if (!fileExists(TOOL)) return { missing: "../shared/tools has no denort.sh" };
  const { code, stdout, stderr } = new Deno.Command("bash", { args: [TOOL] }).outputSync();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code !== 0) return { missing: `denort.sh failed: ${decode(stderr).trim().slice(-200)}` };
  const assignments = decode(stdout).matchAll(/(\w+)=(\S+)/g);
  return { env: Object.fromEntries([...assignments].map(([, name, value]) => [name, value])) };
}

/**
 * Builds the binary as `deno task compile` does.
 *
 * @param env Variables of the build besides those of the tests.
 */
export async function buildBinary(
  compiler: Readonly<Record<string, string>>,
  output: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { tasks } = JSON.parse(await Deno.readTextFile(projectPath("deno.json")));
  const [build, compile] = (tasks.compile.command as string).split(" && ");
  if (build !== "deno task build:pages") throw new Error("deno task compile builds no pages");
  await buildPages();
  const [program, ...words] = compile!.split(" ");
  if (program !== "deno") throw new Error("deno task compile is no call of deno");
  const args = words.map((word) => word.startsWith("dist/") ? output : word);
  const { success, stderr } = await new Deno.Command(compiler["DENO"]!, {
    args: [args[0]!, "--quiet", ...args.slice(1)],
    cwd: projectPath("."),
    env: { NO_COLOR: "1", ...compiler, ...env },
  }).output();
  if (!success) throw new Error(`the build failed: ${new TextDecoder().decode(stderr)}`);
}

/** How often a text stands in a file. */
export async function occurrences(path: string, text: string): Promise<number> {
  const { stdout } = await new Deno.Command("grep", { args: ["-a", "-c", "-F", text, path] })
    .output();
  return Number(new TextDecoder().decode(stdout));
}
