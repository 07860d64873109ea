/** @module A floor on which nothing has been published: how to begin. */
import type { VNode } from "preact";
import { useSignal } from "@preact/signals";
import { requestTicket, type Session } from "../../app/session.ts";
import type { Live } from "../../data/live.ts";
import { firstEventCommand, type Publisher } from "../../logic/first_event.ts";

/** The name of the key that the gateway makes for itself on loopback. */
const DEVELOPMENT = "development";

/** The explanation. */
export function EmptyFloor({ live }: { readonly live: Live }): VNode {
  const said = useSignal<string | undefined>(undefined);
  const publisher = publisherOf(live.session);
  const copy = async () => {
    try {
      const ticket = publisher.kind === "ticket" ? await requestTicket() : undefined;
      const full = ticket === undefined ? publisher : { kind: "ticket", ticket } as const;
      await navigator.clipboard.writeText(firstEventCommand(location.origin, full));
      said.value = ticket === undefined
        ? "Copied."
        : "Copied, with a ticket that counts once, within a minute.";
    } catch {
      said.value = "It could not be copied; select the text instead.";
    }
  };
  return (
    <section class="panel empty">
      <h2>Nothing has been published yet</h2>
      <p>
        The gateway runs and this page is connected. Traders, positions, alerts and prices appear
        here as soon as a trading core publishes them. The first event
        {publisher.kind === "development" && ", from the project's folder"}:
      </p>
      <pre tabIndex={0}><code>{firstEventCommand(location.origin, publisher)}</code></pre>
      <p class="copy">
        <button type="button" class="primary" onClick={copy}>Copy the command</button>
        <span role="status">{said}</span>
      </p>
      <p class="muted">
        {publisher.kind === "ticket" && (
          <>The copy has a ticket in the place of the dots: for one use, within a minute.{" "}</>
        )}
        {publisher.kind === "key" && (
          <>
            Your key may not publish: put one with the scope <code>publish</code> into{" "}
            <code>KEY</code> first.{" "}
          </>
        )}
        For a floor that is alive at once, start the gateway with <code>deno task demo</code>.
      </p>
    </section>
  );
}

function publisherOf({ principal, scopes }: Session): Publisher {
  if (!scopes.includes("publish")) return { kind: "key" };
  return { kind: principal === DEVELOPMENT ? "development" : "ticket" };
}
