import assert from "node:assert/strict";
import { setup } from "xstate";
import { DIAGRAM_MARKERS, stateDiagram, withDiagram } from "../docs/state_diagram.ts";

Deno.test("a diagram shows states, guards, effects and what every state has in common", () => {
  const machine = setup({
    guards: { isDark: () => true },
    actions: { light: () => {}, ring: () => {} },
  }).createMachine({
    id: "lamp",
    initial: "off",
    on: { BREAK: ".burnt-out", FALL: ".burnt-out" },
    states: {
      off: {
        description: "Dark: ready; waiting",
        on: { PRESS: [{ guard: "isDark", target: "on", actions: ["light", "ring"] }] },
      },
      on: { on: { PRESS: { target: "off" }, TAP: { actions: "ring" } } },
      "burnt-out": { type: "final", entry: "ring" },
    },
  });
  assert.equal(
    stateDiagram(machine),
    `stateDiagram-v2
    off : Dark – ready, waiting
    state "burnt-out" as burnt_out
    [*] --> off
    off --> on : PRESS [isDark] / light, ring
    off --> burnt_out : BREAK, FALL
    on --> off : PRESS
    on --> on : TAP / ring
    on --> burnt_out : BREAK, FALL
    burnt_out --> [*] : / ring`,
  );
});

Deno.test("a diagram replaces what stood between the markers and nothing else", () => {
  const { start, end } = DIAGRAM_MARKERS;
  const block = `${start}\n\n\`\`\`mermaid\nnew\n\`\`\`\n\n${end}`;
  assert.equal(
    withDiagram(`# Title\n${start}\nold\n${end}\nmore\n`, "new"),
    `# Title\n${block}\nmore\n`,
  );
  assert.throws(() => withDiagram("# Title\n", "new"), /no place/);
});
