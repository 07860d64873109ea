/** @module Says that a key does not include what a view shows. */
import type { VNode } from "preact";

/** The explanation. */
export function NotPart({ channel }: { readonly channel: string }): VNode {
  return (
    <section class="panel empty">
      <h2>This key does not include {channel}</h2>
      <p>
        It is limited to other channels. Ask whoever gave you the key for one that includes{" "}
        <code>{channel}</code>.
      </p>
    </section>
  );
}
