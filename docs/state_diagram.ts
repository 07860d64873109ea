/**
 * A statechart as a Mermaid diagram, read out of the machine itself.
 *
 * @module
 */
import type { AnyStateMachine } from "xstate";

/** What precedes the diagram in a document, and what follows it. */
export const DIAGRAM_MARKERS = {
  start: "<!-- generated from the machine: do not edit -->",
  end: "<!-- end of the generated part -->",
} as const;

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/**
 * Draws a flat machine: its states with their descriptions, and an arrow for each transition,
 * labelled `EVENT [guard] / effects`. Transitions of the machine as a whole start in every state
 * that is not final. Events that do the same share an arrow.
 *
 * @returns Text of a Mermaid `stateDiagram-v2`, without a line feed at its end.
 */
export function stateDiagram(machine: AnyStateMachine): string {
  const states = Object.entries(machine.states);
  const lines = states.flatMap(([name, node]) => [
    ...(idOf(name) === name ? [] : [`state "${name}" as ${idOf(name)}`]),
    ...(node.description === undefined ? [] : [`${idOf(name)} : ${plain(node.description)}`]),
  ]);
  const [initial] = machine.root.initial.target;
  lines.push(`[*] --> ${idOf(initial!.key)}`);
  for (const [name, node] of states) {
    if (node.type === "final") {
      lines.push(`${idOf(name)} --> [*]${labelled(node.entry)}`);
      continue;
    }
    const transitions = [...node.transitions.values(), ...machine.root.transitions.values()].flat();
    const arrows = transitions.map(({ eventType, guard, actions, target }): Arrow => {
      const condition = guard === undefined ? "" : ` [${nameOf(guard)}]`;
      const to = target?.[0]?.key ?? name;
      return { from: name, to, label: `${eventType}${condition}${effects(actions)}` };
    });
    for (const { from, to, label } of merge(arrows)) {
      lines.push(`${idOf(from)} --> ${idOf(to)} : ${label}`);
    }
  }
  return ["stateDiagram-v2", ...lines.map((line) => `    ${line}`)].join("\n");
}

/**
 * Replaces what stands between {@link DIAGRAM_MARKERS} by a diagram.
 *
 * @throws {Error} When the document has no markers.
 */
export function withDiagram(document: string, diagram: string): string {
  const { start, end } = DIAGRAM_MARKERS;
  const from = document.indexOf(start);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error("the document has no place for the diagram");
  const block = `${start}\n\n\`\`\`mermaid\n${diagram}\n\`\`\`\n\n`;
  return document.slice(0, from) + block + document.slice(to);
}

/** Joins arrows that differ in their events alone. */
function merge(arrows: readonly Arrow[]): readonly Arrow[] {
  const merged = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const [event, rest = ""] = split(arrow.label);
    const key = `${arrow.from} ${arrow.to} ${rest}`;
    const label = merged.get(key)?.label;
    const events = label === undefined ? event : `${split(label)[0]}, ${event}`;
    merged.set(key, { ...arrow, label: events + rest });
  }
  return [...merged.values()];
}

/** `EVENT [guard] / effects` → the event, and the rest with its space. */
function split(label: string): readonly [event: string, rest: string] {
  const at = label.search(/ [[/]/);
  return at < 0 ? [label, ""] : [label.slice(0, at), label.slice(at)];
}

function effects(actions: readonly unknown[]): string {
  return actions.length === 0 ? "" : ` / ${actions.map(nameOf).join(", ")}`;
}

function labelled(actions: readonly unknown[]): string {
  return actions.length === 0 ? "" : ` :${effects(actions)}`;
}

/** The name of a guard or an action: a text, or an object with a type. */
function nameOf(reference: unknown): string {
  return typeof reference === "string" ? reference : (reference as { type: string }).type;
}

/** Mermaid takes no dash in an id. */
function idOf(name: string): string {
  return name.replaceAll("-", "_");
}

/** Mermaid ends a text at a colon or a semicolon. */
function plain(text: string): string {
  return text.replaceAll(":", " –").replaceAll(";", ",");
}
