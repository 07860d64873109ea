import assert from "node:assert/strict";
import { successEnvelope } from "../../../protocol/api.ts";
import { parseSubmission } from "../../../protocol/publish.ts";
import { playFile, type TapeIo } from "../../../routes/cli/tape/play_file.ts";
import { streamOf } from "./tape/bytes.ts";
import type { TapeOptions } from "../../../routes/cli/tape.ts";
import { runInProcess } from "../../support/program.ts";
import { TestClock } from "../../support/test_clock.ts";

const KEY = "dev_secret";
const QUOTES = "20200101 170000000,1.1,1.2,0\n20200101 170000000,1.2,1.3,0\n" +
  "20200101 170030000,1.3,1.4,0\n";

interface Request {
  readonly url: string;
  readonly key: string | null;
  readonly events: Record<string, unknown>[];
}

interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly answer?: (request: Request) => Response;
}

/** The program with everything around it made up, and what it did. */
function world({ files = {}, env = {}, isTerminal = false, answer }: World) {
  const clock = new TestClock();
  const interrupt = new AbortController();
  const requests: Request[] = [];
  const seen = { stdout: "", stderr: "" };
  const missing = (path: string) => Promise.reject(new Error(`No such file (${path})`));
  const io: TapeIo = {
    stdout: (text) => void (seen.stdout += text),
    stderr: (text) => void (seen.stderr += text),
    isTerminal,
    env: (name) => env[name],
    readText: (path) => path in files ? Promise.resolve(files[path]!) : missing(path),
    open: (path) =>
      path in files
        ? Promise.resolve({
          stream: streamOf(files[path]!),
          bytes: files[path]!.length,
          modified: 0,
        })
        : missing(path),
    clock,
    random: () => 0,
    signal: interrupt.signal,
    fetch: (url, init) => {
      const headers = new Headers(init!.headers);
      const events = String(init!.body).split("\n").map((line) => JSON.parse(line));
      const request = { url: String(url), key: headers.get("x-api-key"), events };
      requests.push(request);
      const receipt = { accepted: events.length, duplicates: 0, last: {} };
      return Promise.resolve(
        answer?.(request) ?? Response.json(successEnvelope(receipt, 0), { status: 202 }),
      );
    },
  };
  const run = async (...args: string[]) => {
    const runs = { tape: (options: TapeOptions) => playFile(options, io) };
    const { code, errors } = await runInProcess({ args: ["tape", ...args], env, runs });
    for (const line of errors) io.stderr(`${line}\n`);
    return code;
  };
  return { clock, interrupt, requests, seen, run };
}

const PLAY = ["q.csv", "--symbol", "EURUSD"] as const;
const FILES = { "q.csv": QUOTES };
const ENV = { TELEMETRY_API_KEY: KEY };

Deno.test("tape publishes a file at the asked speed and sums up", async () => {
  const { clock, requests, seen, run } = world({ files: FILES, env: ENV });
  const exit = run(...PLAY, "--speed", "60", "--source", "history");
  await clock.advanceAsync(499);
  assert.equal(requests.length, 1);
  await clock.advanceAsync(1);
  assert.equal(await exit, 0);
  assert.equal(requests.length, 2);
  assert.equal(requests[0]?.url, "http://127.0.0.1:8080/api/v1/telemetry/events");
  assert.equal(requests[0]?.key, KEY);
  assert.deepEqual(requests[1]?.events[0]?.["data"], {
    symbol: "EURUSD",
    price: "1.35",
    source: "history",
    isSnapshot: false,
    updatedAt: "2020-01-01T17:00:30.000Z",
  });
  for (const event of requests.flatMap(({ events }) => events)) {
    assert.ok(parseSubmission(event, "event", 0).ok);
  }
  assert.equal(
    seen.stdout,
    "played 3 rows in 0.5 s (6/s), 3 stored, 0 duplicates, 0 bad rows skipped\n",
  );
  assert.equal(seen.stderr, "");
});

Deno.test("tape gives a row the same eventId each time, and another when the event differs", async () => {
  const ids = async (...args: string[]) => {
    const { requests, run } = world({ files: FILES, env: ENV });
    assert.equal(await run(...PLAY, "--speed", "max", ...args), 0);
    return requests.flatMap(({ events }) => events.map((event) => String(event["eventId"])));
  };
  const first = await ids();
  assert.equal(new Set(first).size, 3);
  assert.match(first[0]!, /^tape-[0-9a-f]{16}-1$/);
  assert.deepEqual(await ids(), first);
  assert.deepEqual(await ids("--limit", "2"), first.slice(0, 2));
  for (const change of [["--source", "x"], ["--run", "2"], ["--symbol", "EURGBP"]]) {
    assert.notEqual((await ids(...change))[0], first[0]);
  }
});

Deno.test("tape tells why a repetition shows nothing", async () => {
  const receipt = { accepted: 0, duplicates: 3, last: {} };
  const answer = () => Response.json(successEnvelope(receipt, 0), { status: 202 });
  const { seen, run } = world({ files: FILES, env: ENV, answer });
  assert.equal(await run(...PLAY, "--speed", "max"), 0);
  assert.match(seen.stdout, /0 stored, 3 duplicates.*--run NAME/);
});

Deno.test("tape finds its key, the named file first, and keeps the development key at home", async () => {
  const files = {
    ...FILES,
    "key.txt": "from-file\n",
    "data/development.key": "dev-default\n",
    "elsewhere/development.key": "dev-elsewhere\n",
  };
  const key = async (env: Record<string, string>, ...args: string[]) => {
    const { requests, run } = world({ files, env });
    assert.equal(await run(...PLAY, "--speed", "max", ...args), 0);
    return requests[0]!.key;
  };
  const both = { TELEMETRY_API_KEY: "one", FMPS_API_KEY: "two" };
  assert.equal(await key(both, "--api-key-file", "key.txt"), "from-file");
  assert.equal(await key(both), "one");
  assert.equal(await key({ FMPS_API_KEY: "two" }), "two");
  assert.equal(await key({ TELEMETRY_DATA_DIR: "elsewhere" }), "dev-elsewhere");
  assert.equal(await key({}), "dev-default");

  const remote = world({ files });
  assert.equal(await remote.run(...PLAY, "--url", "https://gateway.test"), 78);
  assert.match(remote.seen.stderr, /^error: no key: set TELEMETRY_API_KEY/);
  assert.equal(remote.requests.length, 0);
});

Deno.test("tape never prints a key, not even a broken one", async () => {
  const { seen, run } = world({ files: FILES, env: { TELEMETRY_API_KEY: "gehe im" } });
  assert.equal(await run(...PLAY), 78);
  assert.equal(
    seen.stderr,
    "error: TELEMETRY_API_KEY is empty or has characters that no key has\n",
  );
});

Deno.test("tape answers columns that cannot be read with one line that says what to name", async () => {
  const faults: [args: string[], message: RegExp][] = [
    [["q.csv", "--columns", "time,price"], /^error: unknown column "time"; use timestamp/],
    [["q.csv"], /^error: .*which symbol/],
  ];
  for (const [args, message] of faults) {
    const { seen, run, requests } = world({ files: FILES, env: ENV });
    assert.equal(await run(...args), 64);
    assert.match(seen.stderr, message);
    assert.match(seen.stderr, /; tape --help explains --columns and --symbol\n$/);
    assert.deepEqual([seen.stdout, requests.length], ["", 0]);
  }
});

Deno.test("a gateway that cannot be reached is tried again, then ends the tape with exit code 69", async () => {
  const answer = () => new Response("", { status: 503 });
  const { clock, seen, run } = world({ files: FILES, env: ENV, answer });
  const exit = run(...PLAY);
  await clock.advanceAsync(120_000);
  assert.equal(await exit, 69);
  assert.match(seen.stderr, /trying again in .*\nerror: gave up after \d+ attempts in \d+ s; /s);
});

Deno.test("tape says which file or row it could not read", async () => {
  const absent = world({ env: ENV });
  assert.equal(await absent.run("absent.csv"), 1);
  assert.equal(absent.seen.stderr, "error: absent.csv: No such file (absent.csv)\n");

  const files = { "q.csv": `${QUOTES}20200101 170030000,x,1.4,0\n` };
  const strict = world({ files, env: ENV });
  assert.equal(await strict.run(...PLAY, "--speed", "max"), 1);
  assert.match(strict.seen.stderr, /3 rows were stored before this:\nerror: line 4: bid "x"/);

  const lenient = world({ files, env: ENV });
  assert.equal(await lenient.run(...PLAY, "--speed", "max", "--skip-bad-rows"), 0);
  assert.match(lenient.seen.stderr, /^skipped line 4: bid "x"/);
  assert.match(lenient.seen.stdout, /1 bad rows skipped/);
});

Deno.test("tape ends with a message when the gateway refuses", async () => {
  const answer = () => new Response("", { status: 401 });
  const { seen, run } = world({ files: FILES, env: ENV, answer });
  assert.equal(await run(...PLAY), 1);
  assert.match(seen.stderr, /answered 401.*is the key the one of this gateway\?/);
  assert.ok(!seen.stderr.includes(KEY));
});

Deno.test("tape ends cleanly at Ctrl-C, with a summary", async () => {
  const { clock, interrupt, seen, run } = world({ files: FILES, env: ENV });
  const exit = run(...PLAY);
  await clock.advanceAsync(5_000);
  interrupt.abort();
  assert.equal(await exit, 0);
  assert.match(seen.stdout, /^stopped after 2 rows in 5\.0 s/);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("tape rewrites its progress on a terminal, and writes a line every ten seconds elsewhere", async () => {
  const files = { "q.csv": `${QUOTES}20200101 170100000,1.3,1.4,0\n` };
  const terminal = world({ files, env: ENV, isTerminal: true });
  const shown = terminal.run(...PLAY);
  await terminal.clock.advanceAsync(60_000);
  assert.equal(await shown, 0);
  const frames = terminal.seen.stderr.split("\r\x1b[K").slice(1);
  assert.ok(frames.length >= 59 && frames.every((frame) => !frame.includes("\n")));
  assert.match(
    frames[0]!,
    /^2 rows {2}\d+\.\d % {2}2\/s {2}lag 0\.0 s {2}0:\d\d left {2}tape at 2020-01-01T17:00:00Z$/,
  );
  assert.equal(frames.at(-1), "", "the line is cleared before the summary");

  const file = world({ files, env: ENV });
  const logged = file.run(...PLAY);
  await file.clock.advanceAsync(60_000);
  assert.equal(await logged, 0);
  assert.equal(file.seen.stderr.trimEnd().split("\n").length, 6);
  assert.ok(!file.seen.stderr.includes("\x1b"));
});
