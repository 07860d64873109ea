/**
 * What the answer to a failed authentication waits for.
 *
 * @module
 */
import type { FailureAnswer, Lockout } from "../../actors/limits/lockout.ts";
import type { AuthenticationFault } from "./authenticator.ts";

/**
 * Notes a failed authentication. One without a credential is no attempt to guess one, and neither is
 * one with a key that is known and not valid for this request.
 *
 * @param address The address of the client.
 * @returns What {@link Lockout.fail} says.
 */
export function noteFailure(
  { code, keyName }: AuthenticationFault,
  address: string,
  lockout: Lockout,
): Exclude<FailureAnswer, "held"> | Promise<void> {
  return code === "API_KEY_MISSING" || keyName !== undefined ? "at_once" : lockout.fail(address);
}

/** The message over REST when the answer should have been held and could not be. */
export const UNHELD_MESSAGE = "the key is not valid, and too many wrong ones are being answered";
