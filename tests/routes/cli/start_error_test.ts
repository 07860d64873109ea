import assert from "node:assert/strict";
import { StoreError } from "../../../actors/store/sqlite/errors.ts";
import { Config } from "../../../protocol/config.ts";
import { explainStartError } from "../../../routes/cli/start_error.ts";

Deno.test("what is wrong with the store is said in its own words", () => {
  const error = new StoreError("locked", "data/telemetry.db is in use by another process");
  assert.equal(explainStartError(error, Config.parse({})), error.message);
});

Deno.test("an error that is nobody's configuration is not explained away", () => {
  assert.equal(explainStartError(new TypeError("bug"), Config.parse({})), undefined);
});
