/**
 * Types and bounds of the REST interface that actors and sessions use too.
 *
 * @module
 */
export { type ErrorCode, RETRY_AFTER_MILLIS } from "./errors.ts";
export * from "./rest/audit.ts";
export * from "./rest/connections.ts";
export * from "./rest/envelope.ts";
export * from "./rest/history.ts";
export * from "./rest/publishing.ts";
export * from "./rest/session.ts";
