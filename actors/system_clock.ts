/**
 * The clock of the machine.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "./ports.ts";

/** Real time. Timers keep the process alive until they are cleared. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochMillis: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number | undefined),
  defer: (callback) => void setImmediate(callback),
};
