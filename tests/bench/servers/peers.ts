/**
 * The peers: what a user would pick instead of the gateway, each as a process of its own.
 *
 * @module
 */
import type { ClientPlan } from "../client/plan.ts";
import { fromFileUrl } from "../../support/paths.ts";
import { ProcessOutput } from "../../support/process_output.ts";
import { waitUntil } from "../../support/wait.ts";
import { serverLauncher } from "../pinning.ts";
import type { Contestant, RunningServer } from "./contestant.ts";
import { LOOP_WATCH } from "./loop_watch.ts";
import { bunBinary } from "./peer_packages.ts";

/** The folder with their sources and packages. */
const FOLDER = fromFileUrl(new URL("../peers/", import.meta.url));

/** How Deno is run. */
const DENO_RUN = [Deno.execPath(), "run", "-A"];

/** Deno's own server and a loop: the floor. */
export const bareLoop: Contestant = peer("bare loop", DENO_RUN, "bare.mjs");

/** The same with its event loop watched from inside. */
export const watchedBareLoop: Contestant = peer(
  bareLoop.name,
  [...DENO_RUN, ...LOOP_WATCH],
  "bare.mjs",
);

/** `ws` on Node. */
export const nodeWs: Contestant = peer("ws", ["node"], "ws.mjs");

/** Socket.IO on Node. */
export const socketIo: Contestant = peer("Socket.IO", ["node"], "socket_io.mjs", {
  path: "/socket.io/?EIO=4&transport=websocket",
  hello: "40",
  readyWhen: '40{"sid"',
  prefix: '42["event",'.length,
  answers: { "2": "3" },
});

/** Bun's native publish, each event by itself. */
export const bunPublish: Contestant = peer("Bun publish", bunCommand, "bun.mjs");

/** Bun publishing what it gathers in so many ms. */
export function bunBatches(millis: number): Contestant {
  const name = `Bun publish, batches of ${millis} ms`;
  return peer(name, bunCommand, "bun.mjs", { form: "batch" }, [String(millis)]);
}

function bunCommand(): readonly string[] {
  return [bunBinary()];
}

function peer(
  name: string,
  command: readonly string[] | (() => readonly string[]),
  script: string,
  plan: Partial<ClientPlan> = {},
  args: readonly string[] = [],
): Contestant {
  const start = async () => {
    const run = typeof command === "function" ? command() : command;
    const [program, ...rest] = [...serverLauncher(), ...run, FOLDER + script, "0", ...args];
    const child = new Deno.Command(program!, {
      args: rest,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      // Deno would look for the packages of this folder, which it does not need.
      env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1", NODE_ENV: "production" },
    }).spawn();
    return await listening(name, child, plan);
  };
  return { name, start };
}

async function listening(
  name: string,
  child: Deno.ChildProcess,
  plan: Partial<ClientPlan>,
): Promise<RunningServer> {
  const output = new ProcessOutput(child);
  const end = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([child.status, output.ended]);
  };
  try {
    const port = await waitUntil(
      `${name} listens`,
      () => Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output.text)?.[1] ?? 0),
      (port) => port !== 0,
      { withinMs: 20_000 },
    );
    return {
      pid: child.pid,
      port,
      plan: { port, path: "/", headers: {}, form: "event", ...plan },
      publishing: { port, path: "/publish", headers: {} },
      output: () => output.text,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw new Error(`${(error as Error).message}\n${output.text}`, { cause: error });
  }
}
