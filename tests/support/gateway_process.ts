/**
 * The gateway as a process of its own, as it runs in production: started with nothing but a fresh
 * environment, observed through its logs, its port and its exit code.
 *
 * @module
 */
import { fromFileUrl } from "./paths.ts";
import { ProcessOutput } from "./process_output.ts";
import { waitUntil, within } from "./wait.ts";

/** Settings that make dead peers visible within a test's patience. */
export const FAST_HEARTBEATS = {
  TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "1",
  TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "3",
} as const;

/** How to start it. */
export interface GatewayOptions {
  /** `TELEMETRY_*` variables beside, or instead of, the defaults of the suite. */
  readonly env?: Readonly<Record<string, string>>;
  /** Command-line flags. */
  readonly flags?: readonly string[];
  /** Port to listen on; any free one when absent. */
  readonly port?: number;
  /** The key with every scope; random when absent, none when `null`. */
  readonly apiKey?: string | null;
  /** Soft and hard limit of descriptors. */
  readonly descriptors?: number;
  /** Deadline of the start in ms. */
  readonly withinMs?: number;
  /** A program with its arguments that runs the rest of its command line, such as `taskset -c 0`. */
  readonly launcher?: readonly string[];
  /** Flags of `deno run` beside its permissions. */
  readonly denoFlags?: readonly string[];
  /** Path of a compiled gateway that is started instead of the source. */
  readonly binary?: string;
}

/** How a process ended. */
export interface Exit {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** From the signal to the end, in ms. */
  readonly tookMs: number;
}

/** Variables of the environment that running Deno needs; nothing else of it is handed on. */
const KEPT = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR", "RUST_MIN_STACK"];

/** Prefixes of the same kind: certificates and registries, in case a dependency is not cached. */
const KEPT_PREFIXES = ["DENO_TLS_", "DENO_CERT", "SSL_CERT_", "NPM_CONFIG_", "npm_config_"];

const PERMISSIONS = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--allow-sys=osUptime,statfs",
];

/** Patience with a process that was told to stop. */
const STOP_WITHIN_MS = 20_000;

/** A running gateway; disposing of it kills it. */
export class GatewayProcess implements AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https` where it speaks TLS. */
  readonly url: string;
  /** The same with `ws` or `wss`. */
  readonly wsUrl: string;
  readonly port: number;
  /** The key that it was started with; empty without one. */
  readonly apiKey: string;
  /** What it has written so far. */
  readonly output: ProcessOutput;
  readonly #child: Deno.ChildProcess;
  readonly #dataDir: string;
  #exited = false;

  private constructor(
    child: Deno.ChildProcess,
    output: ProcessOutput,
    dataDir: string,
    apiKey: string,
    port: number,
  ) {
    this.#child = child;
    this.output = output;
    this.#dataDir = dataDir;
    this.apiKey = apiKey;
    this.port = port;
    const tls = output.text.includes("https://127.0.0.1:") ? "s" : "";
    this.url = `http${tls}://127.0.0.1:${port}`;
    this.wsUrl = `ws${tls}://127.0.0.1:${port}`;
    child.status.then(() => this.#exited = true);
  }

  /**
   * Starts a gateway and waits until it listens.
   *
   * @throws {Error} With its output, when it ends or stays silent instead.
   */
  static async start(options: GatewayOptions = {}): Promise<GatewayProcess> {
    const dataDir = await Deno.makeTempDir({ prefix: "gateway_" });
    const apiKey = options.apiKey === undefined ? randomKey() : options.apiKey ?? "";
    const child = spawn(options, dataDir, apiKey);
    const output = new ProcessOutput(child);
    let ended = false;
    child.status.then(() => ended = true);
    try {
      const port = await waitUntil(
        "the gateway listens",
        () => ended ? -1 : listeningPort(output),
        (port) => port !== 0,
        { withinMs: options.withinMs ?? 20_000 },
      );
      if (port === -1) throw new Error("the gateway ended instead of listening");
      return new GatewayProcess(child, output, dataDir, apiKey, port);
    } catch (error) {
      if (!ended) child.kill("SIGKILL");
      await Promise.all([child.status, output.ended]);
      await Deno.remove(dataDir, { recursive: true });
      throw new Error(`${(error as Error).message}\n${output.text}`, { cause: error });
    }
  }

  /**
   * Runs a gateway that should end by itself, such as one with an invalid option.
   *
   * @param signalled A signal that it is sent so many ms after its start.
   */
  static async startAndEnd(
    options: GatewayOptions = {},
    signalled?: { readonly signal: Deno.Signal; readonly afterMs: number },
  ): Promise<{ readonly code: number; readonly output: string }> {
    const dataDir = await Deno.makeTempDir({ prefix: "gateway_" });
    const apiKey = options.apiKey === undefined ? randomKey() : options.apiKey ?? "";
    const child = spawn(options, dataDir, apiKey);
    const output = new ProcessOutput(child);
    const timer = signalled && setTimeout(() => child.kill(signalled.signal), signalled.afterMs);
    try {
      const status = await within("the gateway ends", child.status, options.withinMs ?? 20_000);
      await output.ended;
      return { code: status.code, output: output.text };
    } catch (error) {
      child.kill("SIGKILL");
      await Promise.all([child.status, output.ended]);
      throw error;
    } finally {
      clearTimeout(timer);
      await Deno.remove(dataDir, { recursive: true });
    }
  }

  /** The process's id, for `/proc`. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Its end, whenever it comes. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** The log lines so far, parsed. */
  get logs(): readonly LogLine[] {
    return this.output.jsonLines;
  }

  /** Waits for a log line. */
  async log(what: string, matches: (line: LogLine) => boolean, withinMs = 5_000): Promise<LogLine> {
    const found = await waitUntil(
      `a log line: ${what}`,
      () => ({ line: this.logs.find(matches), tail: this.output.text.slice(-1_500) }),
      ({ line }) => line !== undefined,
      { withinMs },
    );
    return found.line!;
  }

  /** Sends a signal without waiting for what it does. */
  signal(signal: Deno.Signal): void {
    if (!this.#exited) this.#child.kill(signal);
  }

  /**
   * Ends the process and waits for it.
   *
   * @throws {DeadlineError} When it does not end in time; disposing of it kills it then.
   */
  async stop(signal: Deno.Signal = "SIGTERM", withinMs: number = STOP_WITHIN_MS): Promise<Exit> {
    const from = performance.now();
    this.signal(signal);
    const status = await within(
      `the gateway ends on ${signal}`,
      this.#child.status,
      withinMs,
      () => this.output.text.slice(-2_000),
    );
    const tookMs = performance.now() - from;
    await this.output.ended;
    return { code: status.code, signal: status.signal, tookMs };
  }

  /** Kills the process if it still runs, and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await Promise.all([this.#child.status, this.output.ended]);
    await Deno.remove(this.#dataDir, { recursive: true }).catch(() => {});
  }
}

/** What the start task tells V8, so that tests and benchmarks see the process that users get. */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=8";

/** A structured log line; what it contains beside these is up to the gateway. */
export type LogLine = Readonly<Record<string, unknown>>;

function spawn(options: GatewayOptions, dataDir: string, apiKey: string): Deno.ChildProcess {
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  const denoFlags = ["--no-prompt", V8_FLAGS, ...PERMISSIONS, ...options.denoFlags ?? []];
  const source = [Deno.execPath(), "run", ...denoFlags, main];
  const run = [...options.binary === undefined ? source : [options.binary], ...options.flags ?? []];
  // Deno raises its soft limit to the hard one at its start, so that one has to be lowered.
  const script = `ulimit -n ${options.descriptors} && exec "$@"`;
  const limiter = options.descriptors === undefined ? [] : ["sh", "-c", script, "sh"];
  const [program, ...args] = [...options.launcher ?? [], ...limiter, ...run];
  return new Deno.Command(program!, {
    args,
    clearEnv: true,
    env: {
      ...keptEnvironment(),
      NO_COLOR: "1",
      TELEMETRY_PORT: String(options.port ?? 0),
      TELEMETRY_STORE: "memory",
      TELEMETRY_DATA_DIR: dataDir,
      TELEMETRY_LOG_FORMAT: "json",
      ...(apiKey === "" ? {} : { TELEMETRY_API_KEY: apiKey }),
      ...options.env,
    },
    cwd: dataDir,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

function keptEnvironment(): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) =>
    KEPT.includes(name) || KEPT_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
  return Object.fromEntries(kept);
}

/** The port of the listening line; 0 while there is none. */
function listeningPort(output: ProcessOutput): number {
  return Number(/https?:\/\/127\.0\.0\.1:(\d+)/.exec(output.text)?.[1] ?? 0);
}

/** A key whose base64, base64url and percent-encoded forms differ from it and from each other. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return `e2e/~~~+${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
