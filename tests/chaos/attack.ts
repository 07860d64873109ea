/**
 * What the attacks on publishing share: a gateway with two keys, healthy clients with one of them,
 * measured before and during what the other one does, and the loop of the gateway.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { ProcessOutput } from "../support/process_output.ts";
import { fromFileUrl } from "../support/paths.ts";
import { V8_FLAGS } from "../support/gateway_process.ts";
import { waitUntil } from "../support/wait.ts";
import { HealthyClients, type HealthyFigures } from "./healthy_client.ts";
import { residentMebibytes } from "./process_facts.ts";

/** The gateway under attack. */
export interface Target {
  readonly port: number;
  readonly pid: number;
  /** The key of the attacker. */
  readonly key: string;
  /** The endpoint of publications. */
  readonly url: string;
}

/** What the healthy clients and the loop saw in a while. */
export interface Health extends HealthyFigures {
  /** The longest pause of the gateway's loop, in ms. */
  readonly longestPause: number;
}

const HEALTHY_KEY = "healthy-key";
const ATTACKER_KEY = "attacker-key";

/** One valid event as text; its number makes it its own. */
export function price(index: number): string {
  const symbol = `S${index % 1_000}`;
  return `{"channel":"market-data","data":{"symbol":"${symbol}","price":"${index}.25",` +
    `"source":"chaos","isSnapshot":false,"updatedAt":"2026-01-31T12:00:00.123Z"}}`;
}

/** The headers of a publication of the attacker. */
export function attackerHeaders(type = "application/json"): Record<string, string> {
  return { "Content-Type": type, "X-API-Key": ATTACKER_KEY };
}

/**
 * Starts a gateway, measures it in peace for three seconds, runs the attack, and prints both.
 *
 * @param attack Runs the attack; its lines are printed as well.
 * @returns What the healthy clients saw in peace and under attack.
 */
export async function underAttack(
  attack: (target: Target) => Promise<readonly string[]>,
): Promise<{ readonly peace: Health; readonly attacked: Health }> {
  const dataDir = await Deno.makeTempDir({ prefix: "chaos_" });
  const script = fromFileUrl(new URL("./attacked_gateway.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", V8_FLAGS, script, dataDir, ATTACKER_KEY, HEALTHY_KEY],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = new ProcessOutput(child);
  try {
    const port = await waitUntil("a port", () => Number.parseInt(output.text), (n) => n > 0);
    const origin = `http://127.0.0.1:${port}`;
    await using clients = await HealthyClients.start({ url: origin, apiKey: HEALTHY_KEY });
    const watch = async (phase: string, during: number | (() => Promise<void>)) => {
      await longestPause(origin);
      const figures = await clients.measure(phase, during);
      return { ...figures, longestPause: await longestPause(origin) };
    };
    const url = `${origin}/api/v1/telemetry/events`;
    const target = { port, pid: child.pid, key: ATTACKER_KEY, url };
    await watch("warm-up", 1_000);
    const before = await residentMebibytes(child.pid);
    const peace = await watch("in peace", 3_000);
    let lines: readonly string[] = [];
    const attacked = await watch("under attack", async () => void (lines = await attack(target)));
    const after = await residentMebibytes(child.pid);
    for (const health of [peace, attacked]) console.log(describe(health));
    console.log(`RSS ${before} -> ${after} MiB`);
    for (const line of lines) console.log(line);
    return { peace, attacked };
  } finally {
    child.kill("SIGKILL");
    await Promise.all([child.status, output.ended]);
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** The longest pause of the gateway's loop since it was asked for last, in ms. */
async function longestPause(origin: string): Promise<number> {
  return Number(await (await fetch(`${origin}/longest-pause`)).text());
}

function describe({ phase, ackP99, p99, published, refused, longestPause }: Health): string {
  return `${phase}: healthy p99 ${ackP99.toFixed(1)} ms to the ack, ${
    p99.toFixed(1)
  } to a client ` +
    `(${published} published, ${refused} refused), ` +
    `longest pause of the loop ${longestPause.toFixed(1)} ms`;
}
