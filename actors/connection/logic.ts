/**
 * The statechart as the logic of an actor.
 *
 * What happens depends on nothing but the state and the type of the event, so XState works every
 * step out once, and all connections share the snapshots that steps lead to. An actor that runs the
 * machine itself has them worked out anew for every event (ADR 0019).
 *
 * @module
 */
import {
  type ActorLogic,
  type AnyActorScope,
  initialTransition,
  type SnapshotFrom,
  transition,
} from "xstate";
import type { ConnectionState } from "../../protocol/api.ts";
import { type ConnectionEvent, connectionMachine, type EffectName } from "./machine.ts";

/** Where a connection stands. */
export type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;

/** How effects are performed on a connection; each is told the event that led to it. */
export type ConnectionEffects<Connection> = {
  readonly [Name in EffectName]: (connection: Connection, event: ConnectionEvent) => void;
};

/** Where an event leads, and what is done on the way. */
interface Step {
  readonly next: ConnectionSnapshot;
  readonly effects: readonly EffectName[];
}

/** What may happen in a state. */
type Steps = ReadonlyMap<string, Step>;

/** Where every connection begins; nothing is done for it. */
const [INITIAL] = initialTransition(connectionMachine);

/** Every step that there is. */
const STEPS: ReadonlyMap<string, Steps> = workOutSteps();

/** The statechart with its effects on one connection. */
export class ConnectionLogic<Connection>
  implements ActorLogic<ConnectionSnapshot, ConnectionEvent> {
  readonly #connection: Connection;
  readonly #effects: ConnectionEffects<Connection>;

  /** Takes the effects, one table for all connections; what one throws ends the actor with it. */
  constructor(connection: Connection, effects: ConnectionEffects<Connection>) {
    this.#connection = connection;
    this.#effects = effects;
  }

  /** {@inheritDoc ActorLogic.getInitialSnapshot} */
  getInitialSnapshot(): ConnectionSnapshot {
    return INITIAL;
  }

  /** {@inheritDoc ActorLogic.transition} */
  transition(
    snapshot: ConnectionSnapshot,
    event: ConnectionEvent,
    scope: AnyActorScope,
  ): ConnectionSnapshot {
    const step = STEPS.get(snapshot.value)?.get(event.type);
    // The actor system has events of its own, such as the one that stops an actor.
    if (step === undefined) return connectionMachine.transition(snapshot, event, scope);
    for (const effect of step.effects) this.#effects[effect](this.#connection, event);
    return step.next;
  }

  /** {@inheritDoc ActorLogic.getPersistedSnapshot} */
  getPersistedSnapshot(snapshot: ConnectionSnapshot): ConnectionSnapshot {
    return snapshot;
  }
}

function workOutSteps(): ReadonlyMap<string, Steps> {
  const snapshots = new Map<ConnectionState, ConnectionSnapshot>([[INITIAL.value, INITIAL]]);
  const all = new Map<string, Steps>();
  // The map grows while it is walked: it ends with the last state that can be reached.
  for (const [state, snapshot] of snapshots) {
    const steps = new Map<string, Step>();
    for (const type of connectionMachine.events) {
      const [next, actions] = transition(connectionMachine, snapshot, { type } as ConnectionEvent);
      if (!snapshots.has(next.value)) snapshots.set(next.value, next);
      const effects = actions.map(({ type }) => type as EffectName);
      steps.set(type, { next: snapshots.get(next.value)!, effects });
    }
    all.set(state, steps);
  }
  return all;
}
