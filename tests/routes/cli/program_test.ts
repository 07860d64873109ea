/**
 * One program: every command has help, one style of errors and one set of exit codes.
 *
 * @module
 */
import assert from "node:assert/strict";
import metadata from "../../../deno.json" with { type: "json" };
import type { Command } from "commander";
import { CONFIG_OPTIONS } from "../../../protocol/config/options.ts";
import { CommandError } from "../../../routes/cli/command_error.ts";
import { EXIT, EXIT_MEANINGS } from "../../../routes/cli/exit_codes.ts";
import { createProgram } from "../../../routes/cli/program.ts";
import { commandPath } from "../../../routes/cli/usage.ts";
import { EMPTY_CONTEXT, runInProcess } from "../../support/program.ts";

/** Every command line that does something, below a command. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

const COMMANDS = leaves(createProgram(EMPTY_CONTEXT, () => {})).map(commandPath);

Deno.test("the commands are those of the documentation", () => {
  assert.deepEqual(COMMANDS, [
    "serve",
    "tail",
    "tape",
    "config print",
    "config check",
    "backup",
    "epoch rotate",
    "keys create",
    "keys list",
    "keys revoke",
    "keys rotate",
  ]);
});

for (const path of ["", ...COMMANDS]) {
  Deno.test(`"${path} --help" explains every option and gives examples`, async () => {
    const { code, out, errors } = await runInProcess({
      args: [...path.split(" "), "--help"].filter(Boolean),
    });
    assert.deepEqual([code, errors], [0, []]);
    assert.match(out, /^Usage: telemetry-gateway/);
    assert.match(out, /\nexamples:\n {2}.*telemetry-gateway/);
    for (const line of out.split("\n")) assert.ok(line.length <= 100, line);
    assert.deepEqual(
      (await runInProcess({ args: [...path.split(" "), "-h"].filter(Boolean) })).out,
      out,
    );
  });
}

Deno.test("serve --help names every option of the configuration, its variable, default and bounds", async () => {
  const { out } = await runInProcess({ args: ["serve", "--help"] });
  const text = out.replaceAll(/\s+/g, " ");
  for (const option of CONFIG_OPTIONS) {
    assert.ok(out.includes(`\n  ${option.flag}`), option.flag);
    const expected = `Allowed: ${option.allowed}.`.replaceAll(/\s+/g, " ");
    assert.ok(text.includes(expected) && text.includes(`[${option.variable}]`), option.path);
  }
  assert.match(text, /--port NUMBER The port .* Default: 8080\. \[TELEMETRY_PORT\]/);
});

Deno.test("--version prints the version, after the program's name and after serve", async () => {
  for (const args of [["--version"], ["serve", "--version"]]) {
    const { code, out } = await runInProcess({ args });
    assert.deepEqual([code, out], [0, `telemetry-gateway ${metadata.version}\n`]);
  }
});

Deno.test("without a command the gateway is served, with serve's options", async () => {
  for (const args of [["--port", "9"], ["serve", "--port", "9"]]) {
    const { serve } = await runInProcess({ args });
    assert.equal(serve?.config.server.port, 9, args.join(" "));
  }
});

/** Command lines that cannot be understood, and what is said. */
const USAGE: readonly (readonly [line: string, says: RegExp])[] = [
  ["tial", /^tial: unknown command; did you mean tail\?$/],
  ["zzzzzzzz", /^zzzzzzzz: unknown command; --help lists the commands$/],
  ["8080", /^8080: unknown command/],
  ["epoch", /^epoch: needs a command: rotate$/],
  ["epoch rotat", /^rotat: unknown command; did you mean rotate\?$/],
  ["config", /^config: needs a command: print, check$/],
  ["config print x", /^x: unexpected argument; config print --help explains it$/],
  ["--prot 1", /^--prot: unknown option; did you mean --port\?$/],
  ["--seed 1", /^--seed: unknown option; did you mean --demo-seed\?$/],
  ["--zzzzzzzzz", /^--zzzzzzzzz: unknown option; serve --help explains it$/],
  ["--no-port", /^--no-port: unknown option/],
  ["-p 1", /^-p: unknown option/],
  ["--no-demo=true", /^--no-demo: takes no value$/],
  ["--port", /^--port: needs a value; expected an integer from 0 to 65535$/],
  ["--host --demo", /^--host: needs a value/],
  ["--config", /^--config: needs a value; expected the path of a file$/],
  ["tail prices", /^prices: unknown channel; use risk-alerts/],
  ["tail positon", /^positon: unknown channel; did you mean positions\?$/],
  ["tail --replays", /^--replays: unknown option; did you mean --replay\?$/],
  ["tail --replay=secret", /^--replay: takes no value$/],
  ["tail --url nowhere", /^--url: expected an address such as/],
  ["tail --url", /^--url: needs a value; expected an address/],
  ["tail --url http://u:secret@h", /^--url: expected an address without credentials/],
  ["tape", /^tape: FILE is missing; tape --help explains it$/],
  ["tape a b", /^b: unexpected argument; tape --help explains it$/],
  ["tape q.csv --sped 2", /^--sped: unknown option; did you mean --speed\?$/],
  ["tape q.csv --speed fast", /^--speed fast: expected a number from 0 to 1000000, or max$/],
  ["tape q.csv --speed=-1", /^--speed -1: expected/],
  ["tape q.csv --speed", /^--speed: needs a value; expected a number/],
  ["tape q.csv --limit 1.5", /^--limit 1\.5: expected a whole number of 1 or more$/],
  [
    "tape q.csv --api-key secret",
    /^--api-key: unknown option; a key is never a flag.* or name a file with --api-key-file$/,
  ],
  ["backup", /^backup: FILE is missing/],
  ["backup a b", /^b: unexpected argument/],
  ["backup a --url here", /^--url: expected an address/],
  ["backup a --fast", /^--fast: unknown option/],
];

for (const [line, says] of USAGE) {
  Deno.test(`"${line}" is answered with one line and exit code 64`, async () => {
    const { code, out, errors, ...ran } = await runInProcess({ args: line.split(" ") });
    assert.deepEqual([code, out, errors.length, ran], [EXIT.usage, "", 1, {}], errors.join("\n"));
    assert.match(errors[0]!, /^error: /);
    assert.match(errors[0]!.slice("error: ".length), says);
    assert.doesNotMatch(errors[0]!, /secret/);
  });
}

Deno.test("a value that begins with dashes is written behind an equals sign", async () => {
  const { tape } = await runInProcess({ args: ["tape", "q.csv", "--symbol=--X"] });
  assert.equal(tape?.symbol, "--X");
});

Deno.test("a command's error is one line with its exit code, and a fault keeps its stack", async () => {
  const failing = (error: Error) =>
    runInProcess({ args: ["tail"], runs: { tail: () => Promise.reject(error) } });
  const { code, errors } = await failing(new CommandError("gone\n away", EXIT.unavailable));
  assert.deepEqual([code, errors], [69, ["error: gone away"]]);
  await assert.rejects(failing(new TypeError("x is undefined")), TypeError);
});

Deno.test("exit codes are distinct, and each has a meaning", () => {
  const codes = Object.values(EXIT);
  assert.equal(new Set(codes).size, codes.length);
  assert.deepEqual(Object.keys(EXIT_MEANINGS), Object.keys(EXIT));
});
