/**
 * Command line: shows the events of a running gateway as they come, one line each.
 *
 * Needs `--allow-net` for the gateway, `--allow-env`, and `--allow-read` for the key.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { parseArgs } from "node:util";
import { CHANNELS, selectChannels } from "../../protocol/channels.ts";
import { ServerMessageV1 } from "../../protocol/server_message_v1.ts";
import { KEY_PROTOCOL_PREFIX } from "../auth/credentials.ts";
import { findKey, KeyError } from "./find_key.ts";
import { printError, printLine } from "./print.ts";

/** What `--help` prints. */
export const TAIL_HELP = `Shows the events of a running telemetry gateway, one line each.

usage: deno task tail [CHANNEL ...] [options]

Channels: ${CHANNELS.join(", ")} (default: all).

options:
  --replay             begin with the latest states and alerts
  --json               print messages as they are received
  --url URL            address of the gateway (default http://127.0.0.1:8080)
  --api-key-file FILE  file that holds the key; else TELEMETRY_API_KEY, FMPS_API_KEY or, for a
                       gateway on this machine, its development key in TELEMETRY_DATA_DIR (./data)
  --help               show this

example: deno task tail positions risk-alerts --replay
`;

/** A command line that was understood. */
export interface TailCommand {
  /** Where the gateway is. */
  readonly url: URL;
  /** Wire names of the channels, at least one. */
  readonly channels: readonly string[];
  /** Whether to begin with a replay. */
  readonly replay: boolean;
  /** Whether to print messages as they are received. */
  readonly json: boolean;
  /** Path of the file that holds the key. */
  readonly apiKeyFile: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} With a line that says what is wrong.
 */
export function parseTailCommand(args: readonly string[]): TailCommand | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: "string", default: "http://127.0.0.1:8080" },
      "api-key-file": { type: "string" },
      replay: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { known, unknown } = selectChannels(positionals);
  if (unknown.length > 0) {
    throw new TypeError(`unknown channel ${unknown[0]}; use ${CHANNELS.join(", ")}`);
  }
  if (!URL.canParse(values.url)) throw new TypeError(`--url ${values.url} is not a URL`);
  const { replay, json } = values;
  const channels = known.length > 0 ? known : CHANNELS;
  return { url: new URL(values.url), channels, replay, json, apiKeyFile: values["api-key-file"] };
}

/**
 * One message as a line for people.
 *
 * @returns `undefined` for messages that only keep the connection alive.
 */
export function formatMessage(text: string): string | undefined {
  const { type, channel, data, replay, meta, timestamp } = ServerMessageV1.parse(JSON.parse(text));
  const time = new Date(timestamp).toISOString().slice(11, 23);
  if (type === "heartbeat") return undefined;
  if (type !== "event") return `${time} ${type} ${JSON.stringify(meta)}`;
  const gap = meta?.["skipped"] === undefined ? "" : `  (${meta["skipped"]} skipped)`;
  const mark = replay === true ? "replay " : "";
  const number = meta?.["seq"] === undefined ? "" : ` #${meta["seq"]}`;
  return `${time} ${mark}${channel}${number} ${JSON.stringify(data)}${gap}`;
}

/** Connects and prints until the connection ends; resolves with the exit code. */
export async function tail(command: TailCommand): Promise<number> {
  const { url, channels, replay, json, apiKeyFile } = command;
  const places = {
    env: (name: string) => Deno.env.get(name),
    readText: (path: string) => Deno.readTextFile(path),
  };
  const key = await findKey(places, url, apiKeyFile).catch((error) => {
    // A gateway with anonymous access needs no key; any other says so itself.
    if (error instanceof KeyError && apiKeyFile === undefined) return undefined;
    throw error;
  });
  const address = new URL(`/ws/telemetry?channels=${channels.join()}&replay=${replay}`, url);
  address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const protocols = ["telemetry.v1"];
  if (key !== undefined) {
    protocols.push(KEY_PROTOCOL_PREFIX + Buffer.from(key).toString("base64url"));
  }
  const socket = new WebSocket(address, protocols);
  const ended = Promise.withResolvers<number>();
  let opened = false;
  socket.onopen = () => opened = true;
  socket.onmessage = ({ data }) => {
    const line = json ? data : formatMessage(data);
    if (line !== undefined) printLine(line);
  };
  socket.onclose = ({ code, reason }) => {
    printError(
      opened
        ? `connection closed: ${code} ${reason}`
        : `${url.origin} did not accept the connection; is it running, and is the key right?`,
    );
    ended.resolve(1);
  };
  return await ended.promise;
}

if (import.meta.main) {
  try {
    const command = parseTailCommand(Deno.args);
    if (command === "help") printLine(TAIL_HELP);
    else Deno.exitCode = await tail(command);
  } catch (error) {
    printError(`tail: ${(error as Error).message} (--help explains the options)`);
    Deno.exitCode = 1;
  }
}
