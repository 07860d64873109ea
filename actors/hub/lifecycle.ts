/**
 * The hub's actor: its lifecycle (running, draining, stopped), and the supervision of connections.
 *
 * Custom actor logic, since a machine that spawned its connections would copy its map of children
 * for every new one. Connections name this actor as their parent: they share its actor system, which
 * is most of what an actor of its own would weigh, and it is told when one of them fails.
 *
 * @module
 */
import { type ActorLogic, fromTransition, type TransitionSnapshot } from "xstate";
import type { HubStatus } from "../operations.ts";

/** Events of the hub; the actor system sends the last two, about connection actors. */
export type HubEvent =
  | { readonly type: "DRAIN" }
  | { readonly type: "STOP" }
  | { readonly type: `xstate.done.actor.${string}`; readonly actorId: string }
  | {
    readonly type: `xstate.error.actor.${string}`;
    readonly actorId: string;
    readonly error: unknown;
  };

/**
 * The logic of the hub actor; its context is its status. There is no way back.
 *
 * @param onFailure Called with the id of a connection actor that failed, and the error. Never throws:
 *   what it throws would end the hub.
 */
export function hubLogic(
  onFailure: (actorId: string, error: unknown) => void,
): ActorLogic<TransitionSnapshot<HubStatus>, HubEvent> {
  return fromTransition((status: HubStatus, event: HubEvent, { defer }): HubStatus => {
    if (event.type === "STOP") return "stopped";
    if (event.type === "DRAIN") return status === "running" ? "draining" : status;
    // An effect, so it happens after the transition.
    if ("error" in event) defer(() => onFailure(event.actorId, event.error));
    return status;
  }, "running" as HubStatus);
}
