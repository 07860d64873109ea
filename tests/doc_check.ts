// deno-lint-ignore-file no-console -- a script; its output is what it is for
/**
 * Fails when an exported symbol has no documentation: `deno task doc`.
 *
 * `deno doc --lint` also asks for explicit types that zod infers; only what it says of missing
 * documentation of what a module exports counts here. Members are documented where their name and
 * type do not say it all.
 *
 * @module
 */
import { SOURCE_FOLDERS, sourceFiles } from "./support/source_files.ts";

/** One symbol without documentation. */
export interface MissingDoc {
  /** File, line and column. */
  readonly place: string;
  /** The line of code. */
  readonly code: string;
}

const FINDING = /^error\[missing-jsdoc\]/;
const PLACE = /^\s*-->\s*(.+)$/;
/** The declaration of something that a module exports: what its members are, their names say. */
const DECLARATION =
  /^(export|(async\s+)?function|(abstract\s+)?class|interface|type|const|let|enum|namespace)[\s*]+[\w${]/;
const CODE = /^\s*\d+ \| (.*)$/;

/**
 * Reads the findings of `deno doc --lint` that are about missing documentation.
 *
 * @param root The project's folder: what lies outside, such as a dependency, is not ours to document.
 */
export function missingDocs(output: string, root: string): MissingDoc[] {
  const lines = output.split("\n");
  return lines.flatMap((line, index) => {
    if (!FINDING.test(line)) return [];
    // The code is framed by a few lines: the place, an empty one, the line before.
    const frame = lines.slice(index + 1, index + 8);
    const place = frame.map((text) => PLACE.exec(text)?.[1]).find(Boolean) ?? "";
    if (!place.startsWith(`${root}/`)) return [];
    const code = frame.map((text) => CODE.exec(text)?.[1]).find((text) => text?.trim()) ?? "";
    if (!DECLARATION.test(code.trim())) return [];
    return [{ place: place.slice(root.length + 1), code: code.trim() }];
  });
}

if (import.meta.main) {
  const files = ["main.ts", ...sourceFiles(SOURCE_FOLDERS)];
  const command = new Deno.Command("deno", {
    args: ["doc", "--lint", ...files],
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  });
  const { stderr, success } = await command.output();
  const text = new TextDecoder().decode(stderr);
  const missing = missingDocs(text, Deno.cwd());
  // Without a single finding of any kind a failure means that nothing was checked.
  if (!success && !/^error\[[a-z-]+\]/m.test(text)) {
    console.error(`deno doc --lint did not run:\n${text}`);
    Deno.exit(2);
  }
  for (const { place, code } of missing) console.error(`${place}\n    ${code}`);
  if (missing.length > 0) {
    console.error(`\n${missing.length} exported symbols lack a /** comment */.`);
    Deno.exit(1);
  }
  console.log(`doc check: every exported symbol of ${files.length} files is documented.`);
}
