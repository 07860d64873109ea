import assert from "node:assert/strict";
import { StoreError } from "../../../actors/store/sqlite/errors.ts";
import { Config } from "../../../protocol/config.ts";
import { explainStartError } from "../../../routes/cli/start_error.ts";

const config = Config.parse({ server: { host: "127.0.0.1", port: 8080 } });

Deno.test("each way in which a start fails is explained with what to set", () => {
  const { AddrInUse, AddrNotAvailable, NotCapable, PermissionDenied } = Deno.errors;
  const explained: readonly (readonly [Error, RegExp])[] = [
    [new AddrInUse(""), /127\.0\.0\.1:8080 is in use.*TELEMETRY_PORT/],
    [new AddrNotAvailable(""), /127\.0\.0\.1 is not an address.*TELEMETRY_HOST/],
    [new NotCapable("Requires net access"), /Requires net access; start with deno task start/],
    [new PermissionDenied("os error 13"), /os error 13/],
  ];
  for (const [error, line] of explained) {
    const text = explainStartError(error, config);
    assert.match(text!, line);
    assert.equal(text!.includes("\n"), false);
  }
});

Deno.test("an error that nobody configured keeps its stack", () => {
  assert.equal(explainStartError(new Error("bug"), config), undefined);
});

Deno.test("what is wrong with the store is said in its own words", () => {
  const error = new StoreError("locked", "data/telemetry.db is in use by another process");
  assert.equal(explainStartError(error, config), error.message);
});
