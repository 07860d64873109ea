/**
 * Another process that tries to open a store, for tests of the lock: within one process SQLite knows
 * its own connections, and would say nothing about what others may do.
 *
 * @module
 */
import { fromFileUrl } from "./paths.ts";

/** Opens the database, writes to it, and prints what came of it. */
const SCRIPT = `
  import { DatabaseSync } from "node:sqlite";
  try {
    const db = new DatabaseSync(Deno.args[0]);
    db.exec("PRAGMA busy_timeout = 0; CREATE TABLE intruder (x)");
    console.log("opened");
  } catch (error) {
    console.log(error.message);
  }
`;

/** What another process meets that opens and writes a database: `database is locked`, or `opened`. */
export async function openElsewhere(path: string): Promise<string> {
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, SCRIPT);
  try {
    const args = ["run", "-A", "--no-check", "--config", config, script, path];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(script);
  }
}
