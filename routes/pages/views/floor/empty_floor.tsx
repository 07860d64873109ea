/** @module A floor on which nothing has been published: how to begin. */
import type { VNode } from "preact";
import { useSignal } from "@preact/signals";
import type { Live } from "../../data/live.ts";

const EXAMPLE = {
  channel: "trader-status",
  data: {
    id: "first",
    name: "First trader",
    status: "RUNNING",
    exchange: "binance",
    symbol: "BTCUSDT",
    strategy: "by hand",
    reason: "started from the command line",
  },
};

/** A command that publishes the example with the development key of the project's folder. */
export function publishCommand(origin: string): string {
  return [
    `curl ${origin}/api/v1/telemetry/events \\`,
    `  -H "X-API-Key: $(cat data/development.key)" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(EXAMPLE)}'`,
  ].join("\n");
}

/** The explanation. */
export function EmptyFloor({ live }: { readonly live: Live }): VNode {
  const copied = useSignal(false);
  const command = publishCommand(location.origin);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    copied.value = true;
    setTimeout(() => copied.value = false, 2_000);
  };
  return (
    <section class="panel empty">
      <h2>Nothing has been published yet</h2>
      <p>
        The gateway runs and this page is connected. Traders, positions, alerts and prices appear
        here as soon as a trading core publishes them. The first event, from the project's folder:
      </p>
      <pre tabIndex={0}><code>{command}</code></pre>
      <p>
        <button type="button" class="primary" onClick={copy}>
          {copied.value ? "Copied" : "Copy the command"}
        </button>
      </p>
      <p class="muted">
        With a key of your own put that in the place of{" "}
        <code>$(cat data/development.key)</code>; it needs the scope{" "}
        <code>publish</code>. For a floor that is alive at once, start the gateway with{" "}
        <code>deno task demo</code>. You are signed in as <b>{live.session.principal}</b>.
      </p>
    </section>
  );
}
