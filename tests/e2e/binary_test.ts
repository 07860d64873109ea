/**
 * The single binary, built and run from an empty directory: what a service manager starts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { buildBinary, occurrences, prepareCompiler } from "../support/binary.ts";
import { riskAlert } from "../support/events.ts";
import { type GatewayOptions, GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { loadPage } from "../support/page_bundle.ts";
import { projectPath } from "../support/paths.ts";
import { ProcessOutput } from "../support/process_output.ts";
import { TempDir } from "../support/store_fixture.ts";
import { V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const compiler = prepareCompiler();
const skipped = "missing" in compiler ? ` (skipped: ${compiler.missing})` : "";

const BUILD = { TELEMETRY_DATA_DIR: "/data-of-the-build", TELEMETRY_BOOT_ID: "boot-of-the-build" };

/** Runs a command of the binary to its end. */
async function run(binary: string, args: readonly string[], cwd: string) {
  const command = new Deno.Command(binary, { args: [...args], cwd, clearEnv: true });
  const { code, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test({
  name: `one binary serves, tails, restarts, and knows the boot of its machine${skipped}`,
  ignore: skipped !== "",
  async fn(t) {
    assert.ok("env" in compiler);
    using root = new TempDir();
    const binary = `${root.path}/telemetry-gateway`;
    const empty = `${root.path}/empty`;
    Deno.mkdirSync(empty);
    await buildBinary(compiler.env, binary, BUILD);

    await t.step("nothing of the build machine is in it", async () => {
      assert.ok(await occurrences(binary, "TELEMETRY_DATA_DIR") > 0, "the sources are in it");
      for (const text of [projectPath("."), ...Object.values(BUILD)]) {
        assert.equal(await occurrences(binary, text), 0, text);
      }
    });

    await t.step("every command has its help", async () => {
      for (const name of ["serve", "tail", "tape", "config", "backup", "epoch"]) {
        const { code, out } = await run(binary, [name, "--help"], empty);
        assert.equal(code, 0, name);
        assert.ok(out.startsWith(`Usage: telemetry-gateway ${name}`), out);
      }
      assert.deepEqual([...Deno.readDirSync(empty)], [], "help writes nothing");
    });

    // Given at run time alone, with a space in its name.
    const dataDir = `${root.path}/my data`;
    const start = (options: GatewayOptions = {}) =>
      GatewayProcess.start({
        binary,
        ...options,
        env: { TELEMETRY_STORE: "sqlite", TELEMETRY_DATA_DIR: "", ...options.env },
        flags: ["serve", "--data-dir", dataDir, ...options.flags ?? []],
      });
    const publish = async (gateway: GatewayProcess, id: string): Promise<Json> =>
      (await new HttpApi(gateway).publish(riskAlert(id))).last["risk-alerts"];

    await t.step("the pages and the client are in it", async () => {
      await using gateway = await start();
      assert.equal((await loadPage(gateway.url)).length, 2, "a script and a style");
      const client = await (await fetch(`${gateway.url}/client.js`)).text();
      assert.match(client, /^\/\* @telemetry\/client \d/);
      assert.equal((await gateway.stop("SIGTERM")).code, 0);
    });

    let first: Json = {};
    await t.step("it serves, tail shows what is published, and tape publishes", async () => {
      await using gateway = await start();
      first = await publish(gateway, "1");
      assert.equal(first.seq, 1);
      const tail = new Deno.Command(binary, {
        args: ["tail", "risk-alerts", "--replay", "--url", gateway.url],
        cwd: empty,
        clearEnv: true,
        env: { TELEMETRY_API_KEY: gateway.apiKey },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const shown = new ProcessOutput(tail);
      const replayed = () => / replay risk-alerts #1 /.test(shown.text);
      await waitUntil("tail shows the replay", replayed, Boolean, { withinMs: 10_000 });
      assert.equal((await publish(gateway, "2")).seq, 2);
      const live = () => / risk-alerts #2 /.test(shown.text);
      await waitUntil("tail shows the event", live, Boolean, { withinMs: 10_000 });
      const tape = `${root.path}/tape.csv`;
      Deno.writeTextFileSync(
        tape,
        'timestamp,symbol,price,source\n2026-01-01,BTC,1.5,"a, b"\n',
      );
      Deno.writeTextFileSync(`${root.path}/key`, gateway.apiKey);
      const args = ["tape", tape, "--url", gateway.url, "--api-key-file", `${root.path}/key`];
      const played = await run(binary, args, empty);
      assert.equal(played.code, 0, played.err);
      assert.match(played.out, /^played 1 rows .*, 1 stored/);
      assert.equal((await gateway.stop("SIGTERM")).code, 0);
      assert.equal((await tail.status).code, 69);
      await shown.ended;
      assert.match(shown.text, /error: connection closed: 1001/);
    });

    await t.step("a restart goes on, and so does one after kill -9, within the epoch", async () => {
      {
        await using gateway = await start();
        assert.deepEqual(await publish(gateway, "3"), { epoch: first.epoch, seq: 3 });
        await gateway.stop("SIGKILL");
      }
      await using gateway = await start();
      assert.deepEqual(await publish(gateway, "4"), { epoch: first.epoch, seq: 4 });
      assert.equal((await gateway.stop()).code, 0);
      const db = new DatabaseSync(`${dataDir}/${STORE_FILE}`);
      const session = db.prepare("SELECT boot_id FROM session").get() as { boot_id: string };
      db.close();
      const bootId = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
      assert.equal(session.boot_id, bootId);
    });

    await t.step("a taken port and a second instance are refused with one line each", async () => {
      await using gateway = await start();
      const env = { TELEMETRY_STORE: "sqlite", TELEMETRY_DATA_DIR: "" };
      const refused = async (flags: string[], port: number, says: RegExp) => {
        const options = { binary, env, port, flags: ["serve", "--data-dir", ...flags] };
        const { code, output } = await GatewayProcess.startAndEnd(options);
        const lines = output.trim().split("\n").filter((line) => !line.startsWith("{"));
        assert.deepEqual([code, lines.length], [1, 1], output);
        assert.match(lines[0]!, says);
      };
      const other = `${root.path}/other`;
      await refused(
        [other],
        gateway.port,
        /^error: 127\.0\.0\.1:\d+ is in use by another program;/,
      );
      await refused([dataDir], 0, /^error: .*telemetry\.db is in use by another process; stop it/);
      assert.deepEqual(await publish(gateway, "5"), { epoch: first.epoch, seq: 5 });
      assert.equal((await gateway.stop()).code, 0);
    });

    await t.step("a stopped store is copied, and the copy gets an epoch of its own", async () => {
      const copy = `${root.path}/copy`;
      Deno.mkdirSync(copy);
      const file = `${copy}/${STORE_FILE}`;
      // Nothing listens on port 1.
      const env = { TELEMETRY_PORT: "1" };
      const command = new Deno.Command(binary, {
        args: ["backup", file, "--data-dir", dataDir],
        cwd: empty,
        clearEnv: true,
        env,
      });
      assert.equal((await command.output()).code, 0);
      const rotated = await run(binary, ["epoch", "rotate", "--data-dir", copy], empty);
      assert.equal(rotated.code, 0, rotated.err);
      assert.match(rotated.out, /^risk-alerts: epoch \w+, numbers go on after 5$/m);
      assert.ok(!rotated.out.includes(first.epoch));
    });

    await t.step("it knows its descriptor limit, and takes 80 % of it as connections", async () => {
      await using gateway = await start({ descriptors: 200 });
      const clients: V1Client[] = [];
      try {
        const connect = () => V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
        for (let count = 0; count < 160; count++) clients.push(await connect());
        await assert.rejects(connect());
      } finally {
        for (const client of clients) await client[Symbol.asyncDispose]();
      }
      assert.equal((await gateway.stop()).code, 0);
    });
  },
});
