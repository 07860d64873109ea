import assert from "node:assert/strict";
import { compareKeys } from "../../../protocol/keys/changes.ts";
import {
  createKey,
  KeyError,
  revokeKey,
  revokeSecret,
  rotateKey,
} from "../../../protocol/keys/edits.ts";
import { isExpired, type KeyRecord, MAX_KEYS } from "../../../protocol/keys/record.ts";

const secret = (id: string) => ({ id, sha256: id.repeat(8) });
const key = (name: string, ...ids: readonly string[]): KeyRecord => ({
  name,
  scopes: ["subscribe"],
  secrets: ids.map(secret),
});
const DESK = key("desk", "aaaaaaaa");
const ROBOT = key("robot", "bbbbbbbb");

function codeOf(edit: () => unknown): string {
  try {
    edit();
  } catch (error) {
    if (error instanceof KeyError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

Deno.test("a key is made once under a name, and stamped with its time", () => {
  const make = createKey({ name: "robot", scopes: ["publish"] }, secret("bbbbbbbb"), 0);
  assert.deepEqual(make([DESK]), [DESK, {
    name: "robot",
    scopes: ["publish"],
    createdAt: "1970-01-01T00:00:00.000Z",
    secrets: [secret("bbbbbbbb")],
  }]);
  assert.match(codeOf(() => make([ROBOT])), /^KEY_EXISTS: .*rotate it, or revoke it/);
  const full = Array.from({ length: MAX_KEYS }, (_, at) => key(`key${at}`, "cccccccc"));
  assert.match(codeOf(() => make(full)), /^KEY_LIMIT: .*1000 keys/);
});

Deno.test("a rotated key has two secrets, and no third until one is revoked", () => {
  const [rotated] = rotateKey("desk", secret("cccccccc"))([DESK]);
  assert.deepEqual(rotated!.secrets.map(({ id }) => id), ["aaaaaaaa", "cccccccc"]);
  const again = codeOf(() => rotateKey("desk", secret("dddddddd"))([rotated!]));
  assert.match(again, /^KEY_LIMIT: .*aaaaaaaa and cccccccc/);
  const [renewed] = revokeSecret("desk", "aaaaaaaa")([rotated!]);
  assert.deepEqual(renewed!.secrets.map(({ id }) => id), ["cccccccc"]);
  assert.match(codeOf(() => revokeSecret("desk", "cccccccc")([renewed!])), /^KEY_LIMIT: .*only/);
  assert.match(codeOf(() => revokeSecret("desk", "aaaaaaaa")([renewed!])), /^KEY_NOT_FOUND: /);
});

Deno.test("revoking removes a key with its secrets, and an unknown name is told the known ones", () => {
  assert.deepEqual(revokeKey("desk")([DESK, ROBOT]), [ROBOT]);
  assert.match(codeOf(() => revokeKey("dask")([DESK, ROBOT])), /^KEY_NOT_FOUND: .*desk, robot/);
  assert.match(codeOf(() => rotateKey("desk", secret("cccccccc"))([])), /the file has none/);
});

Deno.test("changes name each key and secret that was added, changed or revoked", () => {
  const widened: KeyRecord = { ...DESK, channels: ["positions"] };
  assert.deepEqual(compareKeys([DESK], [DESK]), []);
  assert.deepEqual(compareKeys([DESK, ROBOT], [widened, key("new", "eeeeeeee")]), [
    { kind: "changed", name: "desk" },
    { kind: "created", name: "new" },
    { kind: "revoked", name: "robot" },
  ]);
  assert.deepEqual(compareKeys([DESK], [key("desk", "cccccccc")]), [
    { kind: "secret added", name: "desk", secretId: "cccccccc" },
    { kind: "secret revoked", name: "desk", secretId: "aaaaaaaa" },
  ]);
});

Deno.test("lists in another order, and the same time in another zone, are no change", () => {
  const one: KeyRecord = {
    ...DESK,
    scopes: ["subscribe", "publish"],
    traders: ["42", "43"],
    expiresAt: "2027-01-01T00:00:00Z",
  };
  const other: KeyRecord = {
    ...DESK,
    scopes: ["publish", "subscribe"],
    traders: ["43", "42"],
    portfolio: false,
    expiresAt: "2027-01-01T01:00:00+01:00",
  };
  assert.deepEqual(compareKeys([one], [other]), []);
  assert.equal(compareKeys([one], [{ ...other, portfolio: true }]).length, 1);
});

Deno.test("a key is expired from its time on", () => {
  const expiresAt = "2027-01-01T00:00:00Z";
  const at = Date.parse(expiresAt);
  assert.deepEqual([isExpired({ expiresAt }, at - 1), isExpired({ expiresAt }, at)], [false, true]);
  assert.equal(isExpired({}, at), false);
});
