import assert from "node:assert/strict";
import { resetSync } from "@logtape/logtape";
import { createLogger, type LogOptions } from "../../../actors/observability/log.ts";
import type { Logger } from "../../../actors/ports.ts";

/** What a logger writes while a body uses it. */
function linesOf(options: Omit<LogOptions, "write">, body: (log: Logger) => void): string[] {
  const lines: string[] = [];
  try {
    body(createLogger({ ...options, write: (line) => lines.push(line) }));
  } finally {
    resetSync();
  }
  return lines;
}

/** A line for people, without its colours. */
// deno-lint-ignore no-control-regex
const plain = (line: string) => line.replaceAll(/\x1b\[[0-9;]*m/g, "");

Deno.test("a json line is one object with level, message and every property", () => {
  const [line, ...more] = linesOf({ level: "info", format: "json" }, (log) => {
    log.info("subscribed", {
      connectionId: "a1b2-00000001",
      channels: ["positions"],
      replay: true,
    });
  });
  assert.deepEqual(more, []);
  assert.doesNotMatch(line!, /\n/);
  const record = JSON.parse(line!);
  assert.equal(record.message, "subscribed");
  assert.match(record.level, /info/i);
  assert.ok(!Number.isNaN(Date.parse(record["@timestamp"])));
  assert.deepEqual(record.properties, {
    connectionId: "a1b2-00000001",
    channels: ["positions"],
    replay: true,
  });
});

Deno.test("a line for people shows the message and every property, the connection's id too", () => {
  const [line] = linesOf({ level: "info", format: "pretty" }, (log) => {
    log.info("closed", { connectionId: "a1b2-00000001", code: 4413, detail: undefined });
  });
  assert.match(plain(line!), /closed {2}connectionId=a1b2-00000001 {2}code=4413$/);
});

Deno.test("values with blanks and quotes are quoted, so that a line can be read back", () => {
  const [line] = linesOf({ level: "info", format: "pretty" }, (log) => {
    log.info("forced disconnect", { reason: 'too "loud"\nby far', list: [1, 2], nothing: null });
  });
  assert.equal(line!.split("\n").length, 1);
  assert.match(plain(line!), /reason="too \\"loud\\"\\nby far" {2}list=\[1,2\] {2}nothing=null$/);
});

Deno.test("no value can command the terminal", () => {
  const [line] = linesOf({ level: "info", format: "pretty" }, (log) => {
    log.info("forced disconnect", { reason: "\x1b[2Jgone", bell: "\x07" });
  });
  assert.equal(plain(line!).includes("\x1b"), false);
  assert.equal(line!.includes("\x1b[2J"), false);
  assert.equal(line!.includes("\x07"), false);
});

Deno.test("an error is written with its message and stack in both formats", () => {
  for (const format of ["json", "pretty"] as const) {
    const [line] = linesOf({ level: "info", format }, (log) => {
      log.error("connection failed", { connectionId: "c", error: new RangeError("boom") });
    });
    assert.match(line!, /boom/, format);
    assert.match(line!, /log_test\.ts/, format);
    assert.equal(line!.split("\n").length, 1, format);
  }
});

Deno.test("a message is never taken for a template", () => {
  for (const format of ["json", "pretty"] as const) {
    const [line] = linesOf({ level: "info", format }, (log) => {
      log.info("closed", { reason: "{secret}", secret: "hidden?" });
    });
    assert.match(line!, /\{secret\}/, format);
  }
});

Deno.test("only lines of the level and above are written", () => {
  const expected = {
    debug: ["d", "i", "w", "e"],
    info: ["i", "w", "e"],
    warning: ["w", "e"],
    error: ["e"],
  } as const;
  for (const [level, messages] of Object.entries(expected)) {
    const lines = linesOf({ level: level as keyof typeof expected, format: "json" }, (log) => {
      log.debug("d");
      log.info("i");
      log.warn("w");
      log.error("e");
    });
    assert.deepEqual(lines.map((line) => JSON.parse(line).message), messages);
  }
});

Deno.test("a second logger replaces the first, and after a reset nothing is written", () => {
  const first: string[] = [];
  const second: string[] = [];
  const options = { level: "info", format: "json" } as const;
  const old = createLogger({ ...options, write: (line) => first.push(line) });
  createLogger({ ...options, write: (line) => second.push(line) });
  old.info("once");
  resetSync();
  old.info("never");
  assert.deepEqual([first.length, second.length], [0, 1]);
});
