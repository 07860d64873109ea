/**
 * Applies changed rights of keys to the connections that live by them.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";
import type { Clock, Principal } from "../ports.ts";

/**
 * Finds the principal of a key as it is now, by its name and the id of a secret; `undefined` when the
 * secret is not valid any more.
 */
export type CurrentRights = (name: string, secretId: string) => Principal | undefined;

/** How long connections are ended without a pause, in ms: events of the others are waiting. */
const SLICE_MILLIS = 5;

/** Ends or narrows connections whose key was changed; those of unchanged keys cost a look-up. */
export function reviewRights(
  connections: readonly Connection[],
  current: CurrentRights,
  clock: Clock,
  from = 0,
): void {
  const until = clock.now() + SLICE_MILLIS;
  for (let at = from; at < connections.length; at++) {
    if (!reviewConnection(connections[at]!, current) || clock.now() < until) continue;
    clock.setTimeout(() => reviewRights(connections, current, clock, at + 1), 0);
    return;
  }
}

/** @returns Whether something was changed. */
function reviewConnection(connection: Connection, current: CurrentRights): boolean {
  const { principal } = connection.peer;
  const { name, secretId, sessionId } = principal;
  if (secretId === undefined || !connection.is("live")) return false;
  const now = current(name, secretId);
  if (now === undefined) connection.end("unauthorized");
  else if (hasSameRights(now, principal)) return false;
  else connection.changeRights(sessionId === undefined ? now : { ...now, sessionId });
  return true;
}

/** Keys that did not change have the same sets as before, also in the principals of sessions. */
function hasSameRights(a: Principal, b: Principal): boolean {
  return a === b || (
    a.scopes === b.scopes && a.channels === b.channels && a.traders === b.traders &&
    a.portfolio === b.portfolio && a.rateLimitPerSecond === b.rateLimitPerSecond
  );
}
