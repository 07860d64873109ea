/**
 * The gateway in the bench: `main.ts` as it ships, with the limits out of the way.
 *
 * @module
 */
import { GatewayProcess } from "../../support/gateway_process.ts";
import type { ClientPlan } from "../client/plan.ts";
import { serverLauncher } from "../pinning.ts";
import type { Contestant, RunningServer } from "./contestant.ts";

/** How a gateway differs from the one of most rows. */
export interface GatewaySetup {
  /** As it stands in tables. */
  readonly name?: string;
  /** Variables beside those of all rows. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of `deno run`, such as those of the profiler. */
  readonly denoFlags?: readonly string[];
  /** How clients subscribe, when not with protocol v1. */
  readonly plan?: Partial<ClientPlan>;
}

/** Memory store, no rate limit, room for every client of a row. Everything else is the default. */
const ENVIRONMENT = {
  TELEMETRY_STORE: "memory",
  TELEMETRY_RATE_LIMIT_PER_SECOND: "0",
  TELEMETRY_MAX_CONNECTIONS: "20000",
  TELEMETRY_MAX_CONNECTIONS_PER_ADDRESS: "20000",
  TELEMETRY_MAX_CONNECTIONS_PER_KEY: "20000",
};

let profilerFlags: readonly string[] = [];

/** From now on gateways run with the flags of a profiler, and are ended so that it can write. */
export function profileGateways(flags: readonly string[]): void {
  profilerFlags = flags;
}

/** The gateway with clients of protocol v1, unless the setup says otherwise. */
export function gateway(setup: GatewaySetup = {}): Contestant {
  return { name: setup.name ?? "gateway", start: () => startGateway(setup) };
}

/** The gateway with clients of protocol v2, which get a batch every so many ms. */
export function gatewayV2(intervalMs: number, setup: GatewaySetup = {}): Contestant {
  const channels = [{ name: "market-data", intervalMs, conflate: false }];
  return gateway({
    name: `gateway v2, ${intervalMs} ms`,
    ...setup,
    plan: {
      path: "/ws/telemetry?clientId=bench-{n}",
      headers: { "Sec-WebSocket-Protocol": "telemetry.v2" },
      hello: JSON.stringify({ id: "1", action: "subscribe", channels }),
      form: "batch",
      ...setup.plan,
    },
  });
}

async function startGateway(setup: GatewaySetup): Promise<RunningServer> {
  const gateway = await GatewayProcess.start({
    launcher: serverLauncher(),
    denoFlags: [...setup.denoFlags ?? [], ...profilerFlags],
    env: { ...ENVIRONMENT, ...setup.env },
  });
  const { port, pid, apiKey } = gateway;
  const key = { "X-API-Key": apiKey };
  return {
    pid,
    port,
    plan: {
      port,
      path: "/ws/telemetry?clientId=bench-{n}&channels=market-data",
      readyWhen: '"type":"ack"',
      form: "event",
      ...setup.plan,
      headers: { ...key, ...setup.plan?.headers },
    },
    publishing: { port, path: "/api/v1/telemetry/events", headers: key },
    output: () => gateway.output.text,
    [Symbol.asyncDispose]: async () => {
      if (profilerFlags.length > 0) await gateway.stop();
      await gateway[Symbol.asyncDispose]();
    },
  };
}
