/**
 * `deno task start` as people run it: paths from the environment, with a space in the name of the
 * data directory, and the facts of the machine from the helper.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { loadPage } from "../support/page_bundle.ts";
import { projectPath } from "../support/paths.ts";
import { ProcessOutput } from "../support/process_output.ts";
import { TempDir } from "../support/store_fixture.ts";
import { waitUntil, within } from "../support/wait.ts";

Deno.test("deno task start serves its pages, from a data directory with a space in its name, and knows the boot", async () => {
  using root = new TempDir();
  const [dataDir, config] = [`${root.path}/my data`, `${root.path}/my config.json`];
  await Deno.writeTextFile(config, '{"server": {"drainSeconds": 1}}');
  const task = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start", "--port", "0", "--log-format", "json"],
    cwd: projectPath("."),
    env: {
      NO_COLOR: "1",
      TELEMETRY_API_KEY: "k",
      TELEMETRY_CONFIG: config,
      TELEMETRY_DATA_DIR: dataDir,
      TELEMETRY_BOOT_ID: "",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = new ProcessOutput(task);
  let ended = false;
  task.status.then(() => ended = true);
  try {
    const listens = () => ended || /"listening"/.test(output.text);
    await waitUntil("the gateway listens", listens, Boolean, { withinMs: 30_000 });
    assert.match(output.text, /"listening"/);
    const { url } = JSON.parse(/^.*"listening".*$/m.exec(output.text)![0]).properties;
    assert.equal((await loadPage(url)).length, 2, "a script and a style");
  } finally {
    if (!ended) task.kill("SIGTERM");
  }
  const { code } = await within("the task ends", task.status, 20_000);
  await output.ended;
  assert.equal(code, 0, output.text);
  const db = new DatabaseSync(`${dataDir}/${STORE_FILE}`);
  const session = db.prepare("SELECT boot_id FROM session").get() as { boot_id: string };
  db.close();
  if (Deno.build.os !== "linux") return;
  assert.equal(session.boot_id, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
});
