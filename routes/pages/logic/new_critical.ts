/**
 * Which critical alerts are new: announced once for each incident, not for each event of it.
 *
 * @module
 */
import { type Alert, isUnacknowledged } from "./alerts.ts";

/** See the module. */
export class NewCritical {
  readonly #waiting = new Set<string>();
  #primed = false;

  /**
   * Takes what changed in the table of alerts.
   *
   * @returns The alerts to announce; none of those that were there when the page was opened.
   */
  take(changed: Iterable<Alert>, removed: Iterable<string>): readonly Alert[] {
    for (const id of removed) this.#waiting.delete(id);
    const fresh: Alert[] = [];
    for (const alert of changed) {
      const waits = alert.severity === "CRITICAL" && isUnacknowledged(alert);
      if (!waits) this.#waiting.delete(alert.id);
      else if (!this.#waiting.has(alert.id)) {
        this.#waiting.add(alert.id);
        fresh.push(alert);
      }
    }
    if (this.#primed) return fresh;
    this.#primed = true;
    return [];
  }
}
