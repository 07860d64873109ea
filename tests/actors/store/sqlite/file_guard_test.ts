import assert from "node:assert/strict";
import {
  FileGuard,
  identifyFile,
  isSameFile,
  logPath,
  markerPath,
  PARKED_POLL_MILLIS,
} from "../../../../actors/store/sqlite/file_guard.ts";
import { TempDir } from "../../../support/store_fixture.ts";

/** A guard over two files that stand for a database and its log, and the time it believes in. */
function guarded(directory: string) {
  const path = `${directory}/data/telemetry.db`;
  Deno.mkdirSync(`${directory}/data`);
  for (const name of [path, logPath(path)]) Deno.writeTextFileSync(name, "x");
  const clock = { now: 1_000 };
  const guard = new FileGuard(path, () => clock.now);
  const later = () => {
    clock.now += PARKED_POLL_MILLIS;
    return guard.check();
  };
  return { path, guard, clock, later };
}

/** What may happen to the files of a store, and what is said of it. */
const EXCHANGES: Readonly<Record<string, readonly [(path: string) => void, RegExp]>> = {
  "a removed database": [(path) => Deno.removeSync(path), /it is gone/],
  "a renamed database": [(path) => Deno.renameSync(path, `${path}.old`), /it is gone/],
  "a database that took its place": [(path) => {
    Deno.writeTextFileSync(`${path}.new`, "x");
    Deno.renameSync(`${path}.new`, path);
  }, /another file is in its place/],
  "a removed log": [(path) => Deno.removeSync(logPath(path)), /another file/],
  "a removed directory": [
    (path) => Deno.removeSync(path.slice(0, path.lastIndexOf("/")), { recursive: true }),
    /it is gone/,
  ],
};

for (const [name, [exchange, says]] of Object.entries(EXCHANGES)) {
  Deno.test(`${name} is noticed at the next look, with the remedy, and a marker is left`, () => {
    using directory = new TempDir();
    const { path, later } = guarded(directory.path);
    assert.equal(later(), undefined);
    exchange(path);
    const failure = later();
    assert.equal(failure?.code, "replaced");
    assert.match(failure.message, says);
    assert.match(
      failure.message,
      /deno task backup FILE.* restart the gateway, which begins a new/,
    );
    assert.equal(Deno.statSync(markerPath(path)).mode! & 0o777, 0o600);
  });
}

Deno.test("a look is taken at most every 250 ms, and at once when asked for", () => {
  using directory = new TempDir();
  const { path, guard, clock } = guarded(directory.path);
  Deno.removeSync(path);
  clock.now += PARKED_POLL_MILLIS - 1;
  assert.equal(guard.check(), undefined);
  assert.equal(guard.check(true)?.code, "replaced");
});

Deno.test("what was noticed stays, also when the right file is back, and so does the marker", () => {
  using directory = new TempDir();
  const { path, later } = guarded(directory.path);
  Deno.renameSync(path, `${path}.old`);
  assert.equal(later()?.code, "replaced");
  Deno.renameSync(`${path}.old`, path);
  Deno.removeSync(markerPath(path));
  assert.equal(later()?.code, "replaced");
  assert.ok(identifyFile(markerPath(path)));
});

Deno.test("where no marker can be left the message says what to do instead", () => {
  using directory = new TempDir();
  const { path, later } = guarded(directory.path);
  Deno.removeSync(`${directory.path}/data`, { recursive: true });
  Deno.writeTextFileSync(`${directory.path}/data`, "a file");
  assert.match(later()!.message, /run deno task epoch rotate before, as no marker could be left/);
  assert.equal(identifyFile(path), undefined);
});

Deno.test("a system without inodes is never told that a file was exchanged", () => {
  assert.equal(isSameFile({ dev: 1, ino: null }, { dev: 2, ino: null }), true);
  assert.equal(isSameFile({ dev: 1, ino: 3 }, { dev: 1, ino: 4 }), false);
  assert.equal(isSameFile({ dev: 1, ino: 3 }, undefined), false);
});
