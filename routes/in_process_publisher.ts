/**
 * Publishing without HTTP, for sources inside the process: the same validation, the same log.
 *
 * @module
 */
import type { EventLog } from "../actors/log/event_log.ts";
import type { Clock } from "../actors/ports.ts";
import { parseSubmission } from "../protocol/publish.ts";

/**
 * Lets a source publish in the JSON form of the HTTP interface.
 *
 * @param principal The name under which its events are known.
 * @returns Rejects when an event is not valid or was not stored.
 */
export function publishInProcess(
  eventLog: Pick<EventLog, "append">,
  clock: Clock,
  principal: string,
): (events: readonly unknown[]) => Promise<void> {
  return async (events) => {
    const now = clock.epochMillis();
    const submissions = events.map((event, index) => {
      const result = parseSubmission(event, `events[${index}]`, now);
      if (result.ok) return result.submission;
      const [fault] = result.faults;
      throw new TypeError(`${fault?.path}: ${fault?.message}`);
    });
    await eventLog.append(principal, submissions);
  };
}
