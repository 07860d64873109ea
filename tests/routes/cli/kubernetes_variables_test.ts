import assert from "node:assert/strict";
import { Config } from "../../../protocol/config.ts";
import { CONFIG_OPTIONS } from "../../../protocol/config/options.ts";
import { isServiceVariable } from "../../../routes/cli/kubernetes_variables.ts";
import { EXIT } from "../../../routes/cli/exit_codes.ts";
import { type ProgramResult, runInProcess } from "../../support/program.ts";

/** What Kubernetes sets for a Service with one named port, by the name of the Service in capitals. */
function variablesOf(service: string): Readonly<Record<string, string>> {
  const url = "tcp://10.96.0.7:8080";
  return {
    [`${service}_SERVICE_HOST`]: "10.96.0.7",
    [`${service}_SERVICE_PORT`]: "8080",
    [`${service}_SERVICE_PORT_HTTP`]: "8080",
    [`${service}_PORT`]: url,
    [`${service}_PORT_8080_TCP`]: url,
    [`${service}_PORT_8080_TCP_PROTO`]: "tcp",
    [`${service}_PORT_8080_TCP_PORT`]: "8080",
    [`${service}_PORT_8080_TCP_ADDR`]: "10.96.0.7",
    [`${service}_PORT_53_UDP`]: "udp://10.96.0.7:53",
    [`${service}_PORT_53_UDP_ADDR`]: "10.96.0.7",
  };
}

function load(env: Readonly<Record<string, string>>): Promise<ProgramResult> {
  const readFile = () => assert.fail("there is no file");
  return runInProcess({ args: [], env, readFile });
}

for (const service of ["TELEMETRY", "TELEMETRY_GATEWAY", "TELEMETRY_GATEWAY_INTERNAL"]) {
  Deno.test(`what Kubernetes sets for the Service ${service} is ignored and named`, async () => {
    const variables = variablesOf(service);
    const { serve } = await load({ ...variables, TELEMETRY_REPLAY_LIMIT: "7" });
    assert.deepEqual(serve?.config, Config.parse({ telemetry: { replayLimit: 7 } }));
    assert.deepEqual(serve?.ignoredVariables, Object.keys(variables).sort());
  });
}

Deno.test("a name of ours is never taken for one of a Service, and TELEMETRY_PORT is still ours", async () => {
  for (const { variable } of CONFIG_OPTIONS) {
    assert.equal(isServiceVariable(variable, "8080"), false, variable);
  }
  const { serve } = await load({ TELEMETRY_PORT: "9000" });
  assert.equal(serve?.config.server.port, 9_000);
});

Deno.test("a misspelled name of ours stops the start with a suggestion, beside those of a Service", async () => {
  const cases: Readonly<Record<string, RegExp>> = {
    TELEMETRY_REPLAY_LIMT: /TELEMETRY_REPLAY_LIMIT/,
    TELEMETRY_PROT: /TELEMETRY_PORT/,
    TELEMETRY_HOTS: /TELEMETRY_HOST/,
  };
  for (const [name, suggested] of Object.entries(cases)) {
    const { code, errors } = await load({ ...variablesOf("TELEMETRY"), [name]: "1" });
    assert.equal(code, EXIT.config, name);
    assert.match(errors.join(), suggested);
  }
  assert.equal((await load({ TELEMETRY_PORT: "tcp:9000" })).code, EXIT.config);
});
