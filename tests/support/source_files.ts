/**
 * Finds the project's own source files.
 *
 * @module
 */

/** The folders that hold what ships, `main.ts` aside. */
export const SOURCE_FOLDERS = ["actors", "protocol", "routes"] as const;

/**
 * Every `.ts` and `.tsx` file of ours below the folders, with `/` between the parts, in alphabetical order.
 */
export function sourceFiles(folders: readonly string[]): string[] {
  return folders.flatMap(filesBelow).sort();
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.name === "node_modules") return [];
    if (entry.isDirectory) return filesBelow(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
