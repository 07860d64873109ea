// deno-lint-ignore-file no-console -- printing what it believes is what it is for
/**
 * The project's client as the conformance check asks for it: it prints what it believes. It is
 * written without types, so that a test can run it on Node as well.
 *
 * @module
 */
import { connect, Gap } from "../../../protocol/client/mod.ts";

const print = (line = {}) => console.log(JSON.stringify(line));
const gateway = connect({
  url: String(Deno.env.get("GATEWAY")),
  key: String(Deno.env.get("TELEMETRY_API_KEY")),
  clientId: "tested",
});
gateway.on("state", ({ status }) => status !== "connecting" && print({ state: status }));
const positions = gateway.table("positions");
positions.on("change", () => {
  const prices = [...positions].map(([id, { currentPrice }]) => [id, currentPrice]);
  print({ table: Object.fromEntries(prices) });
});
let since;
while (gateway.state.status !== "ended") {
  try {
    for await (const event of gateway.log("risk-alerts", since === undefined ? {} : { since })) {
      print({ log: event.seq });
    }
  } catch (error) {
    if (!(error instanceof Gap)) break;
    print({ gap: error.reason });
    since = error.resumeAt;
  }
}
