// deno-lint-ignore-file no-console -- its output is what the test reads
/**
 * A publisher with a file outbox that is killed again and again by `client_outbox_test.ts`: publishes
 * `e1`, `e2`, … as fast as it may, and prints each number once it is in the file.
 *
 * @module
 */
import { fileOutbox } from "../../protocol/client/file_outbox.ts";
import { publisher, type PublishEvent } from "../../protocol/client/mod.ts";

const [url, path, from, to] = Deno.args as [string, string, string, string];
const file = fileOutbox(path);
let last = Number(from) - 1;
const out = publisher({
  url,
  key: Deno.env.get("TELEMETRY_API_KEY")!,
  outbox: {
    open: () => file.open(),
    close: () => file.close(),
    remove: (ids) => file.remove(ids),
    append: async (entries) => {
      await file.append(entries);
      last += entries.length;
      console.log(last);
    },
  },
});
for (let n = Number(from); n <= Number(to); n++) {
  const event: PublishEvent<"risk-alerts"> = {
    channel: "risk-alerts",
    eventId: `e${n}`,
    data: {
      id: `alert-${n}`,
      severity: "WARNING",
      message: "limit",
      violations: [],
      status: "ACTIVE",
    },
  };
  out.publish(event);
  // As fast as the file takes them, not faster than the gateway.
  while (last < n || out.pending > 200) await new Promise((resolve) => setTimeout(resolve, 1));
}
await out.flush();
await out.close();
