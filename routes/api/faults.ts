/**
 * How a query or a body that does not fit its schema is answered.
 *
 * @module
 */
import type { z } from "zod";
import { joinPath } from "../../protocol/publish.ts";
import { type AppContext, type AppDeps, fail } from "../context.ts";

/** Answers 400: the message names the first fault, `details` all of them by parameter. */
export function failSchema(c: AppContext, deps: AppDeps, error: z.ZodError): Response {
  const faults = error.issues.map(({ path, message }) =>
    [path.reduce<string>(joinPath, "") || "body", message] as const
  );
  const [name, message] = faults[0]!;
  return fail(c, deps, "INVALID_REQUEST", `${name}: ${message}`, Object.fromEntries(faults));
}
