/**
 * The life of the hub: running, draining, stopped. Custom actor logic, since a machine that spawned
 * its connections would copy its map of children for every new one.
 *
 * @module
 */
import { type ActorLogic, fromTransition, type TransitionSnapshot } from "xstate";
import type { HubStatus } from "../operations.ts";

/** What the hub is told. */
export type HubEvent = { readonly type: "DRAIN" } | { readonly type: "STOP" };

/** The logic of the hub actor; its context is its status. There is no way back. */
export const hubLogic: ActorLogic<TransitionSnapshot<HubStatus>, HubEvent> = fromTransition(
  (status: HubStatus, event: HubEvent): HubStatus => {
    if (event.type === "STOP") return "stopped";
    return status === "running" ? "draining" : status;
  },
  "running" as HubStatus,
);
