/**
 * Plays scenarios with a client that is a program of its own.
 *
 * @module
 */
import { TextLineStream } from "./text_lines.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { PATIENCE_MS, Stage } from "./stage.ts";

/** A program with its arguments. */
export type Subject = readonly [program: string, ...args: string[]];

/** How a scenario went: nothing, or what was wrong. */
export type Verdict = string | undefined;

/** Plays one scenario. @param patienceMs How long a client may take to come to the truth, in ms. */
export async function play(
  scenario: Scenario,
  [program, ...args]: Subject,
  patienceMs: number = PATIENCE_MS,
): Promise<Verdict> {
  await using stage = new Stage(patienceMs);
  const child = new Deno.Command(program, {
    args,
    env: { GATEWAY: stage.url, TELEMETRY_API_KEY: "conformance-key", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const heard = (async () => {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    );
    for await (const line of lines) stage.beliefs.take(line);
  })();
  let verdict: Verdict;
  try {
    await scenario.play(stage);
  } catch (error) {
    verdict = (error as Error).message;
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended by itself.
    }
    await Promise.all([child.status, heard]);
  }
  const errors = (await said).trim();
  return verdict !== undefined && errors !== "" ? `${verdict}\nit wrote: ${errors}` : verdict;
}

/**
 * Plays scenarios, several at a time: most of their time is waiting.
 *
 * @param done Called with each as it ends.
 */
export async function playAll(
  scenarios: readonly Scenario[],
  subject: Subject,
  atOnce: number,
  done: (scenario: Scenario, verdict: Verdict) => void,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const waiting = [...scenarios];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      done(next, await play(next, subject, patienceMs));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
