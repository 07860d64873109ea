import assert from "node:assert/strict";
import { digestOfSecret } from "../../../routes/auth/api_keys.ts";
import { keysOf } from "../../../routes/auth/keys/edit_keys_file.ts";
import type { KeysOptions } from "../../../routes/cli/keys.ts";
import { EXIT } from "../../../routes/cli/exit_codes.ts";
import { manageKeys } from "../../../routes/cli/manage_keys.ts";
import { MemoryKeysFile } from "../../support/memory_keys_file.ts";
import { runInProcess } from "../../support/program.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

/** The commands on a file in memory. */
class Desk {
  readonly file = new MemoryKeysFile();
  out = "";
  errors: string[] = [];

  /** Runs `keys …`; returns the exit code. */
  async run(...args: readonly string[]): Promise<number> {
    this.out = "";
    this.errors = [];
    const { code, errors } = await runInProcess({
      args: ["keys", ...args],
      runs: {
        keys: (options) =>
          manageKeys(options, {
            open: () => this.file,
            clock: { epochMillis: () => NOW },
            write: (text) => void (this.out += text),
            printError: (line) => void this.errors.push(line),
          }),
      },
    });
    this.errors.push(...errors);
    return code;
  }

  get keys() {
    return keysOf(this.file.text, this.file.path);
  }
}

Deno.test("keys create writes the secret alone as the last line of the standard output", async () => {
  const desk = new Desk();
  const options = "--scopes subscribe,acknowledge --channels positions,risk.alert --traders 42,43";
  const code = await desk.run(
    ...["create", "desk", ...options.split(" "), "--portfolio", "--rate", "60", "--expires", "90d"],
  );
  assert.equal(code, 0);
  assert.match(desk.out, /^tgk_[\w-]{43}\n$/);
  const { secrets, ...rest } = desk.keys[0]!;
  assert.deepEqual(rest, {
    name: "desk",
    scopes: ["subscribe", "acknowledge"],
    channels: ["positions", "risk-alerts"],
    traders: ["42", "43"],
    portfolio: true,
    rateLimitPerSecond: 60,
    expiresAt: "2026-08-30T12:00:00.000Z",
    createdAt: "2026-06-01T12:00:00.000Z",
  });
  assert.equal(secrets[0]!.sha256, digestOfSecret(desk.out.trim()).toString("hex"));
  assert.match(desk.errors.join(), new RegExp(`desk with the secret ${secrets[0]!.id}`));
  assert.equal(`${desk.errors}${desk.file.text}`.includes(desk.out.trim()), false);
});

Deno.test("keys rotate adds a secret and names the one to revoke, which then is", async () => {
  const desk = new Desk();
  await desk.run("create", "desk", "--scopes", "subscribe");
  const first = desk.keys[0]!.secrets[0]!.id;
  assert.equal(await desk.run("rotate", "desk"), 0);
  const second = digestOfSecret(desk.out.trim()).toString("hex");
  assert.equal(desk.keys[0]!.secrets[1]!.sha256, second);
  assert.match(desk.errors.join(), new RegExp(`keys revoke desk --secret ${first}`));
  assert.equal(await desk.run("revoke", "desk", "--secret", first), 0);
  assert.deepEqual(desk.keys[0]!.secrets.map(({ sha256 }) => sha256), [second]);
  assert.equal(await desk.run("revoke", "desk"), 0);
  assert.deepEqual(desk.keys, []);
});

Deno.test("keys list shows names, rights and ids, and no digest", async () => {
  const desk = new Desk();
  assert.equal(await desk.run("list"), 0);
  assert.deepEqual([desk.out, desk.errors], ["", ["there is no keys.json"]]);
  await desk.run("create", "desk", "--scopes", "subscribe", "--traders", "42", "--expires", "1d");
  await desk.run("create", "robot", "--scopes", "publish");
  const [{ id, sha256 }] = desk.keys[0]!.secrets as [{ id: string; sha256: string }];
  await desk.run("list");
  const [head, first, second] = desk.out.split("\n");
  assert.match(head!, /^NAME +SCOPES +LIMITS +EXPIRES +SECRETS$/);
  const row = `^desk +subscribe +traders 42 +2026-06-02T12:00:00.000Z +${id} \\(2026-06-01\\)$`;
  assert.match(first!, new RegExp(row));
  assert.match(second!, /^robot +publish +none +never/);
  await desk.run("list", "--json");
  assert.equal(JSON.parse(desk.out)[0].secrets[0].id, id);
  assert.equal(desk.out.includes(sha256), false);
});

const REFUSED: readonly (readonly [args: string, message: RegExp, code: number])[] = [
  ["create desk", /--scopes: what may the key do\? a list of: subscribe, publish/, EXIT.usage],
  [
    "create desk --scopes all",
    /--scopes: unknown scope; use one of subscribe, publish/,
    EXIT.usage,
  ],
  ["create desk --scopes ,", /--scopes: expected at least one scope/, EXIT.usage],
  ["create --scopes subscribe", /NAME/i, EXIT.usage],
  ["create default --scopes subscribe", /NAME: reserved/, EXIT.usage],
  [
    "create desk --scopes subscribe --channels prices",
    /--channels: unknown channel; use one of/,
    EXIT.usage,
  ],
  ["create desk --scopes subscribe --rate much", /--rate: /, EXIT.usage],
  ["create desk --scopes subscribe --rate -5", /--rate: /, EXIT.usage],
  [
    "create desk --scopes subscribe --expires soon",
    /--expires: expected a time from now/,
    EXIT.usage,
  ],
  ["create desk --scopes subscribe --expires 2020-01-01", /in the future/, EXIT.usage],
  [
    "create desk --scopes subscribe --portfolio",
    /--portfolio: has no meaning without traders/,
    EXIT.usage,
  ],
  [
    "create desk --scopes admin --traders 42",
    /--scopes: .*leave channels and traders out/,
    EXIT.usage,
  ],
  ["create desk --scopes", /--scopes: needs a value/, EXIT.usage],
  ["rotate desk", /no key desk in the keys file; the file has none/, 1],
  ["revoke desk", /no key desk/, 1],
  ["remove desk", /remove: unknown command/, EXIT.usage],
  ["", /keys: needs a command: create, list, revoke, rotate/, EXIT.usage],
];

for (const [args, message, code] of REFUSED) {
  Deno.test(`"keys ${args}" is refused with what to do, and writes nothing`, async () => {
    const desk = new Desk();
    assert.equal(await desk.run(...args.split(" ").filter((arg) => arg !== "")), code);
    assert.match(desk.errors.join("\n"), message);
    assert.deepEqual([desk.out, desk.file.text], ["", undefined]);
  });
}

Deno.test("a name that is taken is told to be rotated, and a broken file by its line", async () => {
  const desk = new Desk();
  await desk.run("create", "desk", "--scopes", "subscribe");
  assert.equal(await desk.run("create", "desk", "--scopes", "publish"), 1);
  assert.match(desk.errors.join(), /there is a key desk; rotate it/);
  desk.file.text = desk.file.text!.replace('"subscribe"', '"subscrib"');
  for (const args of [["list"], ["create", "robot", "--scopes", "publish"]]) {
    assert.equal(await desk.run(...args), 1);
    assert.match(desk.errors.join(), /keys\.json:7: keys\[0\]\.scopes\[0\]/);
  }
});

Deno.test("the file is that of the configuration, in the data directory by default", async () => {
  const fileOf = async (args: readonly string[], env: Record<string, string> = {}) =>
    ((await runInProcess({ args: ["keys", "list", ...args], env })).keys as KeysOptions).file;
  assert.equal(await fileOf([]), "data/keys.json");
  assert.equal(await fileOf(["--data-dir", "/srv/t"]), "/srv/t/keys.json");
  assert.equal(await fileOf([], { TELEMETRY_KEYS_FILE: "/etc/k.json" }), "/etc/k.json");
  assert.equal(await fileOf(["--keys-file=/etc/f.json"]), "/etc/f.json");
});
