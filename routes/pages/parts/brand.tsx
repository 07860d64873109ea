/** @module The name of the product, with its mark. */
import type { VNode } from "preact";

/** The name of the product, with its mark. */
export function Brand(): VNode {
  return (
    <span class="brand">
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M1 11l4-2 3-5 3 4 4-6" />
      </svg>
      <span>Telemetry</span>
    </span>
  );
}
