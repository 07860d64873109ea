/**
 * The query of a request: a mistyped parameter is an error, as it would silently do something else.
 *
 * @module
 */
import { z } from "zod";
import { suggestion } from "../cli/did_you_mean.ts";
import { type AppContext, type AppDeps, fail, type Handler } from "../context.ts";
import { failSchema } from "./faults.ts";

/** Known everywhere: credentials, which are read before any query. */
const CREDENTIALS: readonly string[] = ["apiKey", "ticket"];

/** Longest name of a parameter that an answer repeats, in characters. */
const MAX_ECHO = 64;

/** The outcome of {@link readQuery}. */
export type Query<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly answer: Response };

/** Reads the query of a request, or answers 400 with the parameter that is wrong. */
export function readQuery<Schema extends z.ZodObject>(
  c: AppContext,
  deps: AppDeps,
  schema: Schema,
): Query<z.infer<Schema>> {
  const query = c.req.query();
  const known = Object.keys(schema.shape);
  for (const name of Object.keys(query)) {
    if (known.includes(name) || CREDENTIALS.includes(name)) continue;
    return { ok: false, answer: failUnknown(c, deps, name, known) };
  }
  const parsed = schema.safeParse(query);
  return parsed.success
    ? { ok: true, data: parsed.data }
    : { ok: false, answer: failSchema(c, deps, parsed.error) };
}

const NOTHING = z.object({});

/** Lets requests pass that have no parameters. */
export function withoutQuery(deps: AppDeps, handler: Handler): Handler {
  return (c) => {
    if (!c.req.url.includes("?")) return handler(c);
    const query = readQuery(c, deps, NOTHING);
    return query.ok ? handler(c) : query.answer;
  };
}

function failUnknown(
  c: AppContext,
  deps: AppDeps,
  name: string,
  known: readonly string[],
): Response {
  const shown = name.length > MAX_ECHO ? `${name.slice(0, MAX_ECHO)}…` : name;
  const hint = suggestion(name, [...known, ...CREDENTIALS]);
  const list = known.length === 0 ? "there are none here" : `known are ${known.join(", ")}`;
  const message = `unknown parameter${hint || `; ${list}`}`;
  return fail(c, deps, "INVALID_REQUEST", `${shown}: ${message}`, { [shown]: message });
}
