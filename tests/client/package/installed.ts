/**
 * The package as users have it: built, packed, and installed in a project of its own.
 *
 * @module
 */
import { TempDir } from "../../support/store_fixture.ts";
import { installTools, run, TOOLS } from "./tools.ts";

/**
 * The arguments of Deno that build. The compiler is CommonJS, which older versions ask to be told;
 * they also refuse the manifest of the tools, which is not a member of the workspace.
 */
const BUILD = [
  "run",
  "-A",
  "--no-lock",
  "--no-config",
  "--unstable-detect-cjs",
  `${TOOLS}build.ts`,
];

/** A project that installed the package, with `ws` beside it. */
export class InstalledPackage implements Disposable {
  /** Where it was built. */
  readonly source: string;
  /** The project. */
  readonly project: string;
  /** The files of the packed package. */
  readonly files: readonly string[];
  readonly #directory: TempDir;

  private constructor(directory: TempDir, files: readonly string[]) {
    this.#directory = directory;
    this.files = files;
    this.source = `${directory.path}/client`;
    this.project = `${directory.path}/project`;
  }

  /** Builds, packs and installs; the registry is not asked. */
  static async make(): Promise<InstalledPackage> {
    const directory = new TempDir();
    try {
      await run(Deno.execPath(), [...BUILD, `${directory.path}/client`], TOOLS);
      const packed = await run(
        "npm",
        ["pack", "--json", "./client"],
        directory.path,
      );
      const [{ filename, files }] = JSON.parse(packed);
      const project = `${directory.path}/project`;
      Deno.mkdirSync(`${project}/node_modules`, { recursive: true });
      Deno.writeTextFileSync(
        `${project}/package.json`,
        '{"private": true, "type": "module"}\n',
      );
      await run(
        "npm",
        ["install", "--offline", "--no-save", `../${filename}`],
        project,
      );
      Deno.symlinkSync(`${TOOLS}node_modules/ws`, `${project}/node_modules/ws`);
      const paths = files.map(({ path }: { path: string }) => path);
      return new InstalledPackage(directory, paths);
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
  }

  /** Writes a file of the project. @returns Its path. */
  write(name: string, text: string): string {
    const path = `${this.project}/${name}`;
    Deno.writeTextFileSync(path, text);
    return path;
  }

  /** Removes everything. */
  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

/** Why the package cannot be built on this machine; `undefined` when it can. */
export async function buildMissing(): Promise<string | undefined> {
  try {
    await installTools();
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}
