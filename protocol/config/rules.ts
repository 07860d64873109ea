/**
 * What must hold between options, beyond the bounds of each.
 *
 * @module
 */
import type { z } from "zod";
import { isLoopbackHost } from "./loopback.ts";
import type { SECTIONS } from "./sections.ts";

/** All options, each valid by itself. */
export type OptionValues = {
  [Section in keyof typeof SECTIONS]: z.infer<(typeof SECTIONS)[Section]>;
};

/** A combination of options that cannot be served. */
export interface Conflict {
  /** The options that do not go together, the one to change first. */
  readonly options: readonly [string, ...string[]];
  /** Why, and what to do about it. */
  readonly message: string;
}

/** Finds what contradicts itself in options that are each valid; an empty list when nothing does. */
export function findConflicts(settings: OptionValues): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  const { heartbeatIntervalSeconds, heartbeatTimeoutSeconds } = settings.telemetry;
  if (heartbeatTimeoutSeconds <= heartbeatIntervalSeconds) {
    conflicts.push({
      options: ["telemetry.heartbeatTimeoutSeconds", "telemetry.heartbeatIntervalSeconds"],
      message: "the timeout must be longer than the interval, best three times as long",
    });
  }
  const { tlsCert, tlsKey } = settings.server;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    conflicts.push({
      options: tlsCert === undefined
        ? ["server.tlsCert", "server.tlsKey"]
        : ["server.tlsKey", "server.tlsCert"],
      message: "TLS needs both the certificate and its key: set both, or neither",
    });
  }
  const { anonymousScopes, allowAnonymousRemote } = settings.security;
  if (
    anonymousScopes.length > 0 && !allowAnonymousRemote && !isLoopbackHost(settings.server.host)
  ) {
    conflicts.push({
      options: ["security.anonymousScopes", "server.host"],
      message: "anonymous access from other machines must be allowed explicitly: " +
        "set security.allowAnonymousRemote to true, or listen on 127.0.0.1",
    });
  }
  return conflicts;
}

/** Shortest key of the environment where other machines can guess, in characters. */
export const MIN_REMOTE_KEY_LENGTH = 16;

/** Whether a key of the environment is too short for these options. Generated keys are long. */
export function findShortKey(
  settings: OptionValues,
  variable: string,
  key: string,
): Conflict | undefined {
  if (key.length >= MIN_REMOTE_KEY_LENGTH || isLoopbackHost(settings.server.host)) return undefined;
  return {
    options: ["server.host"],
    message: `other machines could connect, and the key in ${variable} has fewer than ` +
      `${MIN_REMOTE_KEY_LENGTH} characters: set a longer one, such as of "openssl rand -hex 24"`,
  };
}

/**
 * Whether these options can be served with the keys at hand. Without one the gateway stays on
 * loopback, where it makes up a development key.
 *
 * @param hasKey Whether a key is configured, or a keys file.
 */
export function findKeyConflict(settings: OptionValues, hasKey: boolean): Conflict | undefined {
  if (hasKey || isLoopbackHost(settings.server.host)) return undefined;
  return {
    options: ["server.host"],
    message: "other machines could connect, and no key is configured: " +
      "set TELEMETRY_API_KEY in the environment, make one with keys create, or listen on 127.0.0.1",
  };
}
