/** @module The severity of an alert, as a shape, a colour and a word. */
import type { VNode } from "preact";
import type { Alert } from "../logic/alerts.ts";

const SHAPES: Readonly<Record<Alert["severity"], string>> = {
  CRITICAL: "▲",
  WARNING: "◆",
  INFO: "●",
};

/** The word for it. */
export function severityWord(severity: Alert["severity"]): string {
  return severity.charAt(0) + severity.slice(1).toLowerCase();
}

/** The shape; the word is for those who cannot see it. */
export function SeverityShape({ severity }: { readonly severity: Alert["severity"] }): VNode {
  return (
    <span class="shape" role="img" aria-label={severityWord(severity)}>{SHAPES[severity]}</span>
  );
}

/** Shape and word. */
export function Severity({ severity }: { readonly severity: Alert["severity"] }): VNode {
  return (
    <span class={`severity ${severity.toLowerCase()}`}>
      <span class="shape" aria-hidden="true">{SHAPES[severity]}</span>{" "}
      <span class="word">{severityWord(severity)}</span>
    </span>
  );
}
