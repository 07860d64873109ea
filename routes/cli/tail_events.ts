/**
 * Prints what a gateway sends on its WebSocket.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { ServerMessageV1 } from "../../protocol/v1/server_message.ts";
import { KEY_PROTOCOL_PREFIX } from "../auth/credentials.ts";
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";
import { findKey, KeyError, type KeyPlaces } from "./find_key.ts";
import type { TailOptions } from "./tail.ts";

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

/**
 * Connects and prints until the connection ends.
 *
 * @throws {CommandError} Always: when the gateway does not accept the connection, and when the
 * connection ends.
 */
export async function tailEvents(
  options: TailOptions,
  places: KeyPlaces,
  printLine: (line: string) => void,
): Promise<never> {
  const { url, channels, replay, json, apiKeyFile } = options;
  const key = await findKey(places, url, apiKeyFile).catch((error) => {
    // A gateway with anonymous access needs no key; any other refuses the connection.
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
  const ended = Promise.withResolvers<never>();
  let opened = false;
  socket.onopen = () => opened = true;
  socket.onmessage = ({ data }) => {
    const line = json ? data : formatMessage(data);
    if (line !== undefined) printLine(line);
  };
  socket.onclose = ({ code, reason }) => {
    const message = opened
      ? `connection closed: ${code} ${reason}`
      : `${url.origin} did not accept the connection; is it running, and is the key right?`;
    ended.reject(new CommandError(message, EXIT.unavailable));
  };
  return await ended.promise;
}
