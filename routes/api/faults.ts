/**
 * How parameters and bodies that do not fit their schema are answered.
 *
 * @module
 */
import type { z } from "zod";
import { joinPath } from "../../protocol/publish.ts";
import { suggestion } from "../cli/did_you_mean.ts";
import { type AppContext, type AppDeps, fail } from "../context.ts";

/** Longest name of a parameter that an answer repeats, in characters. */
const MAX_ECHO_CHARACTERS = 64;

type Issue = z.core.$ZodIssue;

/** Answers 400: the message names the first fault, `details` all of them by parameter. */
export function failSchema(c: AppContext, deps: AppDeps, error: z.core.$ZodError): Response {
  const faults = error.issues.map(({ path, message }) =>
    [path.reduce<string>(joinPath, "") || "body", message] as const
  );
  const [name, message] = faults[0]!;
  return fail(c, deps, "INVALID_REQUEST", `${name}: ${message}`, Object.fromEntries(faults));
}

/**
 * Answers 400 to a query. A parameter that is not known is named with the one that may be meant.
 *
 * @param known The parameters of the endpoint.
 * @param credentials Parameters that are accepted everywhere.
 */
export function failQuery(
  c: AppContext,
  deps: AppDeps,
  error: z.core.$ZodError,
  known: readonly string[],
  credentials: readonly string[],
): Response {
  const unknown = error.issues.find(isUnknownKeys);
  if (unknown === undefined) return failSchema(c, deps, error);
  const name = unknown.keys[0]!;
  const isLong = name.length > MAX_ECHO_CHARACTERS;
  const shown = isLong ? `${name.slice(0, MAX_ECHO_CHARACTERS).toWellFormed()}…` : name;
  const hint = suggestion(name, [...known, ...credentials]);
  const list = known.length === 0 ? "there are none here" : `known are ${known.join(", ")}`;
  const message = `unknown parameter${hint || `; ${list}`}`;
  return fail(c, deps, "INVALID_REQUEST", `${shown}: ${message}`, { [shown]: message });
}

/** Answers 404 to a path whose parameters name nothing. */
export function failPath(c: AppContext, deps: AppDeps, error: z.core.$ZodError): Response {
  return fail(c, deps, "NOT_FOUND", error.issues[0]!.message);
}

function isUnknownKeys(issue: Issue): issue is Extract<Issue, { code: "unrecognized_keys" }> {
  return issue.code === "unrecognized_keys";
}
