/**
 * What to ask the gateway next, so that every user of a channel gets what it wants from the one
 * subscription that there is. Pure: {@link nextStep} is called again after each answer.
 *
 * @module
 */
import type { StreamPosition } from "./errors.ts";

/** What is known of one user. */
export interface UserState {
  /** How far it is; not known before it has begun. */
  readonly place: StreamPosition | undefined;
  /** Whether the gateway has confirmed the place since the last (re)connect. */
  readonly verified: boolean;
  /** Whether it has to begin with a snapshot (again). */
  readonly needsSnapshot: boolean;
  /** Whether it takes nothing for now: its reader is slow. */
  readonly paused: boolean;
}

/** The subscription at the gateway. */
export interface WireState {
  /** How far the gateway has sent. */
  readonly place: StreamPosition;
  /** What was subscribed with, as text. */
  readonly options: string;
}

/** What to ask next. */
export type Step =
  | { readonly kind: "nothing" }
  | { readonly kind: "unsubscribe" }
  /** The place needs no question: it is where the subscription is. */
  | { readonly kind: "verify"; readonly place: StreamPosition }
  | { readonly kind: "snapshot" }
  /** Ends the subscription, if there is one, and begins it again after a place. */
  | { readonly kind: "resume"; readonly since: StreamPosition }
  /** Begins at the head, or changes the options of a subscription and leaves its place. */
  | { readonly kind: "follow" };

/**
 * The next step.
 *
 * In this order: who needs a snapshot gets one; who brings a place has it confirmed, the latest
 * first; who is behind is caught up with by going back to the earliest. Others ignore what they know.
 *
 * @param options What the users want together, as text.
 */
export function nextStep(
  users: readonly UserState[],
  wire: WireState | undefined,
  options: string,
): Step {
  if (users.length === 0) return { kind: wire === undefined ? "nothing" : "unsubscribe" };
  if (users.some(({ needsSnapshot }) => needsSnapshot)) return { kind: "snapshot" };
  const places = users.flatMap(({ place, verified, paused }) =>
    place === undefined ? [] : [{ place, verified, paused }]
  );
  const unverified = places.filter(({ verified, paused }) => !verified && !paused);
  if (unverified.length > 0) {
    const { place } = unverified.reduce((a, b) => b.place.seq > a.place.seq ? b : a);
    const isHere = wire !== undefined && isSame(wire.place, place);
    return isHere ? { kind: "verify", place } : { kind: "resume", since: place };
  }
  const behind = places.filter(({ place, paused }) =>
    !paused && wire !== undefined && isBehind(place, wire.place)
  );
  if (behind.length > 0) {
    const { place } = behind.reduce((a, b) => b.place.seq < a.place.seq ? b : a);
    return { kind: "resume", since: place };
  }
  const starts = users.some(({ place }) => place === undefined);
  return { kind: starts || wire?.options !== options ? "follow" : "nothing" };
}

/** Whether two places are the same. */
export function isSame(one: StreamPosition, other: StreamPosition): boolean {
  return one.epoch === other.epoch && one.seq === other.seq;
}

function isBehind(place: StreamPosition, wire: StreamPosition): boolean {
  return place.epoch !== wire.epoch || place.seq < wire.seq;
}
