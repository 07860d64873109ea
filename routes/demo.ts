/**
 * The simulated trading floor of `--demo`, publishing inside the process.
 *
 * @module
 */
import type { EventLog } from "../actors/log/event_log.ts";
import type { Clock, Logger, RestoredStore } from "../actors/ports.ts";
import { clearFloor } from "../actors/sources/leftovers.ts";
import { Simulator } from "../actors/sources/simulator.ts";
import type { Config } from "../protocol/config.ts";
import { publishInProcess } from "./in_process_publisher.ts";

/**
 * Removes what an earlier simulation left in the snapshot and opens the floor.
 *
 * @param restored What the store brought back.
 */
export async function startDemo(
  { demo }: Config,
  clock: Clock,
  logger: Logger,
  eventLog: Pick<EventLog, "append">,
  restored: RestoredStore,
): Promise<Simulator> {
  const publish = publishInProcess(eventLog, clock, "demo");
  await clearFloor(restored, publish, logger);
  const simulator = new Simulator({ clock, publish, logger, seed: demo.seed });
  simulator.start();
  return simulator;
}
