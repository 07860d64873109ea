/**
 * How the program ends: one set of codes for all commands, numbered as in sysexits.h where that
 * names the case, so that service managers and scripts can tell them apart.
 *
 * @module
 */

/** Every exit code of the program. */
export const EXIT = {
  /** The command did what it was asked for. */
  ok: 0,
  /** Anything that has no code of its own. */
  failed: 1,
  /** EX_USAGE. */
  usage: 64,
  /** EX_UNAVAILABLE. */
  unavailable: 69,
  /** EX_SOFTWARE. */
  listenerLost: 70,
  /** EX_CONFIG. A service manager should not restart the gateway after it. */
  config: 78,
  /** 128 + SIGINT, as shells report it; a gateway adds the signal that ended it. */
  interrupted: 130,
} as const;

/** What each code means, in the order of the codes: the table of the documentation. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "The command did what it was asked for; a gateway was drained and stopped.",
  failed:
    "It failed, and standard error says why: the port is taken, the store or the file cannot " +
    "be used, a batch was refused.",
  usage: "The command line was not understood: unknown command or option, missing value.",
  unavailable: "The gateway cannot be reached, or the connection to it ended.",
  listenerLost: "The gateway could not listen again for a minute after it lost its listener.",
  config: "The configuration cannot be used: unknown option, value that is not allowed, no key.",
  interrupted:
    "Interrupted by Ctrl-C; a gateway that is told twice to stop ends at once with 128 + " +
    "the number of the second signal.",
};
