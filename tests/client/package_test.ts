/**
 * The package: built, packed, installed, type-checked, and run as its guide shows on every platform
 * that this machine has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { marketData, position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { MarkdownDocument } from "../support/markdown.ts";
import { ProcessOutput } from "../support/process_output.ts";
import { waitUntil } from "../support/wait.ts";
import { projectPath } from "../support/paths.ts";
import { playAll } from "./conformance/runner.ts";
import { SCENARIOS } from "./conformance/scenarios/mod.ts";
import { MAX_GZIPPED_BYTES } from "./package/build.ts";
import { buildMissing, InstalledPackage } from "./package/installed.ts";
import { run, TOOLS } from "./package/tools.ts";
import { inChromium } from "./package/page.ts";

const GUIDE = new MarkdownDocument("docs/websocket_client.md");
const KEY = "package-test-key";
const missing = await buildMissing();
const skipped = missing === undefined ? "" : `: skipped, ${missing}`;

/** Whether a program is there. */
function hasProgram(name: string): boolean {
  const { success } = new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null" })
    .outputSync();
  return success;
}

/** Everything in TypeScript that a user would write, and what must not compile. */
const TYPED = `
import { connect, Gap, publisher, TelemetryError } from "@telemetry/client";
import type { ChannelData, ConnectionState, Table } from "@telemetry/client";

const gateway = connect({ url: "wss://gateway.example", ticket: () => Promise.resolve("t") });
const positions: Table<"positions"> = gateway.table("positions", { filter: { symbols: ["A"] } });
const action: "LONG" | "SHORT" | undefined = positions.get("p")?.action;
for (const [id, { quantity, stopLossPrice }] of positions) {
  const texts: [string, string, string | undefined] = [id, quantity, stopLossPrice];
  console.log(texts);
}
const uptime: string | undefined = gateway.table("trader-status").get("t")?.metrics?.uptime;
for await (const { data, place } of gateway.log("risk-alerts")) {
  const by: string | undefined = data.acknowledgedBy;
  const kinds: ("BUDGET" | "LEVERAGE" | "EXPOSURE" | "DAILY_LOSS" | "STOP_LOSS" | "EMERGENCY"
    | "UNKNOWN")[] = data.violations.map(({ type }) => type);
  console.log(by, kinds, place.seq, action, uptime);
}
const state: ConnectionState = gateway.state;
if (state.status === "waiting") console.log(state.retryAt, state.why instanceof TelemetryError);
const price: ChannelData["market-data"] | undefined = gateway.table("market-data").get("BTCUSDT");
console.log(price?.timestamp, Gap);
publisher({ url: "wss://gateway.example" }).publish({
  channel: "market-data",
  data: { symbol: "A", price: "1", source: "s", isSnapshot: false },
});
connect({ url: "", WebSocket });
/** As the package ws declares its class. */
declare class NodeSocket {
  onmessage: ((event: { data: string | ArrayBuffer; type: string; target: NodeSocket }) => void) | null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean; type: string }) => void) | null;
  onerror: ((event: { error: unknown; message: string; type: string }) => void) | null;
  constructor(address: string | URL, protocols?: string | string[], options?: object);
  send(data: string | ArrayBuffer, callback?: (error?: Error) => void): void;
  close(code?: number, data?: string | ArrayBuffer): void;
}
connect({ url: "", WebSocket: NodeSocket });
// @ts-expect-error no such channel
gateway.table("weather");
// @ts-expect-error no such field
positions.get("p")?.color;
// @ts-expect-error a table is read-only
positions.set("p", {});
// @ts-expect-error a price is a decimal in a string
publisher({ url: "" }).publish({ channel: "market-data", data: { symbol: "A", price: 1, source: "s", isSnapshot: false } });
`;

Deno.test({
  name: `the package is installed and used as its guide says${skipped}`,
  ignore: missing !== undefined,
  async fn(t) {
    using installed = await InstalledPackage.make();
    await using gateway = await GatewayProcess.start({ apiKey: KEY });
    const api = new HttpApi(gateway);
    const env = { GATEWAY: gateway.url, TELEMETRY_API_KEY: KEY };

    /** Runs an example until it has printed something. */
    const expectOutput = async (program: string, args: string[], text: RegExp) => {
      const command = new Deno.Command(program, {
        args,
        cwd: installed.project,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      const child = command.spawn();
      const output = new ProcessOutput(child);
      try {
        const holds = (printed: string) => text.test(printed);
        await waitUntil(`${program} prints ${text}`, () => output.text, holds, {
          withinMs: 20_000,
        });
      } finally {
        child.kill("SIGKILL");
        await Promise.all([child.status, output.ended]);
      }
    };

    await t.step("its bundle is small, and its files are code, maps and types alone", () => {
      const code = Deno.readFileSync(`${installed.source}/client.js`);
      assert.ok(gzipSync(code, { level: 9 }).length <= MAX_GZIPPED_BYTES);
      const kinds =
        /^(?:client|file_outbox)\.js(?:\.map)?$|^types\/\w+\.d\.ts$|^(?:package\.json|README\.md|LICENSE)$/;
      assert.deepEqual(installed.files.filter((path) => !kinds.test(path)), []);
      const types = installed.files.filter((path) => path.startsWith("types/"));
      for (const path of types) {
        const text = Deno.readTextFileSync(`${installed.source}/${path}`);
        assert.doesNotMatch(text, /zod|\.ts"/, path);
      }
    });

    await t.step("tsc --strict takes a project that uses it, and finds wrong uses", async () => {
      installed.write("typed.ts", TYPED);
      for (const resolution of ["bundler", "nodenext"]) {
        const compilerOptions = {
          strict: true,
          noEmit: true,
          target: "es2022",
          module: resolution === "bundler" ? "esnext" : resolution,
          moduleResolution: resolution,
          lib: ["esnext", "dom", "dom.iterable"],
          types: [],
        };
        const project = { compilerOptions, files: ["typed.ts"] };
        installed.write("tsconfig.json", JSON.stringify(project));
        const compiler = `${TOOLS}node_modules/typescript/bin/tsc`;
        const args = ["run", "-A", "--no-config", "--unstable-detect-cjs", compiler];
        await run(Deno.execPath(), args, installed.project);
      }
    });

    await api.publish([marketData("BTCUSDT", "9750.25"), position("pos-1")]);

    await t.step({
      name: "the example for Node follows a table",
      ignore: !hasProgram("node"),
      async fn() {
        const path = installed.write("example.mjs", GUIDE.code("js")[0]!);
        await expectOutput("node", [path], /^BTCUSDT 9750\.25$/m);
      },
    });

    await t.step({
      name: "on Node, with ws, it does what is right about every planted fault",
      ignore: !hasProgram("node"),
      async fn() {
        const source = Deno.readTextFileSync(projectPath("tests/client/conformance/our_client.ts"))
          .replace("../../../protocol/client/mod.ts", "@telemetry/client")
          .replaceAll(/Deno\.env\.get\("(\w+)"\)/g, "process.env.$1")
          .replace('clientId: "tested",', "WebSocket, $&");
        const path = installed.write("tested.mjs", `import WebSocket from "ws";\n${source}`);
        const wrong: string[] = [];
        await playAll(SCENARIOS, ["node", path], 8, ({ fault }, verdict) => {
          if (verdict !== undefined) wrong.push(`${fault}: ${verdict}`);
        });
        assert.deepEqual(wrong, []);
      },
    });

    const exampleWith = (call: string) => GUIDE.code("ts").find((code) => code.includes(call))!;
    const [log, publishing] = [exampleWith(".log("), exampleWith("publisher(")];

    await t.step("the example for Deno follows a log", async () => {
      const path = installed.write("log.ts", log);
      const publishes = setInterval(() => api.publish(riskAlert("alert-1")), 200);
      try {
        await expectOutput(Deno.execPath(), ["run", "-A", path], /WARNING daily loss at 80 %/);
      } finally {
        clearInterval(publishes);
      }
    });

    await t.step("the example of a publisher publishes, and ends by itself", async () => {
      const path = installed.write("publish.ts", publishing);
      const { "market-data": before } = await api.heads();
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", path],
        cwd: installed.project,
        env,
      });
      const { success, stderr } = await command.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      assert.equal((await api.heads())["market-data"], before! + 1);
    });

    await t.step({
      name: "the example for a page shows a table in Chromium",
      ignore: !hasProgram("chromium"),
      async fn() {
        const [html] = GUIDE.code("html");
        const shown = await inChromium(installed, html!, KEY, "pos-1");
        assert.match(shown, /live, fresh/);
        assert.match(shown, /pos-1 BTCUSDT 2\.125/);
      },
    });
  },
});
