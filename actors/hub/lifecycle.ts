/**
 * The hub's actor: its life (running, draining, stopped), and what it hears of its connections.
 *
 * Custom actor logic, since a machine that spawned its connections would copy its map of children
 * for every new one. Connections name this actor as their parent: they share its actor system, which
 * is most of what an actor of its own would weigh, and it hears how each of them ends.
 *
 * @module
 */
import { type ActorLogic, fromTransition, type TransitionSnapshot } from "xstate";
import type { HubStatus } from "../operations.ts";

/** What the hub is told; the last two by the actor system. */
export type HubEvent =
  | { readonly type: "DRAIN" }
  | { readonly type: "STOP" }
  | { readonly type: `xstate.done.actor.${string}`; readonly actorId: string }
  | {
    readonly type: `xstate.error.actor.${string}`;
    readonly actorId: string;
    readonly error: unknown;
  };

/** Hears how connection actors end. Never throws: what it throws would end the hub. */
export interface Supervisor {
  /** An actor reached the end of its life. */
  finished(actorId: string): void;
  /** An actor failed. */
  failed(actorId: string, error: unknown): void;
}

/** The logic of the hub actor; its context is its status. There is no way back. */
export function hubLogic(
  supervisor: Supervisor,
): ActorLogic<TransitionSnapshot<HubStatus>, HubEvent> {
  return fromTransition((status: HubStatus, event: HubEvent, { defer }): HubStatus => {
    if (event.type === "STOP") return "stopped";
    if (event.type === "DRAIN") return status === "running" ? "draining" : status;
    // An effect, so it happens after the transition.
    if ("error" in event) defer(() => supervisor.failed(event.actorId, event.error));
    else defer(() => supervisor.finished(event.actorId));
    return status;
  }, "running" as HubStatus);
}
