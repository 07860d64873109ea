/**
 * Every planted fault.
 *
 * @module
 */
import { ANSWER_FAULTS } from "./answers.ts";
import { CONNECTION_FAULTS } from "./connections.ts";
import { ENDING_FAULTS } from "./endings.ts";
import { FRAME_FAULTS } from "./frames.ts";
import type { Scenario } from "./scenario.ts";
import { SNAPSHOT_FAULTS } from "./snapshots.ts";

/** Every planted fault, in the order of the guide. */
export const SCENARIOS: readonly Scenario[] = [
  ...SNAPSHOT_FAULTS,
  ...FRAME_FAULTS,
  ...ANSWER_FAULTS,
  ...CONNECTION_FAULTS,
  ...ENDING_FAULTS,
];
