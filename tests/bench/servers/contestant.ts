/**
 * Who runs in the bench: something that can be started, connected to, and published to.
 *
 * @module
 */
import type { ClientPlan } from "../client/plan.ts";
import type { PublishTarget } from "../client/publisher.ts";

/** A server that runs. Disposing of it ends it. */
export interface RunningServer extends AsyncDisposable {
  /** For `/proc`. */
  readonly pid: number;
  /** Port on loopback. */
  readonly port: number;
  /** How its clients connect. */
  readonly plan: ClientPlan;
  /** Where it takes publications. */
  readonly publishing: PublishTarget;
  /** What it has written. */
  readonly output: () => string;
}

/** Something that can be started as often as there are runs. */
export interface Contestant {
  /** As it stands in tables. */
  readonly name: string;
  /** Starts a fresh one. */
  start(): Promise<RunningServer>;
}
