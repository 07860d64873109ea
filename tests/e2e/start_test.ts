/**
 * A gateway that cannot start says why in one readable line, and ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runtimeFaults } from "../../routes/cli/runtime_faults.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { V1Client } from "../support/v1_client.ts";

/** The lines of an output without the blank ones. */
const linesOf = (output: string) => output.split("\n").filter((line) => line.trim() !== "");

const bad: Record<string, [{ env?: Record<string, string>; flags?: string[] }, RegExp]> = {
  "a port that is no number": [{ env: { TELEMETRY_PORT: "http" } }, /TELEMETRY_PORT|port/],
  "a number out of bounds": [
    { env: { TELEMETRY_REPLAY_LIMIT: "0" } },
    /TELEMETRY_REPLAY_LIMIT|replayLimit|replay-limit/,
  ],
  "an unknown variable": [{ env: { TELEMETRY_REPLAY_LIMITS: "5" } }, /TELEMETRY_REPLAY_LIMITS/],
  "an unknown flag": [{ flags: ["--colour"] }, /--colour/],
  "a configuration file that is not there": [
    { flags: ["--config", "nowhere.json"] },
    /nowhere\.json/,
  ],
};

for (const [name, [options, names]] of Object.entries(bad)) {
  Deno.test(`${name} stops the start with one line that names it`, async () => {
    const { code, output } = await GatewayProcess.startAndEnd(options);
    assert.notEqual(code, 0);
    const lines = linesOf(output);
    assert.equal(lines.length, 1, output);
    assert.match(lines[0]!, names);
  });
}

Deno.test("variables that Kubernetes sets for a Service are ignored with one line that names them", async () => {
  const env = {
    TELEMETRY_PORT: "tcp://10.96.0.7:8080",
    TELEMETRY_PORT_8080_TCP: "tcp://10.96.0.7:8080",
    TELEMETRY_GATEWAY_SERVICE_HOST: "10.96.0.7",
  };
  const flags = ["--port", "0"];
  await using gateway = await GatewayProcess.start({ env, flags });
  const lines = gateway.logs.filter(({ message }) => message === "environment variables ignored");
  assert.equal(lines.length, 1);
  assert.equal(lines[0]!["level"], "WARNING");
  const { names } = lines[0]!["properties"] as { names: string };
  assert.deepEqual(names.split(", "), Object.keys(env).sort());
});

Deno.test("the gateway starts on any Deno, with one warning if its version has known faults", async () => {
  await using gateway = await GatewayProcess.start();
  const warnings = gateway.logs.filter(({ message }) => /version of Deno/.test(String(message)));
  assert.equal(warnings.length, runtimeFaults(Deno.version.deno).length > 0 ? 1 : 0);
});

Deno.test("off loopback a gateway without a key refuses to start, and says why", async () => {
  const env = { TELEMETRY_HOST: "0.0.0.0" };
  const { code, output } = await GatewayProcess.startAndEnd({ apiKey: null, env });
  assert.notEqual(code, 0);
  assert.equal(linesOf(output).length, 1, output);
  assert.match(output, /key/i);
});

Deno.test("a port that is taken stops the start with one line that names it", async () => {
  await using gateway = await GatewayProcess.start();
  const { code, output } = await GatewayProcess.startAndEnd({ port: gateway.port });
  assert.notEqual(code, 0);
  assert.match(output, new RegExp(String(gateway.port)));
  assert.ok(linesOf(output).every((line) => !/^\s+at /.test(line)), output);
  await using client = await V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
  await client.heartbeat();
});

Deno.test("on loopback without a key a development key is made and printed once", async () => {
  await using gateway = await GatewayProcess.start({ apiKey: null });
  const words = gateway.output.text.split(/[\s"':,]+/).filter((word) => word.length >= 16);
  const accepted: string[] = [];
  for (const apiKey of new Set(words)) {
    try {
      await using client = await V1Client.connect(gateway.wsUrl, { apiKey });
      await client.heartbeat();
      accepted.push(apiKey);
    } catch {
      // not the key
    }
  }
  assert.equal(accepted.length, 1, gateway.output.text);
  assert.equal(words.filter((word) => word === accepted[0]).length, 1, "printed once");
});
